"""Stacked bars: how a whole divides, one row each, with the parts' numbers in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sabbatical.report.markup import el, join


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: its size, its look (`h2` `h4` `h6` `accent` `ink` `hatch` `dashed` `bad`), and its words."""

    size: float
    look: str
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its name, a remark beside it, and a number at the right end."""

    name: Markup | str
    parts: tuple[Part, ...]
    remark: str = ""
    number: str = ""


def share_bars(bars: Sequence[Bar], *, title: str, to_scale: bool = False) -> Markup:
    """Bars of full width each, or with `to_scale` as long as their sum."""
    longest = max((sum(part.size for part in bar.parts) for bar in bars), default=0.0)
    return el("ul", join(_bar(bar, longest if to_scale else None) for bar in bars), class_="bars", aria_label=title)


def _bar(bar: Bar, longest: float | None) -> Markup:
    whole = longest or sum(part.size for part in bar.parts)
    head = el("p", el("b", bar.name), el("em", bar.remark), el("strong", bar.number))
    shown = [part for part in bar.parts if part.size > 0]
    strip = join(
        el("i", class_=f"s {part.look}", style=f"width:{100 * part.size / whole:.2f}%", title=part.words)
        for part in shown
    )
    words = ", ".join(part.words for part in shown)
    return el("li", head, el("div", strip, role="img", aria_label=words, class_="strip"))
