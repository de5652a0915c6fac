"""Drift is seen where it is, and not where it is not: false alarms over all columns stay under the promised chance."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sabbatical.metrics.drift import LEAST_GROUPS, compare_categories, compare_numbers, compare_shares, compare_vectors
from sabbatical.metrics.groups import Rows
from sabbatical.metrics.p_values import chi_squared_p, holm, smirnov_p

Floats = NDArray[np.float64]
SURE = 0.05
COLUMNS = 8
Draw = Callable[[np.random.Generator], tuple[Floats, int, NDArray[np.int64] | None]]


def alone(rng: np.random.Generator) -> tuple[Floats, int, NDArray[np.int64] | None]:
    """120 rows of correlated columns against 80."""
    mixed = rng.standard_normal((COLUMNS, COLUMNS)) + np.eye(COLUMNS)
    return rng.standard_normal((200, COLUMNS)) @ mixed, 120, None


def scenes(rng: np.random.Generator) -> tuple[Floats, int, NDArray[np.int64] | None]:
    """Scenes of 1 to 9 frames that are much alike, 18 against 12."""
    sizes = rng.integers(1, 10, 30)
    group_i = np.repeat(np.arange(30), sizes)
    rows_ic = rng.standard_normal((30, COLUMNS))[group_i] + 0.3 * rng.standard_normal((len(group_i), COLUMNS))
    return rows_ic, int(sizes[:18].sum()), group_i


def halves(rng: np.random.Generator) -> tuple[Floats, int, NDArray[np.int64] | None]:
    """Frames of the same scenes on both sides."""
    group_i = rng.permutation(np.repeat(np.arange(25), 6))
    return rng.standard_normal((25, COLUMNS))[group_i] + rng.standard_normal((150, COLUMNS)), 75, group_i


def p_values(rows_ic: Floats, before: int, group_i: NDArray[np.int64] | None) -> list[float]:
    """Half of the columns as numbers, half cut into categories, some of them rare."""
    rows = Rows.of(before, len(rows_ic) - before, group_i)
    found = []
    for place, values_i in enumerate(rows_ic.T):
        cuts = np.quantile(values_i, [0.5, 0.8, 0.97])
        compared = (
            compare_numbers(values_i, rows, 500)
            if place % 2
            else compare_categories(np.searchsorted(cuts, values_i), 4, rows, 500)
        )
        assert compared.tested is not None
        found.append(compared.tested.p_value)
    return found


@pytest.mark.parametrize("draw", [alone, scenes, halves])
def test_without_change_a_look_over_all_columns_alarms_as_seldom_as_promised(draw: Draw) -> None:
    trials = 150
    alarms = sum(min(holm(p_values(*draw(np.random.default_rng(seed))))) < SURE for seed in range(trials))
    assert alarms <= SURE * trials + 2.6 * math.sqrt(trials * SURE * (1 - SURE))  # 99.5 % of a binomial


def test_counting_frames_instead_of_scenes_would_alarm_nearly_always() -> None:
    drawn = [scenes(np.random.default_rng(seed)) for seed in range(30)]
    assert sum(min(holm(p_values(rows, before, None))) < SURE for rows, before, _ in drawn) > 20


@pytest.mark.parametrize("shift", [0.5, 1.0])
def test_a_shift_of_one_column_is_found_with_its_size(shift: float) -> None:
    rng = np.random.default_rng(7)
    values_i = np.concatenate([rng.standard_normal(2000), rng.standard_normal(2000) + shift])
    found = compare_numbers(values_i, Rows.of(2000, 2000))
    assert found.tested is not None
    assert found.tested.p_value < 1e-6
    assert found.tested.effect == pytest.approx(shift, abs=0.1)
    assert found.means[1] - found.means[0] == pytest.approx(shift, abs=0.1)


def test_a_change_of_spread_alone_is_found() -> None:
    rng = np.random.default_rng(3)
    found = compare_numbers(np.concatenate([rng.standard_normal(300), 3 * rng.standard_normal(300)]), Rows.of(300, 300))
    assert found.tested is not None
    assert found.tested.p_value < 1e-4
    assert found.tested.effect > 0.2


def test_scenes_that_are_little_alike_are_worth_nearly_their_frames() -> None:
    rng = np.random.default_rng(5)
    group_i = np.repeat(np.arange(50), 8)
    values_i = rng.standard_normal(400) + 0.5 * (np.arange(400) >= 200)
    found = compare_numbers(values_i, Rows.of(200, 200, group_i)).tested
    assert found is not None
    assert found.p_value < 0.01 < smirnov_p(found.statistic, 25, 25)


def test_a_new_category_is_found_with_a_finite_effect() -> None:
    codes_i = np.array([0] * 60 + [1] * 40 + [0] * 50 + [2] * 50)
    found = compare_categories(codes_i, 3, Rows.of(100, 100))
    assert found.tested is not None
    assert found.tested.p_value < 1e-6
    assert 0.2 < found.tested.effect < 2
    np.testing.assert_allclose(found.shares_2k, [[0.6, 0.4, 0], [0.5, 0, 0.5]])


def test_shares_of_rows_are_compared_like_categories() -> None:
    codes_i = np.random.default_rng(0).integers(0, 3, 200)
    rows = Rows.of(120, 80)
    whole, shared = compare_categories(codes_i, 3, rows), compare_shares(np.eye(3)[codes_i], rows)
    np.testing.assert_allclose(whole.shares_2k, shared.shares_2k)
    assert whole.tested is not None
    assert shared.tested is not None
    assert whole.tested.effect == pytest.approx(shared.tested.effect)
    assert whole.tested.p_value == pytest.approx(shared.tested.p_value, rel=0.3, abs=0.02)


@given(shift=st.sampled_from([0.0, 2.5]), seed=st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_clouds_of_vectors_are_told_apart_only_where_they_are_apart(shift: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((90, 40))
    vectors[50:, 0] += shift
    found = compare_vectors(vectors, Rows.of(50, 40), 999).tested
    assert found is not None
    if shift:
        assert found.p_value == 0.001
        assert found.effect > 1
    else:
        assert found.p_value > 0.001
        assert found.effect < 0.8


def test_too_few_groups_are_not_tested_however_many_rows_they_have() -> None:
    few = np.repeat(np.arange(LEAST_GROUPS - 1), 30)
    values_i = np.arange(2.0 * len(few))
    rows = Rows.of(len(few), len(few), np.concatenate([few, 100 + few]))
    assert compare_numbers(values_i, rows).tested is None
    assert compare_categories((values_i > 100).astype(np.int64), 2, rows).tested is None
    assert compare_vectors(np.stack([values_i, values_i], axis=1), rows).tested is None


def test_unknown_values_are_left_out() -> None:
    rng = np.random.default_rng(1)
    values_i = rng.standard_normal(200)
    holed_i = np.concatenate([values_i[:100], np.full(30, np.nan), values_i[100:]])
    assert compare_numbers(holed_i, Rows.of(100, 130)).tested == compare_numbers(values_i, Rows.of(100, 100)).tested
    found = compare_numbers(np.full(40, np.nan), Rows.of(20, 20))
    assert found.tested is None
    assert found.groups == (0, 0)


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=40, max_size=80),
    st.lists(st.integers(0, 3), min_size=80, max_size=80),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_numbers_are_the_outcome_is_sound(values: list[float], groups: list[int], grouped: bool) -> None:
    values_i, half = np.array(values), len(values) // 2
    group_i = np.arange(len(values)) // 4 * 4 + np.array(groups[: len(values)]) if grouped else None
    found = compare_numbers(values_i, Rows.of(half, len(values) - half, group_i), 50)
    assert found.shares_2e.sum(axis=1) == pytest.approx([1, 1])
    assert np.all(np.diff(found.edges_e) > 0)
    if found.tested is not None:
        assert 0 <= found.tested.statistic <= 1
        assert 0 <= found.tested.p_value <= 1
        assert 0 <= found.tested.effect < 12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_never_makes_surer_and_keeps_the_order(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(after >= before for before, after in zip(p_values, adjusted, strict=True))
    assert np.all(np.diff(np.array(adjusted)[np.argsort(p_values, kind="stable")]) >= 0)
    assert min(adjusted) == pytest.approx(min(1, min(p_values) * len(p_values)))


@pytest.mark.parametrize(
    ("statistic", "freedom", "p_value"),
    [(3.841459, 1, 0.05), (5.991465, 2, 0.05), (18.307038, 10, 0.05), (21.666, 9, 0.01), (0.0, 3, 1.0)],
)
def test_chi_squared_as_in_the_tables(statistic: float, freedom: int, p_value: float) -> None:
    assert chi_squared_p(statistic, freedom) == pytest.approx(p_value, rel=1e-4)


@pytest.mark.parametrize(("scaled", "p_value"), [(1.2238, 0.10), (1.3581, 0.05), (1.6276, 0.01), (1.9495, 0.001)])
def test_smirnov_as_in_the_tables(scaled: float, p_value: float) -> None:
    assert smirnov_p(scaled / math.sqrt(50), 100, 100) == pytest.approx(p_value, rel=2e-3)
