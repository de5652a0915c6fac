"""Paired differences and their 95 % intervals against zero: what leaves zero out is sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis, axis_of
from sabbatical.report.charts.dumbbell import COLOUR
from sabbatical.report.charts.rows import MIDDLE, Row, band, dot, rows
from sabbatical.report.markup import el, join
from sabbatical.report.words import count, signed, signed_span


@dataclass(frozen=True, slots=True)
class Difference:
    """A change on `n` things, named `name`; `marked` ones stand out."""

    name: str
    value: float
    interval: tuple[float, float]
    n: int | None
    verdict: str
    marked: str = ""


def differences(changes: Sequence[Difference], *, title: str, unit: str) -> Markup:
    """One row each, in the order given, in points."""
    ends = [end for c in changes for end in (*c.interval, c.value, 0.0)]
    axis = axis_of(ends or [0.0, 0.01], 6)
    return rows(title, axis, ("change", unit), [_row(change, axis) for change in changes], _tick)


def _tick(rate: float) -> str:
    return signed(rate).removesuffix(".0")


def _row(change: Difference, axis: Axis) -> Row:
    zero = axis.percent(0.0)
    line = el("line", x1=zero, x2=zero, y1=0, y2=2 * MIDDLE, class_="zero")
    colour = {"worse": "bad-fill", "better": "accent"}.get(change.verdict, "ink-2")
    marks = join(
        (line, band(axis, *change.interval, COLOUR.get(change.verdict, "ink-3")), dot(axis, change.value, colour))
    )
    name = el(
        "span", el("span", change.name), el("em", change.marked, class_="mini") if change.marked else None, class_="cls"
    )
    says = f"{signed(change.value)} points, 95% interval {signed_span(change.interval)}"
    moved = el("b", signed(change.value), class_=f"v {change.verdict}")
    return Row(
        name,
        marks,
        says,
        (moved, "" if change.n is None else count(change.n)),
        "worse" if change.verdict == "worse" else "",
    )
