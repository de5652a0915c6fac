"""Chapter: two models on the same budget, judged on the same items."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table, key, sign
from sabbatical.report.chapters.turned import shots_of
from sabbatical.report.charts.dumbbell import dumbbell, dumbbell_key
from sabbatical.report.charts.lines import lines
from sabbatical.report.charts.tiles import tiles, whole_rows
from sabbatical.report.markup import el, join
from sabbatical.report.story import Duel, Shot
from sabbatical.report.words import (
    Stress,
    Words,
    bad,
    capital,
    counted,
    listed,
    new,
    points,
    readable,
    signed,
    signed_span,
    strong,
)
from sabbatical.schemas.evaluate import Change

METRICS = {
    "map50": "mAP at IoU 0.5",
    "map": "mAP at IoU 0.5 to 0.95",
    "f1": "F1",
    "f1_weighted": "weighted F1",
    "f1_micro": "micro F1",
    "accuracy": "accuracy",
    "ap50": "AP at IoU 0.5",
    "recall": "recall",
    "precision": "precision",
}
SHOWN = 10


def duel(chapter: Duel, context: Context) -> Section:
    cards = [
        _changes("What is found at a score of 0.5", "recall, of 100 objects", chapter.recall, chapter, context),
        _changes("How well it ranks", "AP at IoU 0.5, in points", chapter.precision, chapter, context),
    ]
    won = chapter.won or shots_of(chapter.comparison.wrong_to_right, won=True)
    lost = chapter.lost or shots_of(chapter.comparison.right_to_wrong, won=False)
    cards += _pictures(chapter, whole_rows(won, SHOWN), whole_rows(lost, SHOWN), context)
    if chapter.loss:
        cards.append(_training(chapter))
    note = signed(chapter.comparison.difference)
    if not chapter.recall:
        return Section("Models", duel_headline(chapter), duel_numbers(chapter), tuple(cards), note)
    return Section("Models", _found(chapter), duel_numbers(chapter)[:7], tuple(cards), note)


def _found(chapter: Duel) -> Words:
    """How much each finds at a score of 0.5: the loss that masking repairs."""
    before, after = _mean(chapter.recall, "before"), _mean(chapter.recall, "after")
    return (
        f"At a score of 0.5, {chapter.before} finds ",
        strong(points(before)),
        f" of 100 objects, {chapter.after} ",
        new(points(after)) if after > before else bad(points(after)),
        ".",
    )


def duel_headline(chapter: Duel) -> Words:
    """Who wins, by how much, and what it costs."""
    c = chapter.comparison
    metric = METRICS.get(c.metric, c.metric)
    if c.verdict == "same":
        return (f"On {chapter.budget}, {chapter.after} and {chapter.before} cannot be told apart in {metric}.",)
    if c.verdict == "worse":
        return (
            f"{chapter.after} loses to {chapter.before} by ",
            bad(f"{signed(abs(c.difference))[1:]} points"),
            f" of {metric}.",
        )
    worse = sure_losses((*chapter.recall, *chapter.precision, *c.changes))
    words: list[str | Stress] = [
        f"On {chapter.budget}, {chapter.after} beats {chapter.before} by ",
        new(f"{signed(c.difference)} points"),
        f" of {metric}",
    ]
    if worse:
        words += [", but it ", bad(f"loses on {listed(worse, limit=3)}")]
    return (*words, ".")


def duel_numbers(chapter: Duel) -> Words:
    c = chapter.comparison
    words: list[str | Stress] = [
        f"{capital(METRICS.get(c.metric, c.metric))} is ",
        strong(points(c.after)),
        " after ",
        strong(points(c.before)),
        "; the 95% interval of the change is ",
        strong(signed_span(c.interval)),
        ", paired over the same items.",
    ]
    if chapter.recall:
        before, after = (_mean(chapter.recall, end) for end in ("before", "after"))
        words += [
            f" At a score of 0.5, {chapter.before} finds ",
            strong(points(before)),
            f" of 100 objects, {chapter.after} ",
            strong(points(after)),
            ", in the mean over classes.",
        ]
    return tuple(words)


def sure_losses(changes: tuple[Change, ...]) -> list[str]:
    """What is worse even among all that was looked at, each named once, whole classes and slices first."""
    lost = [c for c in changes if c.verdict == "worse" and c.sure]
    lost.sort(key=lambda c: (c.kind == "class_in_slice", c.difference))
    return list(dict.fromkeys(readable(c.name) for c in lost))


def change_table(changes: tuple[Change, ...], before: str, after: str, unit: str) -> Table:
    """The numbers behind dumbbells."""
    return Table(
        ("", before, after, "change", "95% interval", unit),
        tuple(
            (
                readable(c.name),
                points(c.before),
                points(c.after),
                signed(c.difference),
                signed_span(c.interval),
                f"{c.n:,}",
            )
            for c in changes
        ),
    )


def changes_say(changes: tuple[Change, ...], after: str) -> Words:
    """Which rows are better, worse, or cannot be told apart, each by its own interval."""
    named = {
        verdict: [readable(c.name) for c in changes if c.verdict == verdict] for verdict in ("better", "worse", "same")
    }
    words: list[str | Stress] = []
    if named["better"]:
        words += [f"{capital(after)} is better on ", strong(listed(named["better"]))]
    if named["worse"]:
        words += [", " if words else f"{capital(after)} is ", bad(f"worse on {listed(named['worse'])}")]
    if not words:
        return ("No row differs by more than chance.",)
    if named["same"]:
        words.append(f"; {listed(named['same'], limit=3)} cannot be told apart")
    return (*words, ".")


def _changes(title: str, sub: str, changes: tuple[Change, ...], chapter: Duel, context: Context) -> Card:
    body = dumbbell(changes, context, title=title, unit="truths") if changes else el("p", "Not measured.", class_="so")
    legend = dumbbell_key(chapter.before, chapter.after)
    table = change_table(changes, chapter.before, chapter.after, "truths")
    return Card(title, body, sub, legend, changes_say(changes, chapter.after) if changes else (), table, 6)


def _pictures(chapter: Duel, won: tuple[Shot, ...], lost: tuple[Shot, ...], context: Context) -> list[Card]:
    cards = []
    if won:
        total = chapter.comparison.wrong_to_right_count or len(won)
        title = f"Missed by {chapter.before}, found by {chapter.after}"
        sub = f"{len(won)} of {total}; score of {chapter.before} → {chapter.after}"
        cards.append(Card(title, tiles(won, context), sub, key((sign("machine"), chapter.after)), width=12))
    if lost:
        total = chapter.comparison.right_to_wrong_count or len(lost)
        title = f"Found by {chapter.before}, missed by {chapter.after}"
        sub = f"{len(lost)} of {total}; score of {chapter.before} → {chapter.after}"
        cards.append(Card(title, tiles(lost, context), sub, key((sign("nobody"), f"{chapter.after} does not find it"))))
    return cards


def _training(chapter: Duel) -> Card:
    plots = [el("div", lines(chapter.loss, title="Loss by step", x_name="step", y_floor=0.0))]
    if chapter.rate:
        plots.append(el("div", lines(chapter.rate, title="Learning rate by step", x_name="step", y_floor=0.0)))
    says = "The losses are not one scale: masked entries do not count, so only the shape compares."
    legend = key((sign("ink-line"), chapter.before), (sign("line"), chapter.after))
    steps = max((len(trace.y) for trace in chapter.loss), default=0)
    sub = f"loss and learning rate over {counted(steps, 'recorded step')}"
    width = 12 if chapter.rate else 6
    return Card("How both learned", el("div", join(plots), class_="side"), sub, legend, says, width=width)


def _mean(changes: tuple[Change, ...], end: str) -> float:
    return sum(float(getattr(c, end)) for c in changes) / len(changes)
