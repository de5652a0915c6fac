"""Chapter: what changed in what is asked of a model and in what it answers, and what follows."""

from __future__ import annotations

from markupsafe import Markup

from sabbatical.report.card import Card, Context, Section, Table, key, sign
from sabbatical.report.chapters.grown import grown_card
from sabbatical.report.charts.axis import Axis, axis_of, tick_text
from sabbatical.report.charts.calendar import calendar
from sabbatical.report.charts.distribution import categories, distribution
from sabbatical.report.charts.rows import MIDDLE, Row, limit, rows
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
MULTIPLES, IN_A_ROW = 6, 3
SHOWN, ACROSS = 6, 3
CAME, LARGE = 0.05, 0.1  # a slice that was under 5 % came, one that grew by 10 points is told of


def drift(chapter: Drift, context: Context) -> Section:
    columns = ranked(chapter)
    cards = _examples(chapter, context)
    cards.append(_columns(chapter, columns))
    if chapter.grown:
        cards.append(grown_card(chapter.grown))
    shapes = [column for column in columns if column.spread or column.shares][:MULTIPLES]
    if shapes:
        cards.append(_distributions(chapter, shapes))
    if chapter.months:
        cards.append(_months(chapter, columns))
    alarms = sum(column.alarm for column in columns)
    headline = chapter.headline or drift_headline(chapter)
    note = f"{alarms} of {len(columns)}" if alarms else "none"
    return Section("Drift", headline, drift_numbers(chapter), tuple(cards), note)


def ranked(chapter: Drift) -> list[Column]:
    """The columns, those with an alarm first, the largest effect first; what could not be tested last."""
    return sorted(chapter.columns, key=lambda column: (not column.alarm, column.effect is None, -_size(column)))


def drift_headline(chapter: Drift) -> Words:
    """What came, and how many columns show it."""
    columns = ranked(chapter)
    alarms = [column for column in columns if column.alarm]
    if not alarms:
        return ("Nothing drifted that could not be chance.",)
    found = bad(f"{len(alarms)} of {counted(len(columns), 'column')}")
    came = _came(chapter)
    if not came:
        return (found, f" drifted{', most of all' if len(alarms) > 1 else ':'} {_name(alarms[0])}.")
    verb = "came" if all(one.before < CAME for one in came) else "grew"
    return (f"{capital(listed([readable(one.name) for one in came]))} {verb}: ", found, " drifted.")


def drift_numbers(chapter: Drift) -> Words:
    return (
        "The newest ",
        strong(counted(chapter.window, "answer")),
        f" of {chapter.model} against ",
        strong(f"{chapter.reference:,}"),
        f" {chapter.against or 'from before'}. An alarm needs both: a chance below ",
        strong(f"{chapter.sure:g}"),
        " over all columns together, and an effect of at least ",
        strong(f"{chapter.effect:g}"),
        ".",
    )


def _came(chapter: Drift) -> list[Grown]:
    found = [one for one in chapter.grown if one.after - one.before >= LARGE]
    return sorted(found, key=lambda one: one.before - one.after)[:2]


def _size(column: Column) -> float:
    return abs(column.effect or 0.0)


def _name(column: Column) -> str:
    return readable(column.name).replace("_", " ")


def _columns(chapter: Drift, columns: list[Column]) -> Card:
    shown = columns[:ROWS]
    axis = axis_of([0.0, chapter.effect, *(_size(column) for column in shown)], 5, floor=0.0)
    content = [_column(column, axis, chapter) for column in shown]
    body = el("div", rows("Drift by column", axis, ("effect", "chance"), content, tick_text), class_="slim")
    legend = key((sign("warn"), "alarm"), (sign("h3"), "none"), (sign("limit"), f"effect of {chapter.effect:g}"))
    rest = f"; {len(columns) - len(shown)} more in the numbers" if len(shown) < len(columns) else ""
    sub = f"effect size (Cohen's d or w), largest first{rest}"
    says = chapter.conclusion or _concluded(columns)
    return Card("What drifted", body, sub, legend, says, _table(columns), 7 if chapter.grown else 12)


