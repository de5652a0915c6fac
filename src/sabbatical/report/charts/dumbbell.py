"""Dumbbells: what was, hollow; what is, filled; the pale bar is the 95 % interval of the change."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.card import Context, class_name, key, sign
from sabbatical.report.charts.axis import Axis, axis_of
from sabbatical.report.charts.rows import MIDDLE, Row, band, dot, ring, rows
from sabbatical.report.markup import el, join
from sabbatical.report.words import count, points, readable, signed, signed_span
from sabbatical.schemas.evaluate import Change

COLOUR = {"better": "accent", "worse": "bad-fill", "same": "ink-3"}


def dumbbell(changes: Sequence[Change], context: Context, *, title: str, unit: str) -> Markup:
    """One row a class or slice, in the order given. A change whose interval holds 0 is grey."""
    ends = [end for c in changes for end in (c.before, c.after, c.before + c.interval[0], c.before + c.interval[1])]
    axis = axis_of([min(max(end, 0.0), 1.0) for end in ends], floor=0.0, ceiling=1.0)
    return rows(title, axis, ("change", unit), [_row(change, axis, context) for change in changes])


def dumbbell_key(before: str, after: str) -> Markup:
    """The legend of dumbbells of two models."""
    return key((sign("hollow"), before), (sign("filled"), after), (sign("band"), "95% of the change"))


def _row(change: Change, axis: Axis, context: Context) -> Row:
    colour = COLOUR[change.verdict]
    low, high = (change.before + end for end in change.interval)
    joined = el(
        "line",
        x1=axis.percent(change.before),
        x2=axis.percent(change.after),
        y1=MIDDLE,
        y2=MIDDLE,
        class_="db",
        style=f"stroke:var(--{colour})",
    )
    head = "bad-fill" if change.verdict == "worse" else "accent"
    marks = join((band(axis, low, high, colour), joined, ring(axis, change.before), dot(axis, change.after, head)))
    says = (
        f"from {points(change.before)} to {points(change.after)}, "
        f"the 95% interval of the change is {signed_span(change.interval)}"
    )
    name = (
        class_name(change.name, context)
        if change.kind == "class"
        else el("span", el("span", readable(change.name)), class_="cls")
    )
    moved = el("b", signed(change.difference), class_=f"v {change.verdict}")
    return Row(name, marks, says, (moved, count(change.n)), "worse" if change.verdict == "worse" else "")
