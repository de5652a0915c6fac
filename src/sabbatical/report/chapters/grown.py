"""The card of the slices that grew: their share before and now, and how sure the model is of them."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from sabbatical.report.card import Card, Table, key, sign
from sabbatical.report.charts.axis import Axis, axis_of
from sabbatical.report.charts.rows import MIDDLE, Row, dot, ring, rows
from sabbatical.report.loop_story import Grown
from sabbatical.report.markup import el, join
from sabbatical.report.words import NOT_MEASURED, Words, capital, count, percent, points, readable, strong

MOST = 8


def grown_card(grown: Sequence[Grown]) -> Card:
    """Shares of the items; and where scores are known, the mean top score there and elsewhere."""
    ordered = sorted(grown, key=lambda one: one.before - one.after)[:MOST]
    body = _shares(ordered)
    scored = [one for one in ordered if one.score is not None and one.rest is not None]
    legend = key((sign("hollow"), "before"), (sign("filled"), "now"))
    if scored:
        legend = key((sign("hollow"), "before, or elsewhere"), (sign("filled"), "now, or there"))
        body = join((body, el("h4", "How sure the model is there, mean top score"), _scores(scored)))
    return Card("Which slices grew", body, "share of the items, %", legend, _says(ordered, scored), _table(ordered), 5)


def _shares(grown: Sequence[Grown]) -> Markup:
    axis = axis_of([0.0, *(end for one in grown for end in (one.before, one.after))], 4, floor=0.0, ceiling=1.0)
    content = [
        _row(one, one.before, one.after, axis, (percent(one.before), percent(one.after)), "before, now")
        for one in grown
    ]
    return rows("Slices before and now", axis, ("before", "now"), content)


def _scores(scored: Sequence[Grown]) -> Markup:
    ends = [end for one in scored for end in (one.score or 0.0, one.rest or 0.0)]
    axis = axis_of(ends, 4, floor=0.0, ceiling=1.0)
    content = [
        _row(one, one.rest or 0.0, one.score or 0.0, axis, (points(one.rest), points(one.score)), "elsewhere, there")
        for one in scored
    ]
    return rows("Mean top score there and elsewhere", axis, ("else", "there"), content)


def _row(one: Grown, old: float, fresh: float, axis: Axis, cells: tuple[str, str], words: str) -> Row:
    joined = el(
        "line",
        x1=axis.percent(old),
        x2=axis.percent(fresh),
        y1=MIDDLE,
        y2=MIDDLE,
        class_="db",
        style=f"stroke:var(--{'accent' if one.after > one.before else 'ink-3'})",
    )
    marks = join((joined, ring(axis, old), dot(axis, fresh, "accent")))
    name = el("span", el("span", readable(one.name)), class_="cls")
    number = el("b", cells[1], class_="v" if one.after > one.before else "v same")
    return Row(name, marks, f"{cells[0]}, {cells[1]} ({words})", (cells[0], number))


def _says(grown: Sequence[Grown], scored: Sequence[Grown]) -> Words:
    """Where the model is least sure among what grew; without scores, what grew most."""
    doubtful = [one for one in scored if one.after > one.before and (one.score or 0.0) < (one.rest or 0.0)]
    if doubtful:
        least = min(doubtful, key=lambda one: one.score or 0.0)
        return ("The model is least sure of ", strong(readable(least.name)), f": {points(least.score)} of 100.")
    most = grown[0] if grown else None
    if most is None or most.after <= most.before:
        return ()
    return (strong(capital(readable(most.name))), f" went from {percent(most.before)} to {percent(most.after)}.")


def _table(grown: Sequence[Grown]) -> Table:
    def rate(value: float | None) -> str:
        return NOT_MEASURED if value is None else percent(value)

    return Table(
        ("slice", "before", "now", "items now", "top score", "elsewhere", "unsure", "elsewhere"),
        tuple(
            (
                readable(one.name),
                percent(one.before),
                percent(one.after),
                count(one.items),
                points(one.score),
                points(one.rest),
                rate(one.unsure),
                rate(one.unsure_rest),
            )
            for one in grown
        ),
    )
