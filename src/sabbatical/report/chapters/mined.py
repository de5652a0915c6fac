"""Chapter: what the model fails at, with pictures, and what was ordered to mend it."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table, key, sign
from sabbatical.report.charts.axis import Axis, axis_of
from sabbatical.report.charts.entries import Entry, entries, scale
from sabbatical.report.charts.rows import band, dot, limit
from sabbatical.report.charts.share_bars import Bar, Part, share_bars
from sabbatical.report.charts.text_list import text_list
from sabbatical.report.charts.tiles import tiles, whole_rows
from sabbatical.report.loop_story import Issue, Mined
from sabbatical.report.markup import el, join
from sabbatical.report.words import (
    NOT_MEASURED,
    Stress,
    Words,
    bad,
    capital,
    count,
    counted,
    headed,
    listed,
    new,
    percent,
    small,
    strong,
    times,
)

SHOWN = 5


def mined(chapter: Mined, context: Context) -> Section:
    cards = [_issues(chapter)]
    if chapter.ordered:
        cards.append(_ordered(chapter))
    cards += [card for issue in chapter.issues if (card := _failures(issue, chapter, context))]
    headline = chapter.headline or _headline(chapter)
    return Section("Issues", headline, _numbers(chapter), tuple(cards), counted(len(chapter.issues), "issue"))


def _headline(chapter: Mined) -> Words:
    if not chapter.issues:
        return (f"{capital(chapter.model)} fails nowhere more than elsewhere.",)
    first = chapter.issues[0]
    found = small(len(chapter.issues), "issue").lower()
    where = "; in the largest" if len(chapter.issues) > 1 else ":"
    return (
        f"{capital(chapter.model)} has {found}{where} it fails ",
        bad(times(first.lift)),
        " as often as elsewhere.",
    )


def _numbers(chapter: Mined) -> Words:
    words: list[str | Stress] = []
    if chapter.answers:
        share = percent(chapter.failures / chapter.answers)
        words += [strong(count(chapter.answers)), " answers were looked at; "]
        words += [strong(count(chapter.failures)), f" failed or were unsure, {share}. "]
    tasks = sum(one.tasks for one in chapter.ordered)
    if tasks:
        words += [strong(counted(tasks, "task")), f" {'was' if tasks == 1 else 'were'} ordered"]
        words.append(f" of at most {count(chapter.budget)} a turn." if chapter.budget else ".")
    return tuple(words)


def _issues(chapter: Mined) -> Card:
    if not chapter.issues:
        return Card("Issues", el("p", "No group of failures stands out.", class_="so"), "failures grouped")
    ends = [1.0, *(end for one in chapter.issues for end in (one.lift, *(one.interval or ())))]
    axis = axis_of(ends, 5, floor=0.0)
    axis = Axis(0.0, 1.04 * axis.high, axis.ticks)
    body = entries([_entry(one, axis) for one in chapter.issues], title="Issues")
    legend = key((sign("dot bad"), "lift"), (sign("band bad"), "95% interval"), (sign("limit"), "1, as the rest"))
    sure = [one for one in chapter.issues if one.interval and one.interval[0] > 1]
    says: Words = (
        (strong(f"{len(sure)} of {len(chapter.issues)}"), " fail more often than the rest by more than chance.")
        if any(one.interval for one in chapter.issues)
        else ()
    )
    sub = "failures with something in common, by lift: how many times as often as the rest"
    return Card("What fails", body, sub, legend, says, _table(chapter), 7 if chapter.ordered else 12)


def _entry(one: Issue, axis: Axis) -> Entry:
    sure = one.interval is None or one.interval[0] > 1
    colour = "bad-fill" if sure else "ink-3"
    bar = band(axis, *one.interval, colour) if one.interval else None
    plot = join((scale(axis), limit(axis, 1.0), bar, dot(axis, one.lift, colour)))
    note: Words = (strong(f"{one.failures:,} of {one.answers:,}"), " answers here")
    if one.rest:
        note += (f", {one.rest[0]:,} of {one.rest[1]:,} elsewhere",)
    span = f"{one.interval[0]:.1f} to {one.interval[1]:.1f}" if one.interval else ""
    return Entry(str(one.number), f"issue {one.number}", headed(one.title), note, plot, times(one.lift), span, "issue")


def _table(chapter: Mined) -> Table:
    return Table(
        ("issue", "kind", "failures", "answers", "rate", "lift", "95% interval"),
        tuple(
            (
                f"#{one.number} {one.title}",
                one.kind or NOT_MEASURED,
                count(one.failures),
                count(one.answers),
                percent(one.failures / one.answers) if one.answers else NOT_MEASURED,
                f"{one.lift:.2f}",
                f"{one.interval[0]:.2f} to {one.interval[1]:.2f}" if one.interval else NOT_MEASURED,
            )
            for one in chapter.issues
        ),
    )


def _ordered(chapter: Mined) -> Card:
    bars = []
    for one in chapter.ordered:
        alike = max(one.tasks - one.failing, 0)
        parts = (
            Part(one.failing, "bad", f"{count(one.failing)} failures"),
            Part(alike, "h4", f"{count(alike)} like them"),
        )
        about = [f"for {listed([f'#{number}' for number in one.issues])}"] if one.issues else []
        about += [counted(one.groups, "scene")] if one.groups else []
        bars.append(Bar(one.customer, parts, ", ".join(about), counted(one.tasks, "task")))
    tasks = sum(one.tasks for one in chapter.ordered)
    legend = key((sign("bad"), "failures"), (sign("h4"), "others of the same slice"))
    says: Words = (
        new(counted(tasks, "task")),
        f" for {counted(len({one.customer for one in chapter.ordered}), 'customer')}, each in its own words.",
    )
    rows = tuple(
        (one.customer, one.name or NOT_MEASURED, count(one.tasks), count(one.failing)) for one in chapter.ordered
    )
    table = Table(("customer", "campaign", "tasks", "of which failed"), rows)
    body = share_bars(bars, title="Campaigns by customer", to_scale=True)
    return Card("What was ordered", body, "labeling tasks by customer", legend, says, table, 5)


def _failures(issue: Issue, chapter: Mined, context: Context) -> Card | None:
    title = f"#{issue.number} {headed(issue.title)}"
    sub = f"{count(issue.failures)} in all"
    if issue.shots:
        shots = whole_rows(issue.shots, 2 * SHOWN, SHOWN)
        hands = {drawn.hand for shot in shots for drawn in shot.drawn}
        entries_ = [(sign("machine"), f"{chapter.model} found")] if "machine" in hands else []
        entries_ += [(sign("nobody"), f"{chapter.model} missed")] if "nobody" in hands else []
        entries_ += [(sign("person"), "a person's label")] if "person" in hands else []
        return Card(title, tiles(shots, context), f"{len(shots)} of {sub}", key(*entries_))
    if issue.texts:
        legend = key((sign("person"), "a person's tag"), (sign("machine"), "the model's"))
        return Card(title, text_list(issue.texts[:SHOWN], context), sub, legend)
    return None
