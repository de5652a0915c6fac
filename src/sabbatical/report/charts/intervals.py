"""Interval rows: a dot and the pale bar of its 95 % interval, one row a class, slice or model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis, axis_of
from sabbatical.report.charts.rows import Row, band, dot, ring, rows
from sabbatical.report.markup import el, join
from sabbatical.report.words import count, points, span


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its interval on `n` things; `note` stands where there is no number.

    `tone`: `new` in the accent, `old` hollow, else ink.
    """

    name: Markup
    value: float | None
    interval: tuple[float, float] | None
    n: int
    note: str = ""
    tone: str = ""


def intervals(measured: Sequence[Measured], *, title: str, unit: str, value: str) -> Markup:
    """One row each, in the order given; `value` names the number, `unit` what n counts."""
    ends = [m.value for m in measured if m.value is not None]
    ends += [end for m in measured if m.interval and m.value is not None for end in m.interval]
    axis = axis_of(ends, floor=0.0, ceiling=1.0)
    return rows(title, axis, (value, unit), [_row(m, axis) for m in measured])


def _row(measured: Measured, axis: Axis) -> Row:
    if measured.value is None:
        marks = el("text", measured.note or "not measured", x="2%", y=20, class_="tk")
        return Row(measured.name, marks, measured.note or "not measured", ("–", count(measured.n)), "quiet")
    colour = "accent" if measured.tone == "new" else "ink-2"
    says = points(measured.value)
    bar = None
    if measured.interval:
        bar = band(axis, *measured.interval, colour)
        says += f", 95% interval {span(measured.interval)}"
    mark = ring(axis, measured.value) if measured.tone == "old" else dot(axis, measured.value, colour)
    number = el("b", points(measured.value), class_="v")
    return Row(measured.name, join((bar, mark)), says, (number, count(measured.n)))
