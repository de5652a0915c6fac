"""The second turn of the demo on texts: a customer goes over to a finer taxonomy, and old labels stay useful.

From some day on the customer gives six tags in place of four; the texts of before keep their old labels. One model
learns from both. Beside it stands a model of the new labels alone, judged on the same holdout.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sabbatical.catalogue.workbench import read_csv
from sabbatical.demo.play import Contest, Taken, later_taxonomies
from sabbatical.demo.telling import Teller
from sabbatical.schemas.project import LabelChange
from sabbatical.sdk.evaluation import Evaluation
from sabbatical.sdk.model import Model
from sabbatical.sdk.snapshot import Snapshot

RECIPE = "best"
NAMES = ("new labels", "old and new")
TURN = 2


@dataclass(frozen=True, slots=True)
class LabelCount:
    """Labels of a snapshot: of the new version, of the old one and as fine as ever, and coarse ones of the old."""

    snapshot: str
    new: int
    whole: int
    coarse: int


@dataclass(frozen=True, slots=True)
class SecondTurn:
    """How the second turn went.

    `became` says of each old label how many texts carried it and what it stands for now. `on_old_labels` judges the
    model of both kinds by the holdout's labels of the old version, `before` the model that knew only these.
    """

    contest: Contest
    before: Evaluation
    became: tuple[tuple[int, LabelChange], ...]
    counts: tuple[LabelCount, LabelCount]
    on_old_labels: Evaluation


def second_turn(first: Contest, behaviour: dict[str, Any], teller: Teller) -> SecondTurn:
    """Add the new versions, take the new labels in, train and judge."""
    before = first.taken
    name = before.ready.judge
    with teller.step("New versions", "The customer splits a tag; what was labeled before is not thrown away.") as told:
        added = [before.project.taxonomy_add(before.ready.path(file)) for file in later_taxonomies(before.ready)]
        became = next(version.changes for version in added if version.name == name)
        told.summary = " ".join(one.words for one in became if one.change != "kept")
    taken = _take(before, teller)
    models = _train(taken, teller)
    with teller.step("Evaluate again", "All on the six tags of the same holdout.") as told:
        judges = holdout(taken)
        alone = models[0].evaluate(judges, progress=teller.watch)
        both = models[-1].evaluate(judges, against=models[0], behaviour=behaviour, progress=teller.watch)
        on_old_labels = models[-1].evaluate(first.judged.record.snapshot, progress=teller.watch)
        scores = [evaluation.report.metrics.overall.f1_weighted or 0 for evaluation in (alone, both)]
        named = ", ".join(f"{name} {score:.3f}" for name, score in zip(NAMES, scores, strict=True))
        told.summary = f"Weighted F1 over the finer tags: {named}."
    contest = Contest(taken, models, (alone, both), both, NAMES)
    by_label = before.snapshot.counts["by_label"][name]
    counted = tuple((by_label.get(one.label, 0), one) for one in became)
    new = sum(report.labels.added for report in taken.reports.values())
    counts = (_counts(before, became, name), _counts(taken, became, name, new))
    return SecondTurn(contest, first.judged, counted, counts, on_old_labels)


def holdout(taken: Taken) -> Snapshot:
    """The labels by which models are judged as they are now: of the published holdout, and of no other text.

    A near duplicate of one of its texts among the rest does not teach; it does not judge either.
    """
    sources = [source.source for source in taken.ready.plan.sources if source.split == "test"]
    return taken.project.snapshot(sources=sources)


def _take(before: Taken, teller: Teller) -> Taken:
    ready, project = before.ready, before.project
    reports = {}
    with teller.step(
        "New labels", "From some day on texts come under the new version; the rest stay as they were."
    ) as told:
        for source in ready.plan.sources:
            if source.turn == TURN:
                reports[source.source] = project.ingest(
                    ready.path(source.path), name=source.source, taxonomy=source.taxonomy, progress=teller.watch
                )
        snapshot = project.snapshot(progress=teller.watch)
        added = ", ".join(f"{name} {report.labels.added:,}" for name, report in reports.items())
        told.summary = f"{before.snapshot.name} to {snapshot.name}: labels of {added}; no item is new or moves."
    return Taken(ready, project, before.findings, reports, snapshot)


def _train(taken: Taken, teller: Teller) -> tuple[Model, ...]:
    """A model of the new labels, and one of both kinds."""
    with teller.step("Train again", "One model from old and new labels, beside one of the new alone.") as told:
        new = taken.project.snapshot(captured_from=_first_day(taken), progress=teller.watch)
        runs = [snapshot.start_train(RECIPE) for snapshot in (new, taken.snapshot)]
        models = tuple(teller.together(runs, NAMES))
        texts = [model.record.record["texts"] for model in models]
        told.summary = ", ".join(
            f"{model.name} {name} ({count} texts)" for model, name, count in zip(models, NAMES, texts, strict=True)
        )
        told.summary += "."
    return models


def _first_day(taken: Taken) -> datetime:
    """When the first of the texts came that were labeled under the new version and teach."""
    source = next(one for one in taken.ready.plan.sources if one.turn == TURN and one.split == "train")
    days = (str(row["created_on"]) for row in read_csv(taken.ready.path(source.path)))
    return datetime.fromisoformat(f"{min(days)}+00:00")


def _counts(taken: Taken, became: list[LabelChange], name: str, new: int = 0) -> LabelCount:
    """Labels of the snapshot, of which `new` are of the new version; a label that was split is coarse."""
    by_label = taken.snapshot.counts["by_label"][name]
    coarse = sum(by_label.get(one.label, 0) for one in became if one.change == "split")
    return LabelCount(taken.snapshot.name, new, sum(by_label.values()) - new - coarse, coarse)
