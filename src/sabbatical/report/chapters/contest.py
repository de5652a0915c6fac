"""Chapter: several models on the same holdout, from rules to a network."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table, class_name, key, sign
from sabbatical.report.chapters.duel import METRICS
from sabbatical.report.charts.intervals import Measured, intervals
from sabbatical.report.charts.lines import lines
from sabbatical.report.markup import el, join
from sabbatical.report.story import Contender, Contest
from sabbatical.report.words import Stress, Words, capital, counted, duration, listed, new, points, span, strong


def contest(chapter: Contest, context: Context) -> Section:
    cards = [_overall(chapter), _by_class(chapter, context)]
    if chapter.loss:
        body = lines(chapter.loss, title="Loss by step", x_name="step", y_floor=0.0)
        cards.append(Card("How it learned", body, "loss; masked entries do not count", width=6))
    best = chapter.contenders[-1]
    return Section("Models", _standing(chapter), contest_numbers(chapter), tuple(cards), points(_value(best, chapter)))


def contest_headline(chapter: Contest) -> Words:
    """The chosen model against the first, in the contest's metric."""
    first, chosen = chapter.contenders[0], chapter.contenders[-1]
    value, before = _value(chosen, chapter), _value(first, chapter)
    metric = METRICS.get(chapter.metric, chapter.metric)
    words: list[str | Stress] = [f"{capital(chosen.name)} reaches ", new(points(value)), f" points of {metric}"]
    if before is not None and first is not chosen:
        words.append(f", after {points(before)} of {first.name}")
    return (*words, ".")


def _standing(chapter: Contest) -> Words:
    """Every figure side by side, ours and those that others published."""
    *others, chosen = chapter.contenders
    words: list[str | Stress] = [f"{capital(chosen.name)} stands at ", new(points(_value(chosen, chapter)))]
    if others:
        words.append(", " + listed([f"{c.name} at {points(_value(c, chapter))}" for c in reversed(others)]))
    if chapter.references:
        words.append("; published were " + listed([f"{points(value)} of {name}" for name, value in chapter.references]))
    return (*words, ".")


def contest_numbers(chapter: Contest) -> Words:
    chosen = chapter.contenders[-1]
    interval = chosen.report.metrics.intervals.overall.get(chapter.metric)
    words: list[str | Stress] = ["Every model answers the same ", strong(counted(chosen.report.items, "item"))]
    if interval:
        words += [f"; the 95% interval of {chosen.name} is ", strong(span(interval))]
    return (*words, ".")


def _value(contender: Contender, chapter: Contest) -> float | None:
    value = getattr(contender.report.metrics.overall, chapter.metric)
    return None if value is None else float(value)


def _overall(chapter: Contest) -> Card:
    metric = METRICS.get(chapter.metric, chapter.metric)
    measured = [
        Measured(
            el("span", el("span", c.name), class_="cls"),
            _value(c, chapter),
            c.report.metrics.intervals.overall.get(chapter.metric),
            c.report.items,
            tone="new" if c is chapter.contenders[-1] else "",
        )
        for c in chapter.contenders
    ]
    measured += [
        Measured(
            el("span", el("span", name), class_="cls muted"),
            value,
            None,
            chapter.contenders[-1].report.items,
            tone="old",
        )
        for name, value in chapter.references
    ]
    rows = tuple(_row(c, chapter) for c in chapter.contenders)
    table = Table(("model", metric, "accuracy", "macro F1", "learned in", "a text takes"), rows)
    entries = [(sign("filled"), chapter.contenders[-1].name), (sign("band"), "95% interval")]
    entries += [(sign("hollow"), "published by others")] if chapter.references else []
    body = intervals(measured, title="Models compared", unit="items", value="points")
    return Card("Models compared", body, f"{metric}, in points", key(*entries), table=table, width=6)


def _row(contender: Contender, chapter: Contest) -> tuple[object, ...]:
    overall = contender.report.metrics.overall
    return (
        contender.name,
        points(_value(contender, chapter)),
        points(overall.accuracy),
        points(overall.f1),
        "–" if contender.train_seconds is None else duration(contender.train_seconds),
        "–" if contender.item_ms is None else f"{contender.item_ms:.2g} ms",
    )


def _by_class(chapter: Contest, context: Context) -> Card:
    chosen = chapter.contenders[-1].report
    found = chosen.metrics.intervals.by_class
    scores = chosen.metrics.by_class
    measured = [
        Measured(class_name(n, context), s.f1, found.get(n, {}).get("f1"), s.n, "no truths", tone="new")
        for n, s in scores.items()
    ]
    head = ("class", *(c.name for c in chapter.contenders), "truths")
    rows = tuple((n, *(_class_f1(c, n) for c in chapter.contenders), f"{s.n:,}") for n, s in scores.items())
    known = {n: s.f1 for n, s in scores.items() if s.f1 is not None}
    says: Words = ()
    if len(known) > 1:
        says = ("Weakest is ", strong(min(known, key=lambda n: known[n])), ".")
    body = join((intervals(measured, title="By class", unit="truths", value="F1"),))
    return Card(
        f"{chapter.contenders[-1].name} by class", body, "F1, in points", says=says, table=Table(head, rows), width=6
    )


def _class_f1(contender: Contender, name: str) -> str:
    scores = contender.report.metrics.by_class.get(name)
    return points(scores.f1 if scores else None)
