"""A look: every column of a window against a reference, what is surely and largely different, and where.

Shapes: i rows of the table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sabbatical.metrics.columns import Bools, Ints
from sabbatical.metrics.drift import LEAST_GROUPS, Categories, Numbers, Tested
from sabbatical.metrics.groups import Rows
from sabbatical.metrics.p_values import holm
from sabbatical.schemas.monitor import Cohort, DriftColumn, DriftSlice, Histogram, Share
from sabbatical.stages.monitor.columns import CategoryColumn, Column, Compared, NumberColumn, Table

DRAWS = 2
"""Permutations for each p-value that must be told from the smallest that counts."""
MOST_SLICES = 8


@dataclass(frozen=True)
class Limits:
    """When a difference is drift: `sure` is the chance of a false alarm in a whole look, `effect` the least effect."""

    sure: float
    effect: float

    def reached(self, tested: Tested | None, p_value: float | None) -> bool:
        """Whether it is drift; `p_value` is adjusted for all columns."""
        return tested is not None and p_value is not None and p_value < self.sure and tested.effect >= self.effect


def look(table: Table, window_i: Bools, limits: Limits) -> list[DriftColumn]:
    """Every column of the window against the reference, the surest first."""
    compared = _compare(table, table.reference_i, window_i, math.ceil(DRAWS * len(table.columns) / limits.sure))
    adjusted = _adjusted([one.tested for one in compared])
    found = [
        _column(column, one, p_value, limits)
        for column, one, p_value in zip(table.columns, compared, adjusted, strict=True)
    ]
    return sorted(found, key=lambda one: (not one.drifted, one.p_value is None, -(one.effect or 0.0)))


def slices(table: Table, window_i: Bools, columns: Sequence[DriftColumn], limits: Limits) -> list[DriftSlice]:
    """Values of drifted attributes that became more frequent, the largest effect first, and what is said of them."""
    drifted = {one.name: one for one in columns if one.drifted and one.about == "attribute"}
    found = [
        _slice(table, window_i, column, share, effect)
        for column in table.columns
        if isinstance(column, CategoryColumn) and column.name in drifted
        for share in drifted[column.name].shares
        if share.after > share.before and (effect := _effect(share)) >= limits.effect
    ]
    return sorted(found, key=lambda one: -one.effect)[:MOST_SLICES]


def cohorts(table: Table, later_i: Bools, limits: Limits) -> list[Cohort]:
    """The rows by month against the reference; months and columns share the chance of a false alarm."""
    months_i = np.array(["" if one.at is None else f"{one.at:%Y-%m}" for one in table.seen])
    masks = {month: later_i & (months_i == month) for month in np.unique(months_i[later_i]).tolist() if month}
    if len(masks) < 2:
        return []
    draws = math.ceil(DRAWS * len(table.columns) * len(masks) / limits.sure)
    compared = {month: _compare(table, table.reference_i, mask_i, draws) for month, mask_i in masks.items()}
    flat = _adjusted([one.tested for ones in compared.values() for one in ones])
    p_values = dict(zip(masks, np.array(flat, object).reshape(len(masks), -1).tolist(), strict=True))
    return [_cohort(table, month, masks[month], compared[month], p_values[month], limits) for month in masks]


def _compare(table: Table, before_i: Bools, after_i: Bools, permutations: int) -> list[Compared]:
    places_i = np.concatenate([np.flatnonzero(before_i), np.flatnonzero(after_i)])
    rows = Rows.of(int(before_i.sum()), int(after_i.sum()), table.group_i[places_i])
    return [column.compare(places_i, rows, permutations) for column in table.columns]


def _adjusted(tested: Sequence[Tested | None]) -> list[float | None]:
    """p-values adjusted for all that were tested."""
    adjusted = iter(holm([one.p_value for one in tested if one is not None]))
    return [None if one is None else next(adjusted) for one in tested]


def _column(column: Column, compared: Compared, p_value: float | None, limits: Limits) -> DriftColumn:
    tested = compared.tested
    found = DriftColumn(
        name=column.name,
        kind=column.kind,
        about=column.about,
        test=column.test,
        groups=compared.groups,
        p_value=p_value,
        note=None if tested else _why_not(compared),
    )
    if tested:
        found.statistic, found.p_alone, found.effect = tested.statistic, tested.p_value, tested.effect
        found.drifted = limits.reached(tested, p_value)
    if isinstance(compared, Numbers) and min(compared.groups):
        found.before, found.after = compared.means
        before, after = compared.shares_2e.tolist()
        found.histogram = Histogram(edges=compared.edges_e.tolist(), before=before, after=after)
    if isinstance(compared, Categories) and not isinstance(column, NumberColumn):
        found.shares = _shares(column, compared)
    return found


def _shares(column: Column, compared: Categories) -> list[Share]:
    values = getattr(column, "values", [])
    pairs = zip(values, *compared.shares_2k.tolist(), strict=True)
    return [Share(value=value, before=before, after=after) for value, before, after in pairs if before or after]


def _why_not(compared: Compared) -> str:
    before, after = compared.groups
    if min(before, after) >= LEAST_GROUPS:
        return "every value is too rare to be tested"
    side = "reference" if before < LEAST_GROUPS else "window"
    return f"too few to test: {min(before, after)} groups with a value in the {side}; it takes {LEAST_GROUPS}"


def _effect(share: Share) -> float:
    """Cohen's w of one value against all others."""
    middle = (share.before + share.after) / 2
    gap = share.after - share.before
    return abs(gap) / math.sqrt(middle * (1 - middle)) if 0 < middle < 1 else 0.0


def _slice(table: Table, window_i: Bools, column: CategoryColumn, share: Share, effect: float) -> DriftSlice:
    value_i = column.codes_i == column.values.index(share.value)
    has_i, rest_i = window_i & value_i, window_i & (column.codes_i >= 0) & ~value_i
    return DriftSlice(
        name=f"{column.name}={share.value}",
        where={column.name: share.value},
        before=share.before,
        after=share.after,
        items=int(has_i.sum()),
        effect=effect,
        top_score=_mean(table, "top score", has_i),
        top_score_rest=_mean(table, "top score", rest_i),
        unsure=_mean(table, "unsure", has_i),
        unsure_rest=_mean(table, "unsure", rest_i),
    )


def _mean(table: Table, name: str, mask_i: Bools) -> float | None:
    """The mean of a column of the answers over some rows; None where it is not known."""
    for column in table.columns:
        if column.name != name or column.about != "answer":
            continue
        values_i = column.values_i if isinstance(column, NumberColumn) else _zero_one(column)
        known_i = values_i[mask_i & ~np.isnan(values_i)]
        return float(known_i.mean()) if len(known_i) else None
    return None


def _zero_one(column: Column) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    codes_i: Ints = column.codes_i if isinstance(column, CategoryColumn) else np.zeros(0, np.int64)
    return np.where(codes_i < 0, np.nan, codes_i.astype(np.float64))


def _cohort(
    table: Table,
    month: str,
    mask_i: Bools,
    compared: Sequence[Compared],
    p_values: Sequence[float | None],
    limits: Limits,
) -> Cohort:
    named = list(zip(table.columns, compared, p_values, strict=True))
    return Cohort(
        month=month,
        items=int(mask_i.sum()),
        drifted=[column.name for column, one, p in named if limits.reached(one.tested, p)],
        effects={column.name: one.tested.effect for column, one, _ in named if one.tested},
        means={
            column.name: one.means[1] for column, one, _ in named if isinstance(one, Numbers) and min(one.groups) > 0
        },
    )
