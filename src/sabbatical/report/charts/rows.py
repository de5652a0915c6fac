"""Rows with a name, a plot that takes the width left, and columns of numbers: a chart and its table in one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis
from sabbatical.report.markup import el, join
from sabbatical.report.words import points

MIDDLE = 16  # px, half a row


@dataclass(frozen=True, slots=True)
class Row:
    """`marks` is SVG with x in percent; `says` is what a screen reader hears instead of the plot."""

    name: Markup
    marks: Markup
    says: str
    cells: tuple[Markup | str, ...]
    tone: str = ""


def in_points(rate: float) -> str:
    """A tick at a rate: 0.4 -> 40"""
    return points(rate).removesuffix(".0")


def rows(
    title: str, axis: Axis, columns: Sequence[str], content: Sequence[Row], tick: Callable[[float], str] = in_points
) -> Markup:
    """The rows under one axis; `tick` writes its ticks, by default rates in points. `columns` head the numbers."""
    ticks = join(el("text", tick(at), x=axis.percent(at), y=12, text_anchor="middle", class_="tk") for at in axis.ticks)
    head = el(
        "tr",
        el("td"),
        el("td", el("svg", ticks, class_="axis", aria_hidden="true"), class_="p"),
        join(el("th", column, scope="col") for column in columns),
    )
    return el(
        "table",
        el("caption", title, class_="sr"),
        el("thead", head),
        el("tbody", join(_row(row, axis) for row in content)),
        class_="plot",
    )


def limit(axis: Axis, value: float) -> Markup:
    """The dotted line of a limit, across a row."""
    x = axis.percent(value)
    return el("line", x1=x, x2=x, y1=1, y2=2 * MIDDLE - 1, class_="limit")


def band(axis: Axis, low: float, high: float, colour: str) -> Markup:
    """The pale bar of a 95 % interval."""
    x1, x2 = axis.percent(low), axis.percent(high)
    return el("line", x1=x1, x2=x2, y1=MIDDLE, y2=MIDDLE, class_="ci", style=f"stroke:var(--{colour})")


def dot(axis: Axis, value: float, colour: str) -> Markup:
    """The filled dot of what is new, or of what is."""
    return el("circle", cx=axis.percent(value), cy=MIDDLE, r=5, class_="dt", style=f"fill:var(--{colour})")


def ring(axis: Axis, value: float) -> Markup:
    """The hollow dot of what was."""
    return el("circle", cx=axis.percent(value), cy=MIDDLE, r=4.2, class_="rg")


def _row(row: Row, axis: Axis) -> Markup:
    grid = join(
        el("line", x1=axis.percent(t), x2=axis.percent(t), y1=0, y2=2 * MIDDLE, class_="ax") for t in axis.ticks
    )
    plot = el("svg", grid, row.marks, class_="row", aria_hidden="true")
    return el(
        "tr",
        el("th", row.name, scope="row"),
        el("td", plot, el("span", row.says, class_="sr"), class_="p"),
        join(el("td", cell) for cell in row.cells),
        class_=row.tone or None,
    )
