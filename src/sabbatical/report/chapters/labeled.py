"""Chapter: what was labeled with the model's help, what became of its suggestions, and how long a task took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sabbatical.report.card import Card, Context, Section, Table, key, sign
from sabbatical.report.charts.axis import Axis, axis_of, tick_text
from sabbatical.report.charts.distribution import distribution
from sabbatical.report.charts.pairs import pairs
from sabbatical.report.charts.rows import MIDDLE, Row, dot, ring, rows
from sabbatical.report.charts.share_bars import Bar, Part, share_bars
from sabbatical.report.charts.text_list import text_list
from sabbatical.report.loop_story import Labeled, Spread, Tally
from sabbatical.report.markup import el, join
from sabbatical.report.words import (
    NOT_MEASURED,
    Stress,
    Words,
    amount,
    bad,
    count,
    counted,
    duration,
    new,
    percent,
    strong,
)

PLURAL = {"box": "boxes"}
PAIRS, TEXTS = 6, 6
BINS = 16
LOOKS = {"accepted": "h6", "corrected": "h4", "renamed": "h2", "deleted": "bad", "drawn": "ink"}


def labeled(chapter: Labeled, context: Context) -> Section:
    cards = [_suggestions(chapter)]
    if any(tally.seconds for tally in chapter.tallies):
        cards += _seconds(chapter)
    if chapter.pairs:
        cards.append(_pairs(chapter, context))
    if chapter.texts:
        legend = key((sign("machine"), "suggested"), (sign("person"), "kept"))
        cards.append(Card("Some of them", text_list(chapter.texts[:TEXTS], context), "tags", legend))
    tasks = sum(tally.tasks for tally in chapter.tallies)
    headline = chapter.headline or _headline(chapter, tasks)
    return Section("Labels", headline, _numbers(chapter), tuple(cards), counted(tasks, "task"))


def _total(chapter: Labeled, what: str) -> int:
    return sum(int(getattr(tally, what)) for tally in chapter.tallies)


def _headline(chapter: Labeled, tasks: int) -> Words:
    helped, scratch = _spent(chapter.tallies)
    done: list[str | Stress] = [f"{counted(tasks, 'task')} labeled"]
    done += [" by simulated labelers"] if chapter.simulated else []
    if helped is None or not scratch:
        return (*done, ".")
    if helped < scratch:
        return (*done, ", in ", new(f"{percent(1 - helped / scratch)} less time"), " with the model's help.")
    return (*done, "; the model's help ", bad("saved no time"), ".")


def _numbers(chapter: Labeled) -> Words:
    words: list[str | Stress] = []
    helped, scratch = _spent(chapter.tallies)
    if helped is not None:
        words += [strong(duration(helped)), " of hands at work"]
        words += [" instead of ", strong(duration(scratch)), " from scratch"] if scratch else []
        words.append(". ")
    if chapter.simulated:
        words.append(
            "Nobody was timed: the labelers are simulated and err as people do; their seconds follow the "
            "keystroke-level model."
        )
    return tuple(words)


def _spent(tallies: Sequence[Tally]) -> tuple[float | None, float | None]:
    """Seconds with help and from scratch, all tasks together, where they are known."""
    helped = [s for tally in tallies for s in tally.seconds]
    scratch = [s for tally in tallies for s in tally.scratch]
    return (sum(helped) if helped else None), (sum(scratch) if scratch else None)


def _suggestions(chapter: Labeled) -> Card:
    plural = PLURAL.get(chapter.noun, chapter.noun + "s")
    kinds = tuple(LOOKS)
    bars = [
        Bar(
            tally.name,
            tuple(Part(getattr(tally, k), LOOKS[k], f"{count(getattr(tally, k))} {k}") for k in kinds),
            counted(tally.tasks, "task"),
            counted(tally.accepted + tally.corrected + tally.renamed + tally.drawn, chapter.noun, plural),
        )
        for tally in chapter.tallies
    ]
    kept = _total(chapter, "accepted")
    changed = kept + _total(chapter, "corrected") + _total(chapter, "renamed")
    suggested, final = changed + _total(chapter, "deleted"), changed + _total(chapter, "drawn")
    words = {"accepted": "accepted as it was", "corrected": "edges moved", "renamed": "renamed", "deleted": "deleted"}
    words["drawn"] = "drawn anew"
    if chapter.noun != "box":
        words |= {"corrected": "corrected", "drawn": "chosen anew"}
    legend = key(*((sign(LOOKS[k]), words[k]) for k in kinds if _total(chapter, k)))
    says: Words = (
        "Of 100 suggested ",
        f"{plural}, ",
        strong(f"{100 * kept / suggested:.0f}"),
        " were kept as they were; ",
        strong(f"{100 * _total(chapter, 'drawn') / max(final, 1):.0f}"),
        f" of 100 final {plural} were the labelers' own.",
    ) if suggested else ()  # fmt: skip
    rows_ = tuple((t.name, count(t.tasks), *(count(getattr(t, k)) for k in kinds)) for t in chapter.tallies)
    table = Table(("", "tasks", *kinds), rows_)
    body = share_bars(bars, title="What became of the suggestions", to_scale=True)
    return Card("What became of the suggestions", body, plural, legend, says, table, 4)


def _seconds(chapter: Labeled) -> list[Card]:
    timed = [tally for tally in chapter.tallies if tally.seconds]
    together = Tally(
        "all",
        sum(tally.tasks for tally in timed),
        seconds=tuple(s for tally in timed for s in tally.seconds),
        scratch=tuple(s for tally in timed for s in tally.scratch),
    )
    told = [*timed, together] if len(timed) > 1 else timed
    medians = [float(np.median(s)) for tally in told for s in (tally.seconds, tally.scratch) if s]
    axis = axis_of([0.0, *medians], 5, floor=0.0)
    body = rows("Seconds a task", axis, ("with help", "without"), [_tally(t, axis) for t in told], tick_text)
    legend = key((sign("hollow"), "from scratch"), (sign("filled"), "with the model"))
    sub = "seconds, median" + (", simulated by keystrokes" if chapter.simulated else "")
    cards = [Card("Seconds a task", body, sub, legend, _saved(together), width=4)]
    shape = _shape(together)
    if shape:
        legend = key((sign("ink-line"), "from scratch"), (sign("h4"), "with help"))
        body = distribution("Seconds of all tasks", shape, "seconds a task", 196.0)
        halves = f"{np.median(together.seconds):.0f} s; from scratch it is {np.median(together.scratch):.0f} s"
        cards.append(
            Card("All tasks", body, "share of the tasks, %", legend, f"Half of them are done in {halves}.", width=4)
        )
    return cards


def _tally(tally: Tally, axis: Axis) -> Row:
    helped = float(np.median(tally.seconds))
    marks, says, scratch_cell = [dot(axis, helped, "accent")], f"{duration(helped)} with help", NOT_MEASURED
    if tally.scratch:
        scratch = float(np.median(tally.scratch))
        line = el(
            "line",
            x1=axis.percent(scratch),
            x2=axis.percent(helped),
            y1=MIDDLE,
            y2=MIDDLE,
            class_="db",
            style=f"stroke:var(--{'accent' if helped < scratch else 'bad-fill'})",
        )
        marks = [line, ring(axis, scratch), *marks]
        says += f", {duration(scratch)} from scratch"
        scratch_cell = amount(scratch, "s")
    name = el("span", el("span", tally.name), class_="cls")
    return Row(name, join(marks), says, (el("b", amount(helped, "s"), class_="v"), scratch_cell))


def _shape(tally: Tally) -> Spread | None:
    """Both distributions over the same edges; the longest hundredth stands in the last bar."""
    if not tally.scratch or len(tally.seconds) < BINS:
        return None
    both = np.asarray([*tally.seconds, *tally.scratch])
    edges = np.linspace(0.0, float(np.percentile(both, 99)), BINS + 1)
    helped, scratch = (
        np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0] for values in (tally.seconds, tally.scratch)
    )
    return Spread(tuple(edges.tolist()), tuple(scratch.tolist()), tuple(helped.tolist()))


def _saved(tally: Tally) -> Words:
    helped, scratch = _spent([tally])
    if not helped or not scratch or not tally.tasks:
        return ()
    saved = (scratch - helped) / tally.tasks
    kind = new if saved > 0 else bad
    verb = "saves" if saved > 0 else "costs"
    return (f"The model's help {verb} ", kind(amount(abs(saved), "s")), " a task in the mean.")


def _pairs(chapter: Labeled, context: Context) -> Card:
    shown = chapter.pairs[:PAIRS]
    shown = shown[: len(shown) // 3 * 3] or shown
    legend = key(
        (sign("machine"), f"suggested{' by ' + chapter.model if chapter.model else ''}"), (sign("person"), "kept")
    )
    sub = f"{len(shown)} of {counted(sum(t.tasks for t in chapter.tallies), 'task')}"
    return Card("Suggested, and kept", pairs(shown, context), sub, legend)
