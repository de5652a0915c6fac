"""Chapter: who sends what, under which names, and what follows from it."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table, class_name, key, sign
from sabbatical.report.charts.coverage import coverage, coverage_key
from sabbatical.report.charts.growth import growth
from sabbatical.report.charts.histogram import histogram
from sabbatical.report.charts.share_bars import Bar, Part, share_bars
from sabbatical.report.charts.text_list import text_list
from sabbatical.report.charts.tiles import tiles
from sabbatical.report.markup import el, join, render
from sabbatical.report.story import Customer, Customers
from sabbatical.report.words import Stress, Words, count, counted, listed, new, percent, small, strong

PLURAL = {"box": "boxes", "text": "texts", "mask": "masks"}
LOOK = {"train": "h2", "validation": "h4", "test": "h6"}


def customers(chapter: Customers, context: Context) -> Section:
    cards = [_coverage(chapter, context), _findings(chapter), _splits(chapter)]
    if chapter.growth:
        body = growth(chapter.growth.snapshots, chapter.growth.items, title="Items by split over time")
        cards.append(Card("Growth", body, sub="items; each line is a snapshot", width=6))
    if chapter.sizes:
        body = histogram(chapter.sizes, title="How large they are")
        cards.append(Card("How large they are", body, sub=chapter.sizes.unit, width=6))
    cards += [_samples(customer, chapter, context) for customer in chapter.customers]
    return Section(
        "Data",
        chapter.headline or _headline(chapter),
        _numbers(chapter),
        tuple(c for c in cards if c.body),
        chapter.snapshot,
    )


def _headline(chapter: Customers) -> Words:
    n = len(chapter.customers)
    if n < 2:
        return (f"{small(n, 'customer')}, ", new("one model"), ".")
    return (f"{small(n, 'customer')}, {small(n, 'vocabulary', 'vocabularies').lower()}, ", new("one model"), ".")


def _numbers(chapter: Customers) -> Words:
    marks = sum(customer.marks for customer in chapter.customers)
    items = sum(customer.items for customer in chapter.customers)
    parts: list[str | Stress] = [strong(count(items)), " items"]
    if marks and chapter.noun != "text":
        parts += [" with ", strong(count(marks)), f" {PLURAL.get(chapter.noun, chapter.noun)}"]
    if chapter.snapshot:
        parts += [", frozen as ", strong(chapter.snapshot)]
    return (*parts, ". Each teaches only what it labels. Where one is silent, nothing is learned.")


def _coverage(chapter: Customers, context: Context) -> Card:
    nobody = [
        node.name
        for node in chapter.nodes
        if all(c.cells.get(node.name) is None or c.cells[node.name].state == "not labeled" for c in chapter.customers)
    ]
    says: Words = (
        ("Nobody labels ", strong(listed(nobody)), ": the model cannot learn it, and says so.") if nobody else ()
    )
    plural = PLURAL.get(chapter.noun, chapter.noun)
    body = coverage(chapter.nodes, chapter.customers, context, unit=plural.capitalize())
    return Card(
        "Who labels what", body, f"{plural} under the customer's own names", coverage_key(), says, width=8, tall=True
    )


def _findings(chapter: Customers) -> Card:
    body = render("findings.html", findings=chapter.findings) if chapter.findings else el("p", "Nothing to mend.")
    asks = sum(finding.asks for finding in chapter.findings)
    sub = f"{counted(len(chapter.findings), 'finding')}" + (f", {asks} to decide" if asks else "")
    return Card("What follows", body, f"taxonomy check, {sub}", width=4)


def _splits(chapter: Customers) -> Card:
    names = list(dict.fromkeys(split for customer in chapter.customers for split in customer.splits))
    bars = [
        Bar(
            customer.name,
            tuple(
                Part(customer.splits.get(s, 0), LOOK.get(s, "h3"), f"{s} {count(customer.splits.get(s, 0))}")
                for s in names
            ),
            counted(customer.marks, chapter.noun, PLURAL.get(chapter.noun)) if chapter.noun != "text" else "",
            counted(customer.items, "item"),
        )
        for customer in chapter.customers
    ]
    rows = tuple((c.name, *(count(c.splits.get(s, 0)) for s in names), count(c.items)) for c in chapter.customers)
    total = {s: sum(c.splits.get(s, 0) for c in chapter.customers) for s in names}
    whole = max(sum(total.values()), 1)
    says = "A group draws its split once, when it first comes: " + listed(
        [f"{name} {percent(value / whole)}" for name, value in total.items()]
    )
    legend = key(*((sign(LOOK.get(name, "h3")), name) for name in names))
    body = share_bars(bars, title="Items by customer and split", to_scale=True)
    table = Table(("customer", *names, "items"), rows)
    return Card("Split", body, "items by customer", legend, says + ".", table, 4)


def _samples(customer: Customer, chapter: Customers, context: Context) -> Card:
    """Some of a customer's items with its own labels, and which class each of its labels is."""
    body = tiles(customer.shots, context, columns=2) if customer.shots else text_list(customer.texts, context)
    own = [(cell.label, name) for name, cell in customer.cells.items() if cell.label and cell.state == "covered"]
    body = (
        join((body, el("p", join(_own(label, name, context) for label, name in own), class_="own"))) if body else body
    )
    width = max(12 // max(len(chapter.customers), 1), 4) if chapter.customers else 12
    return Card(
        customer.name, body, "its own labels, drawn by people" if customer.shots else "its own tags", width=width
    )


def _own(label: str, name: str, context: Context) -> object:
    """A customer's word and the class it stands for."""
    if label == name:
        return class_name(name, context)
    return el("span", el("b", label), " is ", class_name(name, context))