def _column(column: Column, axis: Axis, chapter: Drift) -> Row:
    flag = el("em", "alarm", class_="mini warn") if column.alarm else None
    name = el("span", el("span", _name(column)), flag, class_="cls")
    if column.effect is None:
        why = column.note or "could not be tested"
        return Row(name, el("text", why, x="2%", y=20, class_="tk"), why, (NOT_MEASURED, NOT_MEASURED))
    size = _size(column)
    colour = "warn-fill" if column.alarm else "h3"
    bar = el(
        "line", x1="0%", x2=axis.percent(size), y1=MIDDLE, y2=MIDDLE, class_="bar-mark", style=f"stroke:var(--{colour})"
    )
    likely = NOT_MEASURED if column.p is None else chance(column.p)
    says = f"effect {size:.2f}, chance {likely}, {'alarm' if column.alarm else 'no alarm'}"
    number = el("b", f"{size:.2f}", class_="v" if column.alarm else "v same")
    return Row(name, join((bar, limit(axis, chapter.effect))), says, (number, likely))


def _concluded(columns: list[Column]) -> Words:
    alarms = [column for column in columns if column.alarm]
    if not alarms:
        return ("What comes in looks like what came before.",)
    parts: list[str | Stress] = []
    for kind, words in (("input", "what comes in"), ("attribute", "its slices"), ("answer", "what is answered")):
        names = [_name(column) for column in alarms if column.kind == kind]
        if names:
            parts += [f"{'; ' if parts else 'Changed is '}{words}: ", strong(listed(names, limit=4))]
    return (*parts, ".")


def _table(columns: list[Column]) -> Table:
    return Table(
        ("column", "of", "before", "now", "test", "statistic", "chance, adjusted", "effect", "alarm"),
        tuple(
            (
                _name(c),
                c.kind,
                _mean(c.before, c.unit),
                _mean(c.after, c.unit),
                c.test or NOT_MEASURED,
                NOT_MEASURED if c.statistic is None else f"{c.statistic:.3g}",
                NOT_MEASURED if c.p is None else chance(c.p),
                NOT_MEASURED if c.effect is None else f"{_size(c):.2f}",
                "alarm" if c.alarm else c.note or "no",
            )
            for c in columns
        ),
    )


def _mean(value: float | None, unit: str) -> str:
    if value is None:
        return NOT_MEASURED
    return percent(value) if unit == "share" else amount(value, unit)


def _distributions(chapter: Drift, columns: list[Column]) -> Card:
    body = el("div", join(_figure(column) for column in columns), class_="shapes", style=f"--n:{IN_A_ROW}")
    legend = key((sign("ink-line"), f"before, {chapter.reference:,}"), (sign("h4"), f"now, {chapter.window:,}"))
    return Card("How it changed", body, "share of the items in %, by value of the column", legend, _moved(columns))


def _moved(columns: list[Column]) -> Words:
    """Where the mean of the first number went."""
    for column in columns:
        if column.before is not None and column.after is not None:
            verb = "fell" if column.after < column.before else "rose"
            ends = f"{_mean(column.before, '')} to {_mean(column.after, column.unit)}"
            return (strong(capital(_name(column))), f" {verb} from {ends} in the mean.")
    return ()


def _figure(column: Column) -> Markup:
    mark = el("em", "alarm", class_="mini warn") if column.alarm else None
    shape = distribution(_name(column), column.spread, column.unit) if column.spread else None
    shape = shape or categories(_name(column), column.shares)
    means = None
    if column.before is not None and column.after is not None:
        means = el("span", f"{_mean(column.before, '')} → ", el("b", _mean(column.after, column.unit)), class_="sub")
    return el("figure", el("h3", _name(column), mark, means), shape)


def _months(chapter: Drift, columns: list[Column]) -> Card:
    known = [column for column in columns if any(column.name in month.effects for month in chapter.months)][:ROWS]
    body = calendar(chapter.months, [(column.name, _name(column)) for column in known], title="Drift month by month")
    legend = key((sign("h2"), "larger effect"), (sign("warn"), "drifted"))
    first = next((month for month in chapter.months if month.drifted), None)
    says: Words = ("No month differs by more than chance.",)
    if first:
        says = ("It began in ", strong(first.name), f": {listed([name.replace('_', ' ') for name in first.drifted])}.")
    return Card("Month by month", body, "effect size against the reference, and items of the month", legend, says)


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
