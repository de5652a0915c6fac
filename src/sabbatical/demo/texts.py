"""The demo on texts: rules first, then models that learn, on the same holdout; then a finer taxonomy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from importlib import resources
from typing import Any

import yaml

from sabbatical.demo.chapters import customers_chapter, parents_of, teaching_chapter
from sabbatical.demo.finer import SecondTurn, holdout, second_turn
from sabbatical.demo.finer_chapter import Finer
from sabbatical.demo.play import Contest, Taken
from sabbatical.demo.telling import Teller
from sabbatical.report.chapters.behaviour import behaviour_of
from sabbatical.report.picture import Picture
from sabbatical.report.story import Chapter, Contender, Judgement, Step, Story, Summary
from sabbatical.report.story import Contest as ContestChapter
from sabbatical.report.words import points

RECIPES = ("rules", "linear", "best")
REFERENCES = (
    ("SciBERT, fine-tuned", 0.905),
    ("GPT-4 with examples", 0.930),
    ("TF-IDF, linear", 0.916),
)
"""Weighted F1 on the same holdout: the first two as published with the data set, the third as measured with it."""


@dataclass(frozen=True, kw_only=True)
class TextContest(Contest):
    """Both turns on texts, and the chapters that tell of the data as it was before the second."""

    opening: tuple[Chapter | None, ...]
    texts: dict[str, str]
    second: SecondTurn


def text_contest(taken: Taken, teller: Teller) -> TextContest:
    """Rules, a linear model and the best one, judged on the same holdout; then the same texts under finer tags."""
    first = _first_turn(taken, teller)
    pictures: dict[str, Picture] = {}
    texts: dict[str, str] = {}
    opening = (customers_chapter(taken, pictures, texts), teaching_chapter(taken, pictures, texts))
    second = second_turn(first, _behaviour(taken), teller)
    kept = {field.name: getattr(first, field.name) for field in fields(Contest)}
    return TextContest(**kept | {"later": (second.contest,)}, opening=opening, texts=texts, second=second)


def _first_turn(taken: Taken, teller: Teller) -> Contest:
    with teller.step("Train", "Rules first; a model has to beat them.") as told:
        runs = [taken.snapshot.start_train(recipe) for recipe in RECIPES]
        models = tuple(teller.together(runs, RECIPES))
        told.summary = ", ".join(f"{model.name} {recipe}" for model, recipe in zip(models, RECIPES, strict=True)) + "."
    with teller.step("Evaluate", "All on the same holdout.") as told:
        judges = holdout(taken)
        first = models[0].evaluate(judges, progress=teller.watch)
        others = [model.evaluate(judges, against=models[0], progress=teller.watch) for model in models[1:]]
        scores = [evaluation.report.metrics.overall.f1_weighted or 0 for evaluation in (first, *others)]
        named = ", ".join(f"{recipe} {score:.3f}" for recipe, score in zip(RECIPES, scores, strict=True))
        told.summary = f"Weighted F1: {named}."
    return Contest(taken, models, (first, *others), others[-1], RECIPES)


def _behaviour(taken: Taken) -> dict[str, Any]:
    """The behavioural tests that come with the data set."""
    tests = resources.files("sabbatical.catalogue") / taken.ready.name / "behaviour.yaml"
    document: dict[str, Any] = yaml.safe_load(tests.read_text("utf-8"))
    return document


def tell_texts(contest: TextContest, teller: Teller) -> Story:
    """The story, chapter by chapter."""
    taken, second = contest.taken, contest.second
    texts = dict(contest.texts)
    with teller.step("Report", "One file, to keep and to send.") as told:
        parents = parents_of(taken)
        report = second.contest.judged.report
        chapters = [
            *contest.opening,
            _contest(contest, REFERENCES),
            Finer(second, _contest(second.contest)),
            Judgement(report),
            behaviour_of(report),
            _summary(contest, teller),
        ]
        for sample in report.worst:
            texts[sample.item] = taken.project.item(sample.item).text or ""
        told.summary = f"{len(texts)} texts."
    return Story(
        title=f"Sabbatical demo, {taken.ready.name}",
        classes=tuple(parents),
        chapters=tuple(chapter for chapter in chapters if chapter is not None),
        parents=parents,
        texts=texts,
        place=taken.ready.name,
    )


def _contest(contest: Contest, references: tuple[tuple[str, float], ...] = ()) -> ContestChapter:
    contenders = [
        Contender(name, evaluation.report, train_seconds=model.record.record.get("seconds"))
        for name, model, evaluation in zip(contest.names, contest.models, contest.evaluations, strict=True)
    ]
    return ContestChapter(tuple(contenders), references=references)


def _summary(contest: TextContest, teller: Teller) -> Summary:
    turns = (contest, contest.second.contest)
    head = ("F1", *(name for turn in turns for name in turn.names), "texts")
    names = dict.fromkeys(name for turn in turns for name in turn.judged.report.classes)
    rows = [*(_row(name, turns) for name in names), _weighted(turns)]
    return Summary(
        head=head,
        rows=tuple(row for row in rows if row is not None),
        steps=tuple(Step(told.name, told.seconds, told.summary) for told in teller.steps if told.summary),
        commands=(
            ("sabbatical ingest texts.csv", "take in your own texts"),
            ("sabbatical train best", "one model from every taxonomy"),
            ("sabbatical evaluate", "judge it by class and slice"),
        ),
    )


def _row(name: str, turns: Sequence[Contest]) -> tuple[str, ...] | None:
    """F1 of one class by every model; None where no turn has a text of it."""
    scores = [evaluation.report.metrics.by_class.get(name) for turn in turns for evaluation in turn.evaluations]
    count = max((one.n for one in scores if one), default=0)
    cells = [points(one.f1) if one and one.n else points(None) for one in scores]
    return (name, *cells, str(count)) if count else None


def _weighted(turns: Sequence[Contest]) -> tuple[str, ...]:
    reports = [evaluation.report for turn in turns for evaluation in turn.evaluations]
    return ("weighted", *(points(one.metrics.overall.f1_weighted) for one in reports), str(reports[0].items))
