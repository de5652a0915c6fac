"""Confusion as heat: rows are what is true, columns what the model says; missed and ghost boxes stand apart."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.charts.canvas import drawing, text
from sabbatical.report.markup import el
from sabbatical.schemas.evaluate import Confusion

STEPS = (0.01, 0.03, 0.08, 0.17, 0.40, 0.88)  # from here on the next darker of seven
CELL, GAP, APART = 24.0, 2.0, 8.0
FEW_ROWS = 5  # are drawn larger, since there is room
MISSED, GHOST = "missed", "ghost"


def shares(confusion: Confusion) -> list[list[float | None]]:
    """Every cell as a share: of the row's truths, and in the ghost row of the boxes so called; None where none is."""
    counts = confusion.counts
    columns = [sum(column) for column in zip(*counts, strict=True)]
    found: list[list[float | None]] = []
    for name, row in zip(confusion.rows, counts, strict=True):
        whole = columns if name == GHOST else [sum(row)] * len(row)
        found.append([value / total if total else None for value, total in zip(row, whole, strict=True)])
    return found


def heat(confusion: Confusion, *, title: str, mark: tuple[str, str] | None = None) -> Markup:
    """The cells in percent; `mark` outlines one of them, by row and column."""
    confusion = _seen(confusion)
    longest = max((len(name) for name in (*confusion.rows, *confusion.columns)), default=4)
    label = min(6.3 * min(longest, 22), 140.0)
    left, top = label + 10, 0.7 * label + 16
    xs = _places(confusion.columns, MISSED, left)
    ys = _places(confusion.rows, GHOST, top)
    parts: list[Markup] = []
    for name, x in zip(confusion.columns, xs, strict=True):
        parts.append(_column(name, x + CELL / 2 + 1, top - 6))
    for name, y, row in zip(confusion.rows, ys, shares(confusion), strict=True):
        parts.append(text(_cut(name), left - 7, y + 16, "tk st" if name == GHOST else "tk", "end"))
        for column, x, share in zip(confusion.columns, xs, row, strict=True):
            if not (name == GHOST and column == MISSED):
                parts.append(_cell(x, y, share, outlined=mark == (name, column)))
    width, height = xs[-1] + CELL + 0.7 * label * (len(xs) > 0) * 0.5 + 6, ys[-1] + CELL + 2
    says = "Each row is a true class, each column what the model said, in percent of the row."
    return drawing(title, says, width, height, parts, grow=1.5 if len(ys) <= FEW_ROWS else 1.0)


def _seen(confusion: Confusion) -> Confusion:
    """Without rows that have no truths and columns that were never said; one of each is always left."""
    counts = confusion.counts
    rows = [i for i, row in enumerate(counts) if sum(row) or confusion.rows[i] == GHOST] or [0]
    columns = [j for j, column in enumerate(zip(*counts, strict=True)) if sum(column)] or [0]
    return Confusion(
        rows=[confusion.rows[i] for i in rows],
        columns=[confusion.columns[j] for j in columns],
        counts=[[counts[i][j] for j in columns] for i in rows],
    )


def _places(names: Sequence[str], last: str, start: float) -> list[float]:
    return [start + i * (CELL + GAP) + (APART if name == last else 0) for i, name in enumerate(names)]


def _column(name: str, x: float, y: float) -> Markup:
    kind = "tk st" if name == MISSED else "tk"
    return el("text", _cut(name), transform=f"translate({x:.1f} {y:.1f}) rotate(-42)", class_=kind)


def _cell(x: float, y: float, share: float | None, *, outlined: bool) -> Markup:
    step = 0 if share is None else sum(share >= edge for edge in STEPS)
    box = el("rect", x=x, y=y, width=CELL, height=CELL, rx=2.5, style=f"fill:var(--h{step})")
    rim = el("rect", x=x - 1, y=y - 1, width=CELL + 2, height=CELL + 2, rx=3.5, class_="rim") if outlined else None
    shown = None
    if share is not None and round(100 * share) >= 1:
        ink = "ink-inverse" if step >= 5 else "ink"
        shown = text(str(round(100 * share)), x + CELL / 2, y + 16, "cell", "middle", f"fill:var(--{ink})")
    return el("g", box, rim, shown)


def _cut(name: str) -> str:
    return name if len(name) <= 22 else name[:21] + "…"
