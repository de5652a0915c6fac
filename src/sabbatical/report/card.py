"""What a page is built of: sections that begin with their conclusion, and cards that hold one chart each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from sabbatical.report.markup import el, join, render
from sabbatical.report.palette import swatch
from sabbatical.report.picture import Picture
from sabbatical.report.words import Words, sentence


@dataclass(frozen=True, slots=True)
class Context:
    """What every part of one page shares: class colours, pictures by item, texts by item."""

    colours: Mapping[str, str]
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers as the second look. The first column names the row; the others are set to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One chart with its title, unit, legend, conclusion and numbers. `width` counts columns of twelve; a `tall`
    card stands beside two others.
    """

    title: str
    body: Markup
    sub: str = ""
    legend: Markup = field(default_factory=Markup)
    says: Words | str = ()
    table: Table | None = None
    width: int = 12
    tall: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter: its name in the rail, its conclusion, the numbers under it, its cards."""

    name: str
    headline: Words | str
    numbers: Words | str
    cards: tuple[Card, ...]
    note: str = ""


def card(content: Card) -> Markup:
    """A card as markup."""
    return render("card.html", card=content, says=sentence(content.says), table=content.table and table(content.table))


def table(content: Table) -> Markup:
    """A table as markup; what is not markup in its cells is escaped."""
    return render("table.html", table=content)


def key(*entries: tuple[Markup, str]) -> Markup:
    """A legend: signs with their words."""
    return join(el("span", sign, text) for sign, text in entries)


def sign(kind: str) -> Markup:
    """A sign of a legend, such as `hollow`, `filled`, `band`, `line`, `hatch`, `person`, `machine`, `nobody`."""
    if kind in ("person", "machine", "nobody"):
        inset = 3 if kind == "nobody" else 1
        box = el("rect", x=inset, y=inset, width=22 - 2 * inset, height=14 - 2 * inset, rx=1.5)
        return el("svg", box, class_=f"k {kind}", width=22, height=14, aria_hidden="true")
    return el("i", class_=f"k {kind}")


def class_name(name: str, context: Context) -> Markup:
    """A class with its colour."""
    return el("span", swatch(context.colours.get(name)), el("span", name), class_="cls")
