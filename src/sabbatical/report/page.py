"""Whole pages as one HTML file each: nothing is fetched from anywhere, nothing runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from sabbatical.report.card import Card, Context, Section, card
from sabbatical.report.chapters import section
from sabbatical.report.chapters.behaviour import behaviour_of
from sabbatical.report.chapters.contest import contest_headline, contest_numbers
from sabbatical.report.chapters.duel import duel_headline, duel_numbers
from sabbatical.report.chapters.evaluation import evaluation
from sabbatical.report.chapters.succession import succession_headline, succession_numbers
from sabbatical.report.loop_story import Succession
from sabbatical.report.markup import join, render, style
from sabbatical.report.palette import class_colours
from sabbatical.report.picture import Picture, definitions
from sabbatical.report.rows import in_rows
from sabbatical.report.story import Contest, Duel, Judgement, Story
from sabbatical.report.words import Words, plain, sentence
from sabbatical.schemas.evaluate import Comparison, Report


def evaluation_page(
    report: Report,
    pictures: Mapping[str, Picture] | None = None,
    comparison: Comparison | None = None,
    *,
    texts: Mapping[str, str] | None = None,
    parents: Mapping[str, str | None] | None = None,
) -> str:
    """The report of `sabbatical evaluate` as one HTML file.

    Args:
        report: what was measured; with a comparison (its own, or the one given) the page begins with who wins.
        pictures: by item, for the samples shown; an item without one shows an empty tile.
        comparison: instead of the report's own.
        texts: by item, for text tasks.
        parents: the parent of each class that has one; it decides the colours.
    """
    if comparison is not None:
        report = report.model_copy(update={"comparison": comparison})
    context = Context(class_colours(report.classes, parents), pictures or {}, texts or {})
    told = evaluation(report, context)
    place = f"{report.model} and {report.comparison.model}" if report.comparison else report.model
    sections = [replace(told, headline=(), numbers=())]
    if report.behaviour:
        sections.append(section(behaviour_of(report), context))
    return page(report.snapshot, place, told.headline, told.numbers, sections, context)


def demo_page(story: Story) -> str:
    """The demo's report as one HTML file: the conclusion, then chapter by chapter."""
    context = Context(class_colours(story.classes, story.parents), story.pictures, story.texts)
    headline, numbers = _conclusion(story)
    sections = [section(chapter, context) for chapter in story.chapters]
    return page(story.title, story.place, headline, numbers, sections, context)


def _conclusion(story: Story) -> tuple[Words | str, Words | str]:
    """The story's own headline, or that of its first chapter that compares, or judges."""
    if story.headline:
        return story.headline, story.numbers
    for chapter in story.chapters:
        if isinstance(chapter, Duel):
            return duel_headline(chapter), duel_numbers(chapter)
        if isinstance(chapter, Contest):
            return contest_headline(chapter), contest_numbers(chapter)
        if isinstance(chapter, Succession):
            return succession_headline(chapter), succession_numbers(chapter)
    for chapter in story.chapters:
        if isinstance(chapter, Judgement) and chapter.report.sentences:
            return chapter.report.sentences[0], story.numbers
    return story.title, story.numbers


def page(
    title: str,
    place: str,
    headline: Words | str,
    numbers: Words | str,
    sections: Sequence[Section],
    context: Context,
) -> str:
    """A page of these sections under one conclusion."""
    told = [(_id(index, one), one, _head(one), _cards(one.cards)) for index, one in enumerate(sections, 1)]
    body = join(cards for *_, cards in told)
    return str(
        render(
            "page.html",
            title=title,
            place=place,
            summary=plain(headline),
            headline=sentence(headline),
            numbers=sentence(numbers),
            sections=told,
            pictures=definitions(context.pictures, body),
            styles=join((style("tokens.css"), style("page.css"), style("charts.css"), style("loop.css"))),
        )
    )


def _id(index: int, one: Section) -> str:
    return f"part{index}"


def _head(one: Section) -> tuple[Markup, Markup]:
    return sentence(one.headline), sentence(one.numbers)


def _cards(cards: Sequence[Card]) -> Markup:
    return join(card(content) for content in in_rows(cards))
