"""Drift month by month: one row a column, one cell a month, the darker the further; alarms amber and bold."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.loop_story import Month
from sabbatical.report.markup import el, join
from sabbatical.report.words import count

STEPS = (0.1, 0.2, 0.4, 0.8)  # from here on the next darker


def calendar(months: Sequence[Month], columns: Sequence[tuple[str, str]], *, title: str) -> Markup:
    """`columns` are names with the words to show for them; an effect that is not known leaves its cell empty."""
    head = el(
        "tr",
        el("th", "effect", scope="col"),
        join(el("th", month.name, el("em", count(month.items)), scope="col") for month in months),
    )
    body = join(
        el("tr", el("th", words, scope="row"), join(_cell(month, name) for month in months)) for name, words in columns
    )
    table = el("table", el("caption", title, class_="sr"), el("thead", head), el("tbody", body), class_="calendar")
    return el("div", table, class_="wide", tabindex="0", role="region", aria_label=title)


def _cell(month: Month, name: str) -> Markup:
    effect = month.effects.get(name)
    if effect is None:
        return el("td", el("span", "·", class_="e"))
    size = abs(effect)
    words = f"{size:.2f}"
    if name in month.drifted:
        return el("td", el("b", words, el("span", ", drifted", class_="sr")))
    return el("td", el("span", words, class_=f"e e{sum(size >= step for step in STEPS)}"))
