"""Slices split the data as metadata say, and refuse to judge what is too small."""

from __future__ import annotations

import numpy as np
import pytest

from sabbatical.core.errors import BadInput
from sabbatical.stages.evaluate.slices import cohort_parts, metadata_parts, pair_parts


def test_each_value_is_a_part_and_unknown_values_are_in_none() -> None:
    parts = metadata_parts({"weather": ["rain", None, "sun", "rain"]}, 4)
    assert {part.name: part.mask_i.tolist() for part in parts} == {
        "weather=rain": [True, False, False, True],
        "weather=sun": [False, False, True, False],
    }


def test_columns_that_tell_nothing_apart_make_no_parts() -> None:
    columns = {"same": ["a"] * 10, "id": [str(i) for i in range(10)], "empty": [None] * 10}
    assert metadata_parts(columns, 10) == []
    with pytest.raises(BadInput, match="'weather' has 3 values for 10 items"):
        metadata_parts({"weather": ["rain"] * 3}, 10)


def test_a_column_of_many_numbers_is_cut_at_its_quartiles() -> None:
    heights = [float(i) for i in range(100)]
    parts = metadata_parts({"height": heights}, 100)
    assert [part.name for part in parts] == [
        "height=0 to 24.75",
        "height=24.75 to 49.5",
        "height=49.5 to 74.25",
        "height=74.25 to 99",
    ]
    assert [int(part.mask_i.sum()) for part in parts] == [25] * 4


def test_pairs_are_of_different_columns_large_enough_and_no_mere_copies() -> None:
    n = 40
    columns = {
        "night": ["yes" if i % 2 else "no" for i in range(n)],
        "lamp": ["on" if i % 2 else "off" for i in range(n)],
        "rain": ["wet" if i < 20 else "dry" for i in range(n)],
        "rare": ["a" if i < 3 else "b" for i in range(n)],
    }
    parts = metadata_parts(columns, n)
    names = {part.name for part in pair_parts(parts)}
    assert "night=yes, rain=wet" in names
    assert not any("night" in name and "lamp" in name for name in names)  # the same images twice
    assert not any("rare=a" in name for name in names)
    by_name = {part.name: part for part in [*parts, *pair_parts(parts)]}
    both = by_name["night=yes"].mask_i & by_name["rain=wet"].mask_i
    np.testing.assert_array_equal(by_name["night=yes, rain=wet"].mask_i, both)


def test_cohorts_are_weeks_or_months_in_order_of_time() -> None:
    start, unknown = np.datetime64("2025-12-22", "us"), np.datetime64("NaT")

    def after(*days: int) -> list[np.datetime64]:
        return [start + np.timedelta64(day, "D") for day in days]

    weeks = cohort_parts(np.array([*after(15, 0, 8), unknown]))
    assert [part.name for part in weeks] == ["week=2025-W52", "week=2026-W01", "week=2026-W02"]
    assert weeks[0].mask_i.tolist() == [False, True, False, False]
    months = cohort_parts(np.array(after(0, 200)))
    assert [part.name for part in months] == ["month=2025-12", "month=2026-07"]
    assert cohort_parts(np.array([unknown, unknown])) == []
    assert cohort_parts(np.array(after(0, 0))) == []
