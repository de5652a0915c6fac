"""Chapter: the table at the end, what was done and how long it took, and what to try next."""

from __future__ import annotations

from sabbatical.report.card import Card, Context, Section, Table, table
from sabbatical.report.markup import el, render
from sabbatical.report.story import Summary
from sabbatical.report.words import Words, duration, strong


def summary(chapter: Summary, context: Context) -> Section:
    cards = [
        Card(
            "Summary",
            el("div", table(Table(chapter.head, chapter.rows)), class_="big"),
            width=7 if chapter.steps else 12,
        )
    ]
    seconds = sum(step.seconds for step in chapter.steps)
    if chapter.steps:
        longest = max(step.seconds for step in chapter.steps) or 1.0
        steps = [(step, duration(step.seconds), 100 * step.seconds / longest) for step in chapter.steps]
        cards.append(Card("What was done", render("steps.html", steps=steps), f"{duration(seconds)} in all", width=5))
    if chapter.commands:
        cards.append(
            Card("Try next", render("commands.html", commands=chapter.commands), "copy a line into a terminal")
        )
    done: Words = (
        (f"From raw data to a judged model in {duration(seconds)}.",) if seconds else ("The result in one table.",)
    )
    numbers: Words = (
        (strong(str(len(chapter.steps))), " steps; every number here comes from this run.") if chapter.steps else ()
    )
    return Section("Summary", done, numbers, tuple(cards), duration(seconds) if seconds else "")
