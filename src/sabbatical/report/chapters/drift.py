"""Chapter: what changed in what is asked of a model and in what it answers, and what follows."""

from __future__ import annotations

from markupsafe import Markup

from sabbatical.report.card import Card, Context, Section, Table, key, sign
from sabbatical.report.charts.axis import Axis, axis_of, tick_text
from sabbatical.report.charts.distribution import categories, distribution
from sabbatical.report.charts.rows import MIDDLE, Row, dot, limit, ring, rows
from sabbatical.report.charts.text_list import text_list
from sabbatical.report.charts.tiles import hands_key, tiles, whole_rows
from sabbatical.report.loop_story import Column, Drift, Grown
from sabbatical.report.markup import el, join
from sabbatical.report.story import Shot, Tagged
from sabbatical.report.words import (
    NOT_MEASURED,
    Stress,
    Words,
    amount,
    bad,
    capital,
    chance,
    counted,
    listed,
    percent,
    readable,
    strong,
)

ROWS = 14
MULTIPLES = 6
SHOWN, ACROSS = 6, 3
CAME, LARGE = 0.05, 0.1  # a slice that was under 5 % came, one that grew by 10 points is told of
KINDS = {"input": "input", "answer": "answer", "attribute": "slice"}


def drift(chapter: Drift, context: Context) -> Section:
    columns = ranked(chapter)
    cards = [_columns(chapter, columns)]
    if chapter.grown:
        cards.append(_grown(chapter))
    shapes = [column for column in columns if column.values or column.shares][:MULTIPLES]
    if shapes:
        cards.append(_distributions(chapter, shapes))
    cards += _examples(chapter, context)
    alarms = sum(column.alarm for column in columns)
    headline = chapter.headline or drift_headline(chapter)
    note = f"{alarms} of {len(columns)}" if alarms else "none"
    return Section("Drift", headline, drift_numbers(chapter), tuple(cards), note)


def ranked(chapter: Drift) -> list[Column]:
    """The columns, those with an alarm first, the largest effect first."""
    return sorted(chapter.columns, key=lambda column: (not column.alarm, -abs(column.effect)))


def drift_headline(chapter: Drift) -> Words:
    """What came, and how many columns show it."""
    columns = ranked(chapter)
    alarms = [column for column in columns if column.alarm]
    if not alarms:
        return ("Nothing drifted that could not be chance.",)
    found = bad(f"{len(alarms)} of {counted(len(columns), 'column')}")
    came = _came(chapter)
    if not came:
        return (found, " drifted, ", alarms[0].name, " most.")
    verb = "came" if all(one.before < CAME for one in came) else "grew"
    return (f"{capital(listed([readable(one.name) for one in came]))} {verb}: ", found, " drifted.")


def drift_numbers(chapter: Drift) -> Words:
    return (
        "The newest ",
        strong(counted(chapter.window, "answer")),
        f" of {chapter.model} against ",
        strong(f"{chapter.reference:,}"),
        " from before. An alarm needs both: a chance below ",
        strong(f"{chapter.sure:g}"),
        " over all columns together, and an effect of at least ",
        strong(f"{chapter.effect:g}"),
        ".",
    )


def _came(chapter: Drift) -> list[Grown]:
    found = [one for one in chapter.grown if one.after - one.before >= LARGE]
    return sorted(found, key=lambda one: one.before - one.after)[:2]


def _columns(chapter: Drift, columns: list[Column]) -> Card:
    shown = columns[:ROWS]
    axis = axis_of([0.0, chapter.effect, *(abs(column.effect) for column in shown)], 5, floor=0.0)
    body = el(
        "div",
        rows("Drift by column", axis, ("effect", "chance"), [_column(c, axis, chapter) for c in shown], tick_text),
        class_="drifted",
    )
    legend = key((sign("warn"), "alarm"), (sign("h3"), "none"), (sign("limit"), f"effect of {chapter.effect:g}"))
    rest = f"; {len(columns) - len(shown)} more in the numbers" if len(shown) < len(columns) else ""
    sub = f"effect size (Cohen's d or w), largest first{rest}"
    return Card("What drifted", body, sub, legend, chapter.conclusion or _concluded(chapter), _table(columns), 7)


def _column(column: Column, axis: Axis, chapter: Drift) -> Row:
    size = abs(column.effect)
    colour = "warn-fill" if column.alarm else "h3"
    end = axis.percent(size)
    bar = el("line", x1="0%", x2=end, y1=MIDDLE, y2=MIDDLE, class_="bar-mark", style=f"stroke:var(--{colour})")
    marks = join((bar, limit(axis, chapter.effect)))
    says = f"effect {size:.2f}, chance {chance(column.p)}, {'alarm' if column.alarm else 'no alarm'}"
    flag = el("em", "alarm", class_="mini warn") if column.alarm else None
    name = el("span", el("span", readable(column.name)), flag, class_="cls")
    kind = "v" if column.alarm else "v same"
    return Row(name, marks, says, (el("b", f"{size:.2f}", class_=kind), chance(column.p)))


