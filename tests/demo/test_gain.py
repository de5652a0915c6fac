"""The demo says of its second model what the comparison says: better where it drifted, or not, and what it lost."""

from __future__ import annotations

import pytest

from sabbatical.demo.gain import DRIFTED, Gain
from sabbatical.schemas.evaluate import Change, Comparison
from tests.stages.release.reports import change, report

NIGHT, RAIN = DRIFTED


def gain(*changes: Change, promoted: bool = True) -> Gain:
    comparison = report(*changes).comparison
    assert isinstance(comparison, Comparison)
    return Gain.of("v3", comparison, promoted=promoted)


def surely(one: Change) -> Change:
    return one.model_copy(update={"sure": True})


def test_a_gain_is_told_where_both_drifted_slices_leave_out_zero() -> None:
    found = gain(
        change("slice", NIGHT, 0.12, 0.07), change("slice", RAIN, 0.1, 0.08), change("class", "car", 0.0, 0.02)
    )
    assert found.better is True
    assert found.sentence == (
        "v3 beats v1 where it drifted: night +12.0 points (95 %: +5.0 to +19.0) and rain +10.0 points "
        "(95 %: +2.0 to +18.0); it surely loses nowhere."
    )
    assert found.as_json()["better_where_drifted"] is True
    assert found.as_json()["surely_worse"] == []


@pytest.mark.parametrize(("night", "rain"), [(0.12, 0.05), (0.0, 0.0), (-0.3, -0.3)])
def test_no_gain_is_told_where_an_interval_holds_zero_or_lies_below(night: float, rain: float) -> None:
    found = gain(change("slice", NIGHT, night, 0.07), change("slice", RAIN, rain, 0.07))
    assert found.better is False
    assert found.sentence.startswith("v3 does not surely beat v1 where it drifted: night ")
    assert found.as_json()["better_where_drifted"] is False


def test_a_sure_loss_is_told_beside_the_gain_and_one_that_may_be_chance_is_not() -> None:
    found = gain(
        change("slice", NIGHT, 0.12, 0.07),
        change("slice", RAIN, 0.1, 0.08),
        surely(change("slice", "time_of_day=day", -0.08, 0.03)),
        surely(change("class", "car", 0.2, 0.03)),
        change("class", "person", -0.05, 0.04),  # its own interval leaves out zero, not among all that is looked at
    )
    assert found.better is True
    assert found.sentence.endswith("; it surely loses on day −8.0 points (95 %: −11.0 to −5.0).")
    assert found.as_json()["surely_worse"] == ["time_of_day=day"]


def test_what_could_not_be_compared_is_neither_gain_nor_loss() -> None:
    found = gain(change("slice", RAIN, 0.1, 0.08))
    assert found.better is None
    assert found.sentence.startswith(
        "Whether v3 beats v1 by night and in rain, too few test labels can tell; known is rain"
    )
    assert gain().sentence.startswith("Whether v3 beats v1 by night and in rain, too few test labels can tell; it ")


def test_a_model_that_was_not_released_is_not_called_a_champion() -> None:
    found = gain(change("slice", NIGHT, 0.12, 0.07), change("slice", RAIN, 0.1, 0.08), promoted=False)
    assert found.sentence.startswith("v3, which was not released, beats v1")
    assert found.as_json()["promoted"] is False
