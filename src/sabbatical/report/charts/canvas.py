"""The frame of a chart with two axes: an SVG that scales as a whole, with title and description."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis, tick_text
from sabbatical.report.markup import el, join, number

GROWTH = 1.2  # a picture scales as a whole, at most this much


@dataclass(frozen=True, slots=True)
class Canvas:
    """A plot of `width` x `height` px with margins for ticks and labels; y grows upwards."""

    x: Axis
    y: Axis
    width: float = 396
    height: float = 226
    left: float = 34
    right: float = 40
    top: float = 10
    bottom: float = 32

    def px(self, value: float) -> float:
        return self.left + self.x.share(value) * (self.width - self.left - self.right)

    def py(self, value: float) -> float:
        return self.height - self.bottom - self.y.share(value) * (self.height - self.top - self.bottom)

    def path(self, xs: Iterable[float], ys: Iterable[float]) -> str:
        """Straight lines through the points."""
        return "M" + " L".join(f"{number(self.px(x))} {number(self.py(y))}" for x, y in zip(xs, ys, strict=True))

    def grid(self, x_name: str = "", y_name: str = "") -> Markup:
        """Lines and ticks of both axes, and their names."""
        right, floor = self.width - self.right, self.height - self.bottom
        parts = [
            join(
                (
                    el("line", x1=self.left, x2=right, y1=self.py(t), y2=self.py(t), class_="ax"),
                    el("text", tick_text(t), x=self.left - 6, y=self.py(t) + 4, text_anchor="end", class_="tk"),
                )
            )
            for t in self.y.ticks
        ]
        parts += [
            el("text", tick_text(t), x=self.px(t), y=floor + 15, text_anchor="middle", class_="tk")
            for t in self.x.ticks
        ]
        middle = (self.left + right) / 2
        parts.append(el("text", x_name, x=middle, y=floor + 29, text_anchor="middle", class_="tk"))
        if y_name:
            parts.append(el("text", y_name, x=self.left, y=self.top - 6, class_="tk"))
        return join(parts)


def drawing(
    title: str, says: str, width: float, height: float, parts: Iterable[object], *, grow: float = GROWTH
) -> Markup:
    """An SVG with an accessible name and description, never wider than `grow` times its size."""
    return el(
        "svg",
        el("title", title),
        el("desc", says),
        join(parts),
        viewBox=f"0 0 {number(width)} {number(height)}",
        class_="fl",
        role="img",
        style=f"max-width:{round(width * grow)}px",
    )


def text(words: str, x: float, y: float, kind: str = "tk", anchor: str = "start", style: str | None = None) -> Markup:
    return el("text", words, x=x, y=y, class_=kind, text_anchor=anchor, style=style)
