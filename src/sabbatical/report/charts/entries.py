"""A list of things that were judged: a sign, what it is and why, where its number lies, and the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from sabbatical.report.charts.axis import Axis
from sabbatical.report.charts.rows import MIDDLE
from sabbatical.report.markup import el, join
from sabbatical.report.words import Words, sentence


@dataclass(frozen=True, slots=True)
class Entry:
    """`mark` is one character and `verdict` what it means; `plot` is SVG with x in percent, or None.

    `tone`: `failed` and `unsure` stand out, `passed` does not.
    """

    mark: str
    verdict: str
    name: str
    note: Words | str
    plot: Markup | None
    number: str
    limit: str = ""
    tone: str = "passed"


def entries(content: Sequence[Entry], *, title: str) -> Markup:
    return el("ul", join(_entry(one) for one in content), class_="entries", aria_label=title)


def scale(axis: Axis) -> Markup:
    """The line that an entry's marks lie on."""
    return el("line", x1="0%", x2="100%", y1=MIDDLE, y2=MIDDLE, class_="ax")


def _entry(one: Entry) -> Markup:
    sign = el("i", el("span", one.mark, aria_hidden="true"), el("span", one.verdict, class_="sr"), class_="mark")
    words = el("div", el("b", one.name), el("p", sentence(one.note)), class_="what")
    plot = el("svg", one.plot, class_="row", aria_hidden="true") if one.plot else el("span", class_="row")
    number = el("p", el("b", one.number), el("em", one.limit) if one.limit else None, class_="num")
    return el("li", sign, words, plot, number, class_=one.tone)
