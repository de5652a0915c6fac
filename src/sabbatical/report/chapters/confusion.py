"""The confusion card: what is taken for what, with the largest error said and outlined."""

from __future__ import annotations

from collections.abc import Collection

from sabbatical.report.card import Card, Table
from sabbatical.report.charts.heat import GHOST, MISSED, heat, shares
from sabbatical.report.words import Words, bad, count, percent, strong
from sabbatical.schemas.evaluate import Confusion, Report

LEAST = 10  # truths of a row that may be spoken of


def confusion_card(confusion: Confusion, report: Report) -> Card:
    worst = _worst(confusion, report.untaught)
    body = heat(confusion, title=f"What {report.model} takes for what", mark=worst[:2] if worst else None)
    unit = "boxes" if report.task == "boxes" else "texts"
    sub = f"% of true {unit}" + ("; ghost row: % of the boxes so called" if GHOST in confusion.rows else "")
    rows = tuple((name, *(count(n) for n in row)) for name, row in zip(confusion.rows, confusion.counts, strict=True))
    table = Table(("true \\ said", *confusion.columns), rows)
    says = _says(worst, confusion)
    return Card(f"What {report.model} takes for what", body, sub, says=says, table=table, width=6)


def _worst(confusion: Confusion, untaught: Collection[str]) -> tuple[str, str, float] | None:
    """The largest share of a class's truths that is missed or called otherwise; of those that something taught."""
    cells = [
        (share, name, column)
        for name, row, counts in zip(confusion.rows, shares(confusion), confusion.counts, strict=True)
        for column, share in zip(confusion.columns, row, strict=True)
        if name not in (GHOST, column, *untaught) and share and sum(counts) >= LEAST
    ]
    if not cells:
        return None
    share, name, column = max(cells)
    return name, column, share


def _says(worst: tuple[str, str, float] | None, confusion: Confusion) -> Words:
    if worst is None:
        many = any(
            sum(row) >= LEAST
            for name, row in zip(confusion.rows, confusion.counts, strict=True)
            if name not in (GHOST, MISSED)
        )
        if not many:
            return (f"No class has {LEAST} truths, too few to name the largest error.",)
        return (f"Of no class with {LEAST} truths or more is one missed or mistaken.",)
    name, column, share = worst
    if column == MISSED:
        return (bad(percent(share)), " of ", strong(name), " are missed: the largest error.")
    return (bad(percent(share)), " of ", strong(name), " are taken for ", strong(column), ": the largest error.")
