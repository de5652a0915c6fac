"""Chapter: a new version of a taxonomy, what it did to labels, and what models learn from old and new ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markupsafe import Markup

from sabbatical.demo.finer import LabelCount, SecondTurn
from sabbatical.report.card import Card, Context, Section, Table, class_name, key, sign, table
from sabbatical.report.chapters import section
from sabbatical.report.chapters.contest import contest as contest_section
from sabbatical.report.charts.share_bars import Bar, Part, share_bars
from sabbatical.report.markup import el, join
from sabbatical.report.story import Chapter, Contest
from sabbatical.report.words import Words, bad, count, counted, new, points, signed_span, strong
from sabbatical.schemas.project import LabelChange

LOOKS = (("h6", "of the new version"), ("h2", "old, and as fine as ever"), ("hatch", "old and coarse"))


@dataclass(frozen=True, slots=True)
class Finer(Chapter):
    """The second turn, and its models side by side."""

    turn: SecondTurn
    contest: Contest


def finer(chapter: Finer, context: Context) -> Section:
    turn = chapter.turn
    told = contest_section(chapter.contest, context)
    value = turn.contest.judged.report.metrics.overall.f1_weighted
    cards = (_became(turn, context), _labels(turn), *(replace(card, width=6) for card in told.cards))
    return Section("New version", _headline(turn), _numbers(turn), cards, points(value))


def _headline(turn: SecondTurn) -> Words:
    """Both kinds of labels against the new ones alone."""
    split = next(one for _, one in turn.became if one.change == "split")
    begun = f"“{split.label}” splits into {len(split.labels)}; "
    comparison = turn.contest.judged.report.comparison
    assert comparison is not None
    if comparison.verdict == "better":
        return (
            begun,
            "old labels add ",
            new(f"{points(comparison.difference)} points of {comparison.metric}"),
            " to the new ones.",
        )
    if comparison.verdict == "worse":
        return (
            begun,
            "old labels take ",
            bad(f"{points(-comparison.difference)} points of {comparison.metric}"),
            " from the new ones.",
        )
    return (begun, "with old labels or without, the model cannot be told apart.")


def _numbers(turn: SecondTurn) -> Words:
    report = turn.contest.judged.report
    comparison = report.comparison
    assert comparison is not None
    before, after = (one.report.metrics.overall.f1_weighted for one in (turn.before, turn.on_old_labels))
    return (
        "The difference over ",
        strong(counted(report.items, "text")),
        f" lies in {signed_span(comparison.interval)} with 95% confidence. Asked for the old tags, the model of both "
        "kinds of labels reaches ",
        strong(points(after)),
        f", the one before the change {points(before)}.",
    )


def _became(turn: SecondTurn, context: Context) -> Card:
    """One row for each old label."""
    rows = tuple(
        (
            one.label,
            "unchanged" if one.change == "kept" else join([el("span", one.change, " into "), *_names(one, context)]),
            class_name(one.to, context) if one.to else "nothing",
            count(texts),
        )
        for texts, one in turn.became
    )
    body = el("div", table(Table(("old tag", "now", "stands for", "texts"), rows)), class_="big")
    said = " ".join(one.words for _, one in turn.became if one.change != "kept")
    return Card(
        "What became of the old labels",
        body,
        "nothing is rewritten; what a label means is read anew",
        says=said,
        width=7,
    )


def _names(one: LabelChange, context: Context) -> list[Markup]:
    parts: list[Markup] = []
    for label in one.labels:
        parts += [el("span", ", ")] * bool(parts) + [class_name(label, context)]
    return parts


def _labels(turn: SecondTurn) -> Card:
    """Labels before and after the new ones came."""
    bars = [
        Bar(
            one.snapshot,
            tuple(
                Part(size, look, f"{count(size)} {words}")
                for (look, words), size in zip(LOOKS, _sizes(one), strict=True)
            ),
            remark,
            counted(sum(_sizes(one)), "label"),
        )
        for one, remark in zip(turn.counts, ("before", "after the new labels came"), strict=True)
    ]
    legend = key(*((sign(look), words) for look, words in LOOKS))
    rows = tuple((one.snapshot, *(count(size) for size in _sizes(one))) for one in turn.counts)
    after = turn.counts[1]
    says: Words = (
        strong(count(after.coarse)),
        " coarse labels say that a text is of the parent, and leave open which child: these entries are masked.",
    )
    sheet = Table(("snapshot", "new", "old", "coarse"), rows)
    return Card(
        "Labels by what they tell",
        share_bars(bars, title="Labels by what they tell"),
        "labels of each snapshot",
        legend,
        says,
        sheet,
        5,
    )


def _sizes(one: LabelCount) -> tuple[int, int, int]:
    return (one.new, one.whole, one.coarse)


section.register(Finer, finer)
