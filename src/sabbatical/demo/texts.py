"""The demo on texts: rules first, then models that learn, on the same holdout; then a finer taxonomy."""

from __future__ import annotations

from importlib import resources
from typing import Any

import yaml

from sabbatical.demo.chapters import customers_chapter, parents_of, teaching_chapter
from sabbatical.demo.play import Contest, Taken
from sabbatical.demo.telling import Teller
from sabbatical.report.chapters.behaviour import behaviour_of
from sabbatical.report.picture import Picture
from sabbatical.report.story import Contender, Judgement, Step, Story, Summary
from sabbatical.report.story import Contest as ContestChapter

RECIPES = ("rules", "linear", "best")
REFERENCES = (
    ("SciBERT, fine-tuned", 0.905),
    ("GPT-4 with examples", 0.930),
    ("TF-IDF, linear", 0.916),
)
"""Weighted F1 on the same holdout: the first two as published with the data set, the third as measured with it."""


def text_contest(taken: Taken, teller: Teller) -> Contest:
    """Rules, a linear model and the best one, judged on the same holdout."""
    with teller.step("Train", "Rules first; a model has to beat them.") as told:
        runs = [taken.snapshot.start_train(recipe) for recipe in RECIPES]
        models = tuple(teller.together(runs, RECIPES))
        told.summary = ", ".join(f"{model.name} {recipe}" for model, recipe in zip(models, RECIPES, strict=True)) + "."
    with teller.step("Evaluate", "All on the same holdout.") as told:
        first = models[0].evaluate(taken.snapshot, progress=teller.watch)
        tests = _behaviour(taken)
        others = [
            model.evaluate(taken.snapshot, against=models[0], behaviour=tests, progress=teller.watch)
            for model in models[1:]
        ]
        scores = [evaluation.report.metrics.overall.f1_weighted or 0 for evaluation in (first, *others)]
        named = ", ".join(f"{recipe} {score:.3f}" for recipe, score in zip(RECIPES, scores, strict=True))
        told.summary = f"Weighted F1: {named}."
    return Contest(taken, models, (first, *others), others[-1])


def _behaviour(taken: Taken) -> dict[str, Any]:
    """The behavioural tests that come with the data set."""
    tests = resources.files("sabbatical.catalogue") / taken.ready.name / "behaviour.yaml"
    document: dict[str, Any] = yaml.safe_load(tests.read_text("utf-8"))
    return document


def tell_texts(contest: Contest, teller: Teller) -> Story:
    """The story, chapter by chapter."""
    taken = contest.taken
    pictures: dict[str, Picture] = {}
    texts: dict[str, str] = {}
    with teller.step("Report", "One file, to keep and to send.") as told:
        parents = parents_of(taken)
        report = contest.judged.report
        chapters = [
            customers_chapter(taken, pictures, texts),
            teaching_chapter(taken, pictures, texts),
            _contest(contest),
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


def _contest(contest: Contest) -> ContestChapter:
    contenders = [
        Contender(recipe, evaluation.report, train_seconds=model.record.record.get("seconds"))
        for recipe, model, evaluation in zip(RECIPES, contest.models, contest.evaluations, strict=True)
    ]
    return ContestChapter(tuple(contenders), references=REFERENCES)


def _summary(contest: Contest, teller: Teller) -> Summary:
    reports = [evaluation.report for evaluation in contest.evaluations]
    rows = [
        (
            name,
            *(f"{100 * (report.metrics.by_class[name].f1 or 0):.0f}" for report in reports),
            f"{reports[0].metrics.by_class[name].n}",
        )
        for name in reports[0].classes
        if reports[0].metrics.by_class[name].n
    ]
    weighted = [f"{100 * (report.metrics.overall.f1_weighted or 0):.1f}" for report in reports]
    rows.append(("weighted", *weighted, str(reports[0].items)))
    return Summary(
        head=("F1", *RECIPES, "texts"),
        rows=tuple(rows),
        steps=tuple(Step(told.name, told.seconds, told.summary) for told in teller.steps if told.summary),
        commands=(
            ("sabbatical ingest texts.csv", "take in your own texts"),
            ("sabbatical train best", "one model from every taxonomy"),
            ("sabbatical evaluate", "judge it by class and slice"),
        ),
    )
