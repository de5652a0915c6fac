"""Chapter: the way of a model to all traffic, gate by gate and stage by stage, and who decided what."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table, key, sign
from sabbatical.report.chapters.gates import gates_card, with_verdict
from sabbatical.report.charts.axis import Axis, axis_of, tick_text
from sabbatical.report.charts.river import river
from sabbatical.report.charts.rows import Row, band, dot, ring, rows
from sabbatical.report.loop_story import Arm, Decision, Released, Stage
from sabbatical.report.markup import el, join, render
from sabbatical.report.words import (
    NOT_MEASURED,
    Stress,
    Words,
    amount,
    bad,
    capital,
    clock,
    count,
    counted,
    cut,
    duration,
    listed,
    new,
    percent,
    points,
    sentence,
    strong,
    times,
)

DONE = {
    "propose": "proposed", "gate": "judged at the gates", "hold": "held", "resume": "goes on", "reject": "rejected",
    "revert": "reverted", "replace": "replaced", "pin": "champion pinned", "unpin": "champion free again",
}  # fmt: skip
BAD = ("reject", "revert")
MANY = 4  # gates that fill a tall card
LONG = 170  # letters of why
ALIKE = 0.05  # of the time: no difference that anybody would feel


def release(chapter: Released, context: Context) -> Section:
    cards = []
    if chapter.stages:
        cards.append(_way(chapter))
    beside = len(chapter.gates) >= MANY and bool(chapter.decisions)
    cards.append(gates_card(chapter.gates, beside=beside))
    if chapter.decisions:
        cards.append(_decisions(chapter))
    if any(arm.median_ms is not None for _, arm in _arms(chapter)):
        cards.append(_latency(chapter))
    note = chapter.stages[-1].name if chapter.stages else "held back" if with_verdict(chapter.gates, "failed") else ""
    return Section(chapter.name, chapter.headline or _headline(chapter), _numbers(chapter), tuple(cards), note)


def _headline(chapter: Released) -> Words:
    failed, open_, passed = (with_verdict(chapter.gates, one) for one in ("failed", "undecided", "passed"))
    name, gates = capital(chapter.model), counted(len(chapter.gates), "gate")
    ended = chapter.decisions[-1].kind if chapter.decisions else ""
    if ended in BAD:
        still = f"; {chapter.before} answers" if chapter.before else ""
        return (f"{name} was ", bad(DONE[ended]), f"{still}.")
    if failed and not chapter.stages:
        return (f"{name} stays out: ", bad(f"{len(failed)} of {gates}"), " failed.")
    words: list[str | Stress] = [f"{name} passed {len(passed)} of {gates}" if failed else f"{name} passed {gates}"]
    if open_:
        words = [f"{name} passed {counted(len(passed), 'gate')}"]
        words.append(f", {len(open_)} could not be judged")
    last = chapter.stages[-1] if chapter.stages else None
    if last is None:
        return (*words, ".")
    if last.share >= 1:
        return (*words, " and took ", new("all traffic"), ".")
    if not last.share:
        return (*words, " and answers ", new("in the shadow"), ".")
    return (*words, " and answers ", new(percent(last.share)), " of the traffic.")


def _numbers(chapter: Released) -> Words:
    answered = sum(arm.requests for _, arm in _arms(chapter) if arm.model == chapter.model)
    failures = sum(arm.failures for _, arm in _arms(chapter))
    words: list[str | Stress] = []
    full = bool(chapter.stages) and chapter.stages[-1].share >= 1
    if chapter.before and not chapter.stages:
        words += [strong(chapter.before), " stays the champion. "]
    elif chapter.before:
        words += ["It met ", strong(chapter.before), f", the champion{' until then' if full else ''}. "]
    else:
        words.append("It is the first of its project: there was no champion to compare it with. ")
    if answered:
        fails = "no answer failed" if not failures else f"{counted(failures, 'answer')} failed"
        words += ["On the way it answered ", strong(counted(answered, "request")), f"; {fails}. "]
    people = sum(one.actor_kind == "person" for one in chapter.decisions)
    if chapter.decisions:
        who = "all by the loop" if not people else f"{people} by a person"
        words += [strong(counted(len(chapter.decisions), "decision")), f", {who}, each kept with its evidence."]
    return tuple(words)


def _arms(chapter: Released) -> list[tuple[Stage, Arm]]:
    return [(stage, arm) for stage in chapter.stages for arm in (stage.champion, stage.challenger) if arm]


def _way(chapter: Released) -> Card:
    stages = chapter.stages
    picture = river([(stage.name, stage.share) for stage in stages], chapter.before, chapter.model)
    old = (
        el("b", chapter.before or "no model before", class_="old" if chapter.before else "old none")
        if stages[0].share < 1
        else None
    )
    fresh = el("b", chapter.model, class_="new") if stages[-1].share >= 0.5 else None
    told = [(stage, _share(stage), [sentence(line) for line in _lines(stage, chapter)]) for stage in stages]
    body = el(
        "div",
        el("div", picture, old, fresh, class_="flows"),
        render("stages.html", stages=told),
        class_="way",
        style=f"--n:{len(stages)}",
    )
    entries_ = [(sign("ink"), chapter.before)] if chapter.before else []
    shadowed = [(sign("shadow"), "in the shadow: answers, nobody sees it")] if any(not s.share for s in stages) else []
    legend = key(*entries_, (sign("accent"), chapter.model), *shadowed)
    return Card("Who answers", body, "share of the traffic, as wide as it is", legend, _agreed(stages), _table(chapter))


def _share(stage: Stage) -> str:
    return "" if stage.share in (0, 1) else percent(stage.share)


def _lines(stage: Stage, chapter: Released) -> list[Words]:
    """What a stage says under its name, line by line."""
    lines: list[Words] = []
    arms = [arm for arm in (stage.champion, stage.challenger) if arm]
    if arms:
        lines.append(tuple(_alternating([(count(arm.requests), f" by {arm.model}") for arm in arms])))
    if stage.compared:
        lines.append(("same answer to ", strong(count(stage.agreed)), f" of {count(stage.compared)}"))
    fails = sum(arm.failures for arm in arms)
    if fails:
        lines.append((bad(f"{counted(fails, 'answer')} failed"),))
    if stage.began_at and stage.ended_at:
        lines.append((f"for {duration(max((stage.ended_at - stage.began_at).total_seconds(), 0.0))}",))
    if stage.note:
        lines.append((stage.note,))
    return lines


def _alternating(parts: list[tuple[str, str]]) -> list[str | Stress]:
    words: list[str | Stress] = []
    for i, (number, rest) in enumerate(parts):
        words += [", " if i else "", strong(number), rest]
    return words


def _agreed(stages: tuple[Stage, ...]) -> Words:
    compared = sum(stage.compared for stage in stages)
    if not compared:
        return ()
    same = sum(stage.agreed for stage in stages) / compared
    return (
        "Asked the same, both say the same, or most of it, in ",
        strong(f"{points(same)} of 100"),
        " cases; the rest is what changes.",
    )


def _table(chapter: Released) -> Table | None:
    rows_ = tuple(
        (
            stage.name,
            arm.model,
            percent(stage.share if arm is stage.challenger else 1 - stage.share),
            count(arm.requests),
            count(arm.failures),
            _ms(arm.median_ms),
            _ms(arm.p95_ms),
            NOT_MEASURED if arm.unsure is None else count(arm.unsure),
            f"{arm.wrong} of {arm.right + arm.wrong}" if arm.right + arm.wrong else NOT_MEASURED,
        )
        for stage, arm in _arms(chapter)
    )
    head = ("stage", "model", "share", "requests", "failed", "median", "95%", "unsure", "bad feedback")
    return Table(head, rows_) if rows_ else None


def _ms(value: float | None) -> str:
    return NOT_MEASURED if value is None else amount(value, "ms")


def _decisions(chapter: Released) -> Card:
    said = [
        (one, _done(one), cut(one.why, LONG), clock(one.at) if one.at else "", "bad" if one.kind in BAD else "")
        for one in chapter.decisions
    ]
    dates = dict.fromkeys(f"{one.at:%-d %B %Y}" for one in chapter.decisions if one.at)
    body = render("history.html", decisions=said)
    legend = key((sign("dot"), "a person"), (sign("ring"), "the loop"))
    return Card("Decisions", body, listed(dates), legend, width=5)


def _done(one: Decision) -> str:
    if one.what:
        return one.what
    if one.kind == "advance":
        return f"to {one.to}"
    if one.kind == "gate" and one.passed is not None:
        return f"gates {'passed' if one.passed else 'failed'}" + (f", to {one.to}" if one.passed and one.to else "")
    return DONE.get(one.kind, one.kind)


def _latency(chapter: Released) -> Card:
    """Median and 95th percentile of both arms, stage by stage."""
    arms = [(stage, arm) for stage, arm in _arms(chapter) if arm.median_ms is not None]
    axis = axis_of([0.0, *(arm.p95_ms or arm.median_ms or 0.0 for _, arm in arms)], 5, floor=0.0)
    body = rows("Latency", axis, ("median", "95%"), [_arm(s, a, axis, chapter) for s, a in arms], tick_text)
    entries_ = [(sign("hollow"), chapter.before)] if chapter.before else []
    legend = key(*entries_, (sign("filled"), chapter.model), (sign("band"), "to the 95%"))
    return Card("Latency", body, "ms an answer, median", legend, _slower(chapter), width=5)


def _arm(stage: Stage, arm: Arm, axis: Axis, chapter: Released) -> Row:
    fresh = arm.model == chapter.model
    median = arm.median_ms or 0.0
    bar = band(axis, median, arm.p95_ms, "accent" if fresh else "ink-2") if arm.p95_ms is not None else None
    marks = join((bar, dot(axis, median, "accent") if fresh else ring(axis, median)))
    says = f"median {_ms(arm.median_ms)}, 95% within {_ms(arm.p95_ms)}"
    name = el("span", el("span", f"{stage.name}, {arm.model}"), class_="cls")
    return Row(name, marks, says, (el("b", _ms(arm.median_ms), class_="v"), _ms(arm.p95_ms)))


def _slower(chapter: Released) -> Words:
    both = [(s.name, s.champion, s.challenger) for s in chapter.stages if s.champion and s.challenger]
    pace = [(name, old.median_ms, new.median_ms) for name, old, new in both]
    ratios = [(name, after / before) for name, before, after in pace if before and after]
    if not ratios:
        return ()
    other = chapter.before or "the other"
    if all(abs(ratio - 1) < ALIKE for _, ratio in ratios):
        return (f"{capital(chapter.model)} takes as long as {other}.",)
    words: Words = (f"{capital(chapter.model)} takes ",)
    for place, (name, ratio) in enumerate(ratios):
        words = (*words, ", " if place else "", strong(times(ratio)), f" in {name}")
    return (*words, f" as long as {other}.")
