"""One column before and now, small: the window filled, the reference as an outline, both as shares of their items."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from sabbatical.report.charts.axis import axis_of
from sabbatical.report.charts.canvas import Canvas, drawing, text
from sabbatical.report.markup import el
from sabbatical.report.story import Histogram
from sabbatical.report.words import cut, percent

WIDTH, HEIGHT = 200.0, 124.0
VALUES = 5  # categories that a small chart can show
ROW = 19.0


def distribution(name: str, data: Histogram) -> Markup:
    """Numbers: bars of the window over the outline of the reference (`data.before`)."""
    now, before = _shares(data.counts), _shares(data.before or ())
    canvas = Canvas(
        axis_of(data.edges, 3, floor=data.edges[0], ceiling=data.edges[-1]),
        axis_of([0.0, *(100 * max(shares, default=0.0) for shares in (now, before))], 2, floor=0.0),
        width=WIDTH, height=HEIGHT, left=28, right=8, top=8, bottom=32,
    )  # fmt: skip
    parts: list[Markup] = [canvas.grid(data.unit)]
    parts += [
        _bar(canvas, low, high, 100 * share) for (low, high), share in zip(pairwise(data.edges), now, strict=True)
    ]
    if before:
        xs = [edge for pair in pairwise(data.edges) for edge in pair]
        parts.append(
            el("path", d=canvas.path(xs, [100 * share for share in before for _ in range(2)]), class_="ln old")
        )
    says = f"Now most lie {_peak(data.edges, now)}" + (f", before {_peak(data.edges, before)}." if before else ".")
    return drawing(f"{name}, before and now", says, WIDTH, HEIGHT, parts)


def categories(name: str, shares: Sequence[tuple[str, float, float]]) -> Markup:
    """Categories: the largest ones, each with a bar for now and a thin one for before."""
    shown = sorted(shares, key=lambda one: -max(one[1], one[2]))[:VALUES]
    largest = max((max(before, now) for _, before, now in shown), default=0.0) or 1.0
    left, right = 68.0, 34.0
    room = WIDTH - left - right
    parts: list[Markup] = []
    for i, (value, before, now) in enumerate(shown):
        y = 8 + i * ROW
        parts.append(text(cut(value, 12), left - 6, y + 10, anchor="end"))
        parts.append(el("rect", x=left, y=y, width=max(room * now / largest, 0.5), height=8, rx=1.5, class_="hist"))
        width = max(room * before / largest, 0.5)
        parts.append(el("rect", x=left, y=y + 9.5, width=width, height=3, rx=1.5, style="fill:var(--ink-2)"))
        parts.append(text(percent(now), left + room * max(now, before) / largest + 5, y + 9))
    says = "; ".join(f"{value}: {percent(before)} before, {percent(now)} now" for value, before, now in shown)
    return drawing(f"{name}, before and now", says + ".", WIDTH, HEIGHT, parts)


def _shares(counts: Sequence[int]) -> list[float]:
    whole = sum(counts)
    return [count / whole for count in counts] if whole else []


def _bar(canvas: Canvas, low: float, high: float, share: float) -> Markup:
    x, y = canvas.px(low), canvas.py(share)
    width = max(canvas.px(high) - x - 0.6, 0.5)
    return el("rect", x=x + 0.3, y=y, width=width, height=max(canvas.py(0) - y, 0.0), class_="hist")


def _peak(edges: Sequence[float], shares: Sequence[float]) -> str:
    if not shares:
        return "nowhere"
    top = int(np.argmax(shares))
    return f"between {edges[top]:.3g} and {edges[top + 1]:.3g}"
