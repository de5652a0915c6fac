"""A histogram, of one set of values or of two laid over one another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from sabbatical.report.charts.axis import axis_of
from sabbatical.report.charts.canvas import Canvas, drawing
from sabbatical.report.markup import el
from sabbatical.report.story import Histogram
from sabbatical.report.words import count


def histogram(data: Histogram, *, title: str) -> Markup:
    """Bars between the edges; `data.before` is drawn as an ink outline over them."""
    tallest = [float(value) for value in (*data.counts, *(data.before or ()))]
    canvas = Canvas(
        axis_of(data.edges, 5, floor=data.edges[0]), axis_of([0.0, *tallest], 4, floor=0), height=200, left=44, right=12
    )
    parts: list[Markup] = [canvas.grid(data.unit)]
    parts += [_bar(canvas, low, high, n) for (low, high), n in zip(pairwise(data.edges), data.counts, strict=True)]
    if data.before:
        parts.append(el("path", d=_outline(canvas, data.edges, data.before), class_="ln old"))
    top = max(range(len(data.counts)), key=lambda i: data.counts[i])
    says = (
        f"{count(sum(data.counts))} values; most, {count(data.counts[top])}, lie between "
        f"{data.edges[top]:g} and {data.edges[top + 1]:g} {data.unit}."
    )
    return drawing(title, says, canvas.width, canvas.height, parts)


def _bar(canvas: Canvas, low: float, high: float, n: int) -> Markup:
    x, y = canvas.px(low), canvas.py(n)
    return el(
        "rect", x=x + 0.5, y=y, width=max(canvas.px(high) - x - 1, 0.5), height=canvas.py(0) - y, rx=1, class_="hist"
    )


def _outline(canvas: Canvas, edges: Sequence[float], counts: Sequence[int]) -> str:
    xs = [edge for pair in pairwise(edges) for edge in pair]
    return canvas.path(xs, [float(n) for n in counts for _ in range(2)])
