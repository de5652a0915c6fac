"""Chapter: the new champion against the one before, on the same items: what came back, and what was lost."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, key, sign
from sabbatical.report.chapters.duel import METRICS, change_table, changes_say, sure_losses
from sabbatical.report.chapters.turned import shots_of, texts_of
from sabbatical.report.charts.differences import Difference, differences
from sabbatical.report.charts.dumbbell import dumbbell, dumbbell_key
from sabbatical.report.charts.text_list import text_list
from sabbatical.report.charts.tiles import tiles, whole_rows
from sabbatical.report.loop_story import Succession
from sabbatical.report.markup import el
from sabbatical.report.words import (
    Stress,
    Words,
    bad,
    capital,
    count,
    listed,
    new,
    points,
    readable,
    signed,
    signed_span,
    strong,
)
from sabbatical.schemas.evaluate import Change

SHOWN, LOST = 10, 5
ROWS = 12


def succession(chapter: Succession, context: Context) -> Section:
    c = chapter.comparison
    cards = [_differences(chapter)]
    slices = _slices(chapter)
    if slices:
        cards.append(_levels("How good each slice is now", slices, chapter, context))
    classes = [change for change in c.changes if change.kind == "class"]
    if classes:
        cards.append(_levels("By class", _sorted(classes), chapter, context))
    within = [change for change in c.changes if change.kind == "class_in_slice" and _drifted(change, chapter)]
    if within:
        cards.append(_levels("By class where it drifted", _sorted(within)[:ROWS], chapter, context))
    elif chapter.recall:
        cards.append(_levels("What is found", list(chapter.recall), chapter, context))
    cards += [card for won in (True, False) if (card := _turned(chapter, context, won=won))]
    headline = chapter.headline or succession_headline(chapter)
    return Section("Succession", headline, succession_numbers(chapter), tuple(cards), signed(c.difference))


def succession_headline(chapter: Succession) -> Words:
    """What is better where it drifted, and whether something old was lost."""
    c = chapter.comparison
    won = [change for change in _slices(chapter) if _drifted(change, chapter) and change.verdict == "better"]
    after = capital(chapter.after)
    if c.verdict == "worse":
        return (f"{after} is ", bad("worse"), f" than {chapter.before}: ", bad(f"{signed(c.difference)} points"), ".")
    if won:
        words: list[str | Stress] = [f"{after} brings back "]
        words.append(new(listed([f"{readable(change.name)} ({signed(change.difference)})" for change in won])))
    elif c.verdict == "better":
        words = [f"{after} beats {chapter.before} by ", new(f"{signed(c.difference)} points")]
    else:
        return (f"{after} and {chapter.before} cannot be told apart.",)
    lost = sure_losses(tuple(c.changes))
    if lost:
        return (*words, ", but ", bad(f"loses on {listed(lost, limit=3)}"), ".")
    return (*words, ", and nothing old is surely worse.")


def succession_numbers(chapter: Succession) -> Words:
    c = chapter.comparison
    items = f" {count(chapter.items)} " if chapter.items else " "
    return (
        f"{capital(METRICS.get(c.metric, c.metric))} is ",
        strong(points(c.after)),
        " after ",
        strong(points(c.before)),
        "; the 95% interval of the change is ",
        strong(signed_span(c.interval)),
        f", paired over the same{items}items.",
    )


def _drifted(change: Change, chapter: Succession) -> bool:
    return (change.slice_name or change.name) in chapter.drifted


def _slices(chapter: Succession) -> list[Change]:
    """Slices of one value, and pairs that surely moved; those that drifted first, then by the change."""
    found = [c for c in chapter.comparison.changes if c.kind == "slice" and (c.name.count("=") < 2 or c.sure)]
    ordered = sorted(found, key=lambda c: (not _drifted(c, chapter), -c.difference))
    return ordered if len(ordered) <= ROWS else [*ordered[: ROWS - 4], *ordered[-4:]]


def _sorted(changes: list[Change]) -> list[Change]:
    return sorted(changes, key=lambda c: -c.difference)


def _differences(chapter: Succession) -> Card:
    c = chapter.comparison
    metric = METRICS.get(c.metric, c.metric)
    shown = [Difference("all items", c.difference, c.interval, None, c.verdict)]
    shown += [
        Difference(
            readable(one.name), one.difference, one.interval, one.n, one.verdict,
            "drifted" if _drifted(one, chapter) else "",
        )
        for one in _slices(chapter)
    ]  # fmt: skip
    body = el("div", differences(shown, title="Change by slice", unit="truths"), class_="slim")
    legend = key(
        (sign("filled"), "surely better"), (sign("dot"), "cannot be told apart"), (sign("dot bad"), "surely worse")
    )
    return Card("What changed", body, f"{metric}, in points, with its 95% interval", legend, _says(chapter), width=6)


def _says(chapter: Succession) -> Words:
    """Whether the intervals of what drifted leave zero out, and what is lost."""
    slices = _slices(chapter)
    drifted = [c for c in slices if _drifted(c, chapter)]
    sure = [c for c in drifted if c.interval[0] > 0]
    worse = [c for c in slices if c.interval[1] < 0]
    words: list[str | Stress] = []
    if drifted:
        words += [
            strong(f"{len(sure)} of {len(drifted)}"),
            " drifted slices are better by an interval that leaves out zero",
        ]
    if worse:
        words += ["; " if words else "", bad(f"worse is {listed([readable(c.name) for c in worse])}")]
    elif slices:
        words += ["; no slice is worse" if words else "No slice is worse", " beyond chance"]
    return (*words, ".") if words else ()


def _levels(title: str, changes: list[Change], chapter: Succession, context: Context) -> Card:
    metric = METRICS.get(changes[0].metric, changes[0].metric)
    body = dumbbell(changes, context, title=title, unit="truths")
    table = change_table(tuple(changes), chapter.before, chapter.after, "truths")
    legend = dumbbell_key(chapter.before, chapter.after)
    return Card(title, body, f"{metric}, in points", legend, changes_say(tuple(changes), chapter.after), table, 6)


def _turned(chapter: Succession, context: Context, *, won: bool) -> Card | None:
    c = chapter.comparison
    turned, total = (c.wrong_to_right, c.wrong_to_right_count) if won else (c.right_to_wrong, c.right_to_wrong_count)
    only, other = (chapter.after, chapter.before) if won else (chapter.before, chapter.after)
    shots = (chapter.won if won else chapter.lost) or shots_of(turned, won=won)
    title = f"Only {only} finds"
    if not shots:
        texts = texts_of(turned[:LOST])
        sub = f"{total or len(turned)} in all; score of {chapter.before} → {chapter.after}"
        return Card(f"Only {only} gets right", text_list(texts, context), sub) if texts else None
    shown = whole_rows(shots, SHOWN if won else LOST)
    sub = f"{len(shown)} of {total or len(shots)}; score of {chapter.before} → {chapter.after}"
    legend = key((sign("machine"), only) if won else (sign("nobody"), f"{other} does not find it"))
    return Card(title, tiles(shown, context), sub, legend)
