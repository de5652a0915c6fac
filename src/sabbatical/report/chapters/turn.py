"""Chapter: one turn of the loop, step by step, and how long each took."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table, key, sign
from sabbatical.report.charts.gantt import gantt, started
from sabbatical.report.loop_story import TurnStep, TurnSteps
from sabbatical.report.words import Stress, Words, bad, capital, counted, duration, new, percent, strong


def turn(chapter: TurnSteps, context: Context) -> Section:
    whole = _whole(chapter)
    headline = chapter.headline or _headline(chapter, whole)
    return Section("Turn", headline, _numbers(chapter), (_steps(chapter),), duration(whole))


def _whole(chapter: TurnSteps) -> float:
    ends = [at + step.seconds for at, step in zip(started(chapter.steps), chapter.steps, strict=True)]
    return max(ends, default=0.0)


def _headline(chapter: TurnSteps, whole: float) -> Words:
    name = capital(chapter.turn)
    failed = next((step for step in chapter.steps if step.state == "failed"), None)
    if failed:
        return (f"{name} ended at ", bad(failed.name), f" after {duration(whole)}.")
    return (f"{name} took ", new(duration(whole)), ".")


def _numbers(chapter: TurnSteps) -> Words:
    words: list[str | Stress] = []
    if chapter.begun_by:
        words.append(f"{capital(chapter.begun_by.rstrip('.'))}. ")
    if chapter.outcome:
        words += [strong(capital(chapter.outcome.rstrip("."))), ". "]
    for name, value in chapter.numbers.items():
        words += [f"{capital(name)} ", strong(value), ". "]
    return tuple(words)


def _steps(chapter: TurnSteps) -> Card:
    steps = chapter.steps
    entries = [(sign("accent"), "work")]
    entries += [(sign("hatch"), "waiting for labels or traffic")] if any(step.waits for step in steps) else []
    entries += [(sign("bad"), "failed")] if any(step.state == "failed" for step in steps) else []
    table = Table(
        ("step", "began", "took", "how it ended"),
        tuple(
            (step.name, duration(at), duration(step.seconds), step.state)
            for at, step in zip(started(steps), steps, strict=True)
        ),
    )
    sub = f"{counted(len(steps), 'step')}, each kept so that a turn that is killed goes on where it was"
    return Card("What it did", gantt(steps, title="Steps of the turn"), sub, key(*entries), _says(steps), table)


def _says(steps: tuple[TurnStep, ...]) -> Words:
    whole = sum(step.seconds for step in steps)
    if not whole:
        return ()
    longest = max(steps, key=lambda step: step.seconds)
    waited = sum(step.seconds for step in steps if step.waits)
    words: list[str | Stress] = [strong(capital(longest.name)), f" took {percent(longest.seconds / whole)} of the time"]
    if waited:
        words.append(f"; {percent(waited / whole)} was waiting")
    return (*words, ".")
