"""What a look found, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from sabbatical.report.words import capital, counted, listed, percent, readable
from sabbatical.schemas.monitor import DriftColumn, DriftReport, DriftSlice

MOST = 4
MEANT = {"unsure": "answers that ask a person"}


def sentences(report: DriftReport) -> list[str]:
    """The conclusion, then what drifted most."""
    found = [*_slices(report), *_columns(report)]
    return [_conclusion(report), *found[:MOST]]


def too_few(model: str, items: int, least: int, side: str) -> str:
    """Why there is no look."""
    if side == "window":
        return f"{model} has answered {counted(items, 'new item')}; a look takes at least {least}."
    return f"There are {counted(items, 'item')} to compare the answers of {model} with; a look takes at least {least}."


def what_to_do(items: int, least: int, side: str, answers: int, *, named: bool) -> str:
    """How there will be a look; `answers` are those to kept inputs, `named` items are the caller's."""
    if named:
        return f"Name {least - items:,} more items at least."
    if side == "window":
        return (
            f"It takes {least - items:,} more answers to inputs that are kept as items: send traffic, then look again."
        )
    if answers >= 2 * least:
        return f"Compare with its own first answers: `sabbatical monitor report --reference {least} --window {least}`."
    return (
        f"Wait until it has answered {2 * least:,} inputs ({answers:,} so far), and compare with its own first: "
        f"`sabbatical monitor report --reference {least} --window {least}`."
    )


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
            yield f"{MEANT.get(column.name, column.name)}: {_change(column)} (effect {column.effect:.2f})."


def _change(column: DriftColumn) -> str:
    if column.kind == "vector":
        return "not what it was"
    if column.before is not None and column.after is not None:
        return f"the mean went from {column.before:.3g} to {column.after:.3g}"
    if column.name == "unsure":  # the other value is what it lacks
        return "".join(f"from {percent(s.before)} to {percent(s.after)}" for s in column.shares if s.value == "unsure")
    moved = sorted(column.shares, key=lambda one: -abs(one.after - one.before))[:2]
    return listed(f"{one.value} from {percent(one.before)} to {percent(one.after)}" for one in moved)
