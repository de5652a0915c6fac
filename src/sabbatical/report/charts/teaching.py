"""What one picture or text teaches: rows are places, columns are classes; 1, 0, or silent (no gradient at all)."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.card import Context, key, sign
from sabbatical.report.charts.canvas import drawing, text
from sabbatical.report.markup import el, join
from sabbatical.report.story import Node, Place

WIDTH, CELL, GAP, APART = 321.0, 18.0, 2.0, 7.0


def teaching(places: Sequence[Place], nodes: Sequence[Node], context: Context) -> Markup:
    """The matrix. Cells follow `nodes`; None is silent, a number between 0 and 1 was completed by the model.

    Where places are texts, each text stands beside its row.
    """
    xs, width = _columns(nodes)
    quoted = any(place.text for place in places)
    lines: list[tuple[str | None, Markup]] = [(None, _head(nodes, xs, width, context))]
    lines += [(place.text, _place(i, place, xs, width)) for i, place in enumerate(places, 1)]
    if not quoted:
        return join(line for _, line in lines)
    return join(el("div", el("p", said, class_="quote"), el("div", line), class_="said") for said, line in lines)


def teaching_key() -> Markup:
    return key((sign("one"), "is this"), (sign("zero"), "is not this"), (sign("hatch"), "silent, gradient is 0"))


def _columns(nodes: Sequence[Node]) -> tuple[list[float], float]:
    """Left edges of the cells and their width; a gap before each root sets the trees apart."""
    gaps = sum(node.parent is None for node in nodes[1:])
    width = min(46.0, (WIDTH - APART * gaps) / max(len(nodes), 1) - GAP)
    xs, x = [], 0.0
    for index, node in enumerate(nodes):
        x += APART if index and node.parent is None else 0.0
        xs.append(x)
        x += width + GAP
    return xs, width


def _head(nodes: Sequence[Node], xs: Sequence[float], width: float, context: Context) -> Markup:
    longest = max((len(node.name) for node in nodes), default=4)
    height = 14 + 4.3 * min(longest, 20)
    parts = []
    for node, x in zip(nodes, xs, strict=True):
        middle = x + width / 2
        words = node.name if len(node.name) <= 20 else node.name[:19] + "…"
        place = f"translate({middle - 2:.1f} {height - 9:.1f}) rotate(-42)"
        parts.append(el("text", words, transform=place, class_="tk"))
        colour = context.colours.get(node.name, "c8")
        parts.append(
            el(
                "rect",
                x=middle - 5,
                y=height - 5,
                width=10,
                height=4,
                rx=1.5,
                class_="keyed",
                style=f"fill:var(--{colour})",
            )
        )
    return drawing("Classes", "The columns of the rows below.", WIDTH + 30, height, parts, grow=1.25)


def _place(number: int, place: Place, xs: Sequence[float], width: float) -> Markup:
    line = el(
        "p",
        el("i", number, class_="mk"),
        el("b", place.name),
        el("span", place.note, class_="sub"),
        class_="place",
    )
    cells = [_cell(x, width, value) for x, value in zip(xs, place.cells, strict=True)]
    says = ", ".join("silent" if value is None else f"{value:g}" for value in place.cells)
    return join((line, drawing(place.name, says, WIDTH + 30, CELL + 2, cells, grow=1.25)))


def _cell(x: float, width: float, value: float | None) -> Markup:
    shape = {"x": x, "y": 1.0, "width": width, "height": CELL, "rx": 3}
    if value is None:
        return el("rect", **shape, fill="url(#hatch)")
    middle = x + width / 2
    if value not in (0, 1):
        rim = el("rect", **shape, class_="dashed")
        return join((rim, text(f"{value:.2f}".lstrip("0"), middle, 14, "tk st acc", "middle")))
    fill, ink = ("h6", "fill:var(--ink-inverse);font-weight:600") if value == 1 else ("h1", None)
    box = el("rect", **shape, style=f"fill:var(--{fill})")
    return join((box, text(f"{value:g}", middle, 14, "tk", "middle", ink)))
