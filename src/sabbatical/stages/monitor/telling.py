"""What a look found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from sabbatical.report.words import capital, counted, listed, percent, readable
from sabbatical.schemas.monitor import DriftColumn, DriftReport, DriftSlice

MOST = 4


def sentences(report: DriftReport) -> list[str]:
    """The conclusion, then what drifted most."""
    found = [*_slices(report), *_columns(report)]
    return [_conclusion(report), *found[:MOST]]


def too_few(model: str, items: int, least: int, side: str) -> str:
    """Why there is no look."""
    if side == "window":
        return f"{model} has answered {counted(items, 'new item')}; a look takes at least {least}."
    return f"There are {counted(items, 'item')} to compare the answers of {model} with; a look takes at least {least}."


def _conclusion(report: DriftReport) -> str:
    tested = [column for column in report.columns if column.p_value is not None]
    drifted = [column for column in tested if column.drifted]
    of = f"{report.window.items:,} items against {report.reference.items:,}"
    if not tested:
        return f"Nothing could be tested on {of}: the items come from too few groups."
    if not drifted:
        return f"Nothing drifted: {of}, {counted(len(tested), 'column')}, chance of a false alarm {report.sure:.1%}."
    return (
        f"{len(drifted)} of {counted(len(tested), 'column')} drifted: {of}, chance of a false alarm {report.sure:.1%}."
    )


def _slices(report: DriftReport) -> Iterator[str]:
    for one in report.slices:
        grew = f"grew from {percent(one.before)} to {percent(one.after)} of the items"
        yield f"{capital(readable(one.name))} {grew}{_scored(one)}."


def _scored(one: DriftSlice) -> str:
    if one.top_score is None or one.top_score_rest is None:
        return ""
    return f"; the mean top score there is {one.top_score:.2f}, {one.top_score_rest:.2f} elsewhere"


def _columns(report: DriftReport) -> Iterator[str]:
    sliced = {name for one in report.slices for name in one.where}
    for column in report.columns:
        if column.drifted and column.name not in sliced:
            yield f"{column.name}: {_change(column)} (effect {column.effect:.2f})."


def _change(column: DriftColumn) -> str:
    if column.kind == "vector":
        return "not what it was"
    if column.before is not None and column.after is not None:
        return f"the mean went from {column.before:.3g} to {column.after:.3g}"
    moved = sorted(column.shares, key=lambda one: -abs(one.after - one.before))[:2]
    return listed(f"{one.value} from {percent(one.before)} to {percent(one.after)}" for one in moved)
