"""The one section of `sabbatical evaluate`: a judgement, or with a second model the comparison first."""

from __future__ import annotations

from dataclasses import replace

from sabbatical.report.card import Card, Context, Section, key, sign
from sabbatical.report.chapters.duel import METRICS, change_table, changes_say, sure_losses
from sabbatical.report.chapters.judgement import class_card, detail_cards, judgement, slice_card
from sabbatical.report.chapters.turned import shots_of, texts_of
from sabbatical.report.charts.dumbbell import dumbbell, dumbbell_key
from sabbatical.report.charts.text_list import text_list
from sabbatical.report.charts.tiles import tiles, whole_rows
from sabbatical.report.story import Judgement
from sabbatical.report.words import (
    Stress,
    Words,
    bad,
    capital,
    listed,
    new,
    points,
    readable,
    signed,
    signed_span,
    strong,
)
from sabbatical.schemas.evaluate import Change, Comparison, Report

SHOWN = 10
ROWS = 16


def evaluation(report: Report, context: Context) -> Section:
    """Everything about a report; compared with another model, its classes and slices are dumbbells."""
    if report.comparison is None:
        return judgement(Judgement(report), context)
    c = report.comparison
    within = _changes(
        "By class within slices", [x for x in c.changes if x.kind == "class_in_slice"], report, context, 6
    )
    by_class = _changes("By class", [x for x in c.changes if x.kind == "class"], report, context)
    slices = [x for x in c.changes if x.kind == "slice" and (x.name.count("=") < 2 or x.sure)]
    by_slice = _changes("By slice", slices, report, context)
    cards = [
        by_class or class_card(report, context),
        replace(by_slice, tall=within is not None) if by_slice else slice_card(report),
        within,
        _turned(f"Right in {c.model}, wrong in {report.model}", report, context, won=False),
        _turned(f"Wrong in {c.model}, right in {report.model}", report, context, won=True),
        *detail_cards(report, context),
    ]
    return Section("Judgement", _headline(report.model, c), _numbers(report, c), tuple(x for x in cards if x))


def _headline(model: str, c: Comparison) -> Words:
    """The gain and the loss in one sentence; of classes and slices only those that surely moved."""
    worse = listed(sure_losses(tuple(c.changes)), limit=3)
    gains = dict.fromkeys(readable(x.name) for x in c.changes if x.verdict == "better" and x.sure)
    size = f"{signed(c.difference)} points"
    if c.verdict == "better":
        words: list[str | Stress] = [f"{model} is better than {c.model}, ", new(size)]
    elif c.verdict == "worse":
        words = [f"{model} is ", bad("worse"), f" than {c.model}, ", bad(size)]
        words += [f", though it gains on {listed(gains, limit=3)}"] if gains else []
        return (*words, ".")
    else:
        words = [f"{model} and {c.model} cannot be told apart"]
    words += [", but it ", bad(f"loses on {worse}")] if worse and c.verdict == "better" else []
    words += [", but ", bad(f"{worse} got worse")] if worse and c.verdict == "same" else []
    return (*words, ".")


def _numbers(report: Report, c: Comparison) -> Words:
    return (
        f"{capital(METRICS.get(c.metric, c.metric))} is ",
        strong(points(c.after)),
        " after ",
        strong(points(c.before)),
        "; the 95% interval of the change is ",
        strong(signed_span(c.interval)),
        f", paired over {report.items:,} items. Snapshot {report.snapshot}.",
    )


def _changes(title: str, changes: list[Change], report: Report, context: Context, most: int = ROWS) -> Card | None:
    """Dumbbells, the largest gain first and the largest loss last."""
    c = report.comparison
    assert c is not None
    found = tuple(sorted(changes, key=lambda x: -x.difference))
    if not found:
        return None
    metric = METRICS.get(found[0].metric, found[0].metric)
    shown = found if len(found) <= most else (*found[: most // 2], *found[-most // 2 :])
    body = dumbbell(shown, context, title=title, unit="truths")
    sub = f"{metric}, in points; largest gain first"
    sub += f"; {len(found) - len(shown)} in the middle left to the numbers" if len(shown) < len(found) else ""
    table = change_table(found, c.model, report.model, "truths")
    return Card(title, body, sub, dumbbell_key(c.model, report.model), changes_say(found, report.model), table, 6)


def _turned(title: str, report: Report, context: Context, *, won: bool) -> Card | None:
    """What turned between the two models: pictures, or texts."""
    c = report.comparison
    assert c is not None
    turned, total = (c.wrong_to_right, c.wrong_to_right_count) if won else (c.right_to_wrong, c.right_to_wrong_count)
    if not turned:
        return None
    sub = f"{total or len(turned)} in all; score of {c.model} → {report.model}"
    if report.task == "text":
        return Card(title, text_list(texts_of(turned[:SHOWN]), context), sub)
    shots = whole_rows(shots_of(turned, won=won), SHOWN)
    legend = key((sign("machine"), report.model) if won else (sign("nobody"), f"{report.model} does not find it"))
    return Card(title, tiles(shots, context), sub, legend)
