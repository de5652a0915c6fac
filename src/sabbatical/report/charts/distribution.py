"""One column before and now, small: now filled, before as an outline or a thin bar, both as shares of their items."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis, axis_of
from sabbatical.report.charts.canvas import Canvas, drawing, text
from sabbatical.report.loop_story import Spread
from sabbatical.report.markup import el
from sabbatical.report.words import cut, percent

WIDTH, HEIGHT = 300.0, 130.0
VALUES = 5  # categories that a small chart can show
ROW = 22.0


def distribution(name: str, data: Spread, unit: str = "", height: float = HEIGHT) -> Markup:
    """Numbers: bars of what is now under the outline of what was."""
    before, now = _whole(data.before), _whole(data.after)
    round_ends = axis_of(data.edges, 4)
    low, high = data.edges[0], data.edges[-1]
    ticks = tuple(tick for tick in round_ends.ticks if low <= tick <= high)
    canvas = Canvas(
        Axis(low, high, ticks), axis_of([0.0, *(100 * share for share in (*before, *now))], 2, floor=0.0),
        width=WIDTH, height=height, left=30, right=8, top=8, bottom=34 if unit else 22,
    )  # fmt: skip
    parts: list[Markup] = [canvas.grid(unit)]
    for (x1, x2), share in zip(pairwise(data.edges), now, strict=True):
        parts.append(_bar(canvas, x1, x2, 100 * share))
    xs = [edge for pair in pairwise(data.edges) for edge in pair]
    parts.append(el("path", d=canvas.path(xs, [100 * share for share in before for _ in range(2)]), class_="ln old"))
    says = f"Before most lay {_peak(data.edges, before)}, now {_peak(data.edges, now)}."
    return drawing(f"{name}, before and now", says, WIDTH, height, parts)


def categories(name: str, shares: Sequence[tuple[str, float, float]]) -> Markup:
    """Categories: the largest ones, each with a bar for now and a thin one for before."""
    shown = sorted(shares, key=lambda one: -max(one[1], one[2]))[:VALUES]
    largest = max((max(before, now) for _, before, now in shown), default=0.0) or 1.0
    left, right = 84.0, 84.0
    room = WIDTH - left - right
    parts: list[Markup] = []
    for i, (value, before, now) in enumerate(shown):
        y = 6 + i * ROW
        parts.append(text(cut(value, 14), left - 7, y + 11, anchor="end"))
        parts.append(_flat(left, y, room * now / largest, 9.0, "hist"))
        parts.append(_flat(left, y + 10.5, room * before / largest, 3.0, "was"))
        parts.append(text(f"{percent(before)} → {percent(now)}", left + room + 8, y + 11))
    says = "; ".join(f"{value}: {percent(before)} before, {percent(now)} now" for value, before, now in shown)
    return drawing(f"{name}, before and now", says + ".", WIDTH, max(6 + len(shown) * ROW, 30.0), parts)


def _whole(shares: Sequence[float]) -> list[float]:
    """Shares that sum to one, whatever they were."""
    total = sum(shares)
    return [share / total if total else 0.0 for share in shares]


def _bar(canvas: Canvas, low: float, high: float, share: float) -> Markup:
    x, y = canvas.px(low), canvas.py(share)
    width = max(canvas.px(high) - x - 0.6, 0.5)
    return el("rect", x=x + 0.3, y=y, width=width, height=max(canvas.py(0) - y, 0.0), class_="hist")


def _flat(x: float, y: float, width: float, height: float, kind: str) -> Markup:
    return el("rect", x=x, y=y, width=max(width, 0.5), height=height, rx=1.5, class_=kind)


def _peak(edges: Sequence[float], shares: Sequence[float]) -> str:
    top = max(range(len(shares)), key=shares.__getitem__)
    return f"between {edges[top]:.3g} and {edges[top + 1]:.3g}"