def _concluded(chapter: Drift) -> Words:
    alarms = [column for column in ranked(chapter) if column.alarm]
    if not alarms:
        return ("The window looks like the reference: the champion answers what it knows.",)
    parts: list[str | Stress] = []
    for kind, words in (("input", "what comes in"), ("attribute", "its slices"), ("answer", "what is answered")):
        names = [readable(column.name) for column in alarms if column.kind == kind]
        if names:
            parts += ["; " if parts else "", f"{words}: ", strong(listed(names, limit=4))]
    first = parts[0]
    return ("Changed is ", first, *parts[1:], ".")


def _table(columns: list[Column]) -> Table:
    return Table(
        ("column", "of", "before", "now", "test", "statistic", "chance, adjusted", "effect", "alarm"),
        tuple(
            (
                readable(c.name),
                KINDS[c.kind],
                _mean(c.before, c.unit),
                _mean(c.after, c.unit),
                c.test,
                NOT_MEASURED if c.statistic is None else f"{c.statistic:.3g}",
                chance(c.p),
                f"{abs(c.effect):.2f}",
                "alarm" if c.alarm else "no",
            )
            for c in columns
        ),
    )


def _mean(value: float | None, unit: str) -> str:
    if value is None:
        return NOT_MEASURED
    return percent(value) if unit == "share" else amount(value, unit)


def _grown(chapter: Drift) -> Card:
    grown = sorted(chapter.grown, key=lambda one: one.before - one.after)
    axis = axis_of([0.0, *(end for one in grown for end in (one.before, one.after))], 5, floor=0.0, ceiling=1.0)
    body = rows("Slices before and now", axis, ("before", "now"), [_slice(one, axis) for one in grown])
    rows_ = tuple(
        (
            readable(one.name),
            percent(one.before),
            percent(one.after),
            f"{one.n:,}",
            NOT_MEASURED if one.score_before is None else f"{one.score_before:.2f}",
            NOT_MEASURED if one.score is None else f"{one.score:.2f}",
        )
        for one in grown
    )
    table = Table(("slice", "before", "now", "items now", "top score before", "now"), rows_)
    legend = key((sign("hollow"), "before"), (sign("filled"), "now"))
    return Card("Which slices grew", body, "share of the items, %", legend, _scores(grown), table, 5)


def _slice(one: Grown, axis: Axis) -> Row:
    joined = el(
        "line",
        x1=axis.percent(one.before),
        x2=axis.percent(one.after),
        y1=MIDDLE,
        y2=MIDDLE,
        class_="db",
        style=f"stroke:var(--{'accent' if one.after > one.before else 'ink-3'})",
    )
    marks = join((joined, ring(axis, one.before), dot(axis, one.after, "accent")))
    says = f"{percent(one.before)} before, {percent(one.after)} now"
    kind = "v" if one.after > one.before else "v same"
    name = el("span", el("span", readable(one.name)), class_="cls")
    return Row(name, marks, says, (percent(one.before), el("b", percent(one.after), class_=kind)))


def _scores(grown: list[Grown]) -> Words:
    """Where the model is least sure among what grew."""
    known = [one for one in grown if one.after > one.before and one.score is not None and one.score_before is not None]
    if not known:
        most = grown[0]
        if most.after <= most.before:
            return ()
        return (strong(capital(readable(most.name))), f" went from {percent(most.before)} to {percent(most.after)}.")
    least = min(known, key=lambda one: one.score or 0.0)
    return (
        "On ",
        strong(readable(least.name)),
        f" the mean top score is {least.score:.2f}, after {least.score_before:.2f}.",
    )


def _distributions(chapter: Drift, columns: list[Column]) -> Card:
    figures = [
        el("figure", el("h3", readable(column.name), _mark(column)), _shape(column), _means(column))
        for column in columns
    ]
    across = min(len(figures), MULTIPLES)
    body = el("div", join(figures), class_="multiples", style=f"--n:{across}")
    legend = key((sign("ink-line"), f"before, {chapter.reference:,}"), (sign("h4"), f"now, {chapter.window:,}"))
    return Card("Before and now", body, "share of the items in %, by value of the column", legend)


def _shape(column: Column) -> Markup:
    name = readable(column.name)
    if column.values:
        return distribution(name, column.values)
    return categories(name, column.shares)


def _mark(column: Column) -> Markup | None:
    return el("em", "alarm", class_="mini warn") if column.alarm else None


def _means(column: Column) -> Markup | None:
    if column.before is None or column.after is None:
        return None
    return el(
        "p", f"mean {_mean(column.before, column.unit)} → ", el("b", _mean(column.after, column.unit)), class_="so"
    )


def _examples(chapter: Drift, context: Context) -> list[Card]:
    """Pictures or texts of before and of now, side by side."""
    cards = []
    for title, shots, texts in (
        ("Before", chapter.shots_before, chapter.texts_before),
        ("Now", chapter.shots_after, chapter.texts_after),
    ):
        body = _some(shots, texts, context)
        if body:
            legend = hands_key() if any(shot.drawn for shot in shots) else Markup("")
            cards.append(Card(title, body, "some of the items", legend, width=6))
    return cards


def _some(shots: tuple[Shot, ...], texts: tuple[Tagged, ...], context: Context) -> Markup:
    if shots:
        return tiles(whole_rows(shots, SHOWN, ACROSS), context, columns=ACROSS)
    return text_list(texts[:SHOWN], context)
