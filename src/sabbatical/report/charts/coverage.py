"""Who labels what: one row a class, one column a customer; filled, hatched and blank cells."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.card import Context, class_name, key, sign
from sabbatical.report.markup import el, join
from sabbatical.report.story import Cell, Customer, Node
from sabbatical.report.words import count, counted


def coverage(nodes: Sequence[Node], customers: Sequence[Customer], context: Context, *, unit: str) -> Markup:
    """The table; `unit` is what the last column counts (boxes, texts)."""
    head = el(
        "tr",
        el("th", "Super-taxonomy", scope="col"),
        join(el("th", el("b", c.name), _about(c), scope="col") for c in customers),
        el("th", unit, scope="col", class_="r"),
    )
    body = join(_row(node, nodes, customers, context) for node in nodes)
    return el(
        "table", el("caption", "Who labels what", class_="sr"), el("thead", head), el("tbody", body), class_="cov"
    )


def coverage_key() -> Markup:
    return key(
        (sign("full"), "covered"),
        (sign("half"), "half known, the rest stays silent"),
        (sign("blank"), "not labeled, nothing learned"),
    )


def _about(customer: Customer) -> str:
    return ", ".join(part for part in (counted(customer.items, "item"), customer.version) if part)


def _row(node: Node, nodes: Sequence[Node], customers: Sequence[Customer], context: Context) -> Markup:
    depth, at = 0, node.parent
    parents = {n.name: n.parent for n in nodes}
    while at is not None and depth < len(nodes):
        depth, at = depth + 1, parents.get(at)
    name = el("th", class_name(node.name, context), scope="row", style=f"--d:{depth}")
    cells = join(_cell(c.cells.get(node.name, Cell("not labeled"))) for c in customers)
    return el(
        "tr", name, cells, el("td", count(node.count), class_="r n"), class_="root" if node.parent is None else None
    )


def _cell(cell: Cell) -> Markup:
    words = cell.label if cell.label and cell.state == "covered" else cell.state
    return el("td", el("span", words), class_="cv " + cell.state.replace(" ", "-"))
