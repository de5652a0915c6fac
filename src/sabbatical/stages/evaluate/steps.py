"""The step that judges a model on the labels of a snapshot. Predictions are kept, so that going on is cheap."""

from __future__ import annotations

from typing import Any

from sabbatical.core.errors import BadFile, EmptyDataset, NotFound
from sabbatical.core.ids import document_id, new_id
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step
from sabbatical.report import Picture, evaluation_page, picture_of
from sabbatical.schemas.evaluate import Behaved, Report
from sabbatical.schemas.evaluation import EvaluateRequest
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import truth_of
from sabbatical.stages.evaluate import queries
from sabbatical.stages.evaluate.facts import Facts
from sabbatical.stages.evaluate.judging import Bench, judge
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import EvaluationRow

VERSION = 2  # of what a report holds; a higher one makes old evaluations be done anew


@step("evaluate")
def evaluate(step: Step) -> dict[str, Any]:
    """Judge a model, alone or against another on the same items."""
    asked = EvaluateRequest.model_validate(step.params)
    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        model = models.get(session, project, asked.model)
        other = models.get(session, project, asked.against) if asked.against else None
        snapshot = datasets.get(session, project, asked.snapshot)
        meaning = projects.state(session, project.id)
        anew = step.run_id if asked.again else False  # a run judges anew once: killed after, it finds its own
        chosen = asked.model_dump(exclude={"model", "snapshot"}) | {"against": other and other.id, "again": anew}
        settings = document_id({**chosen, "taxonomies": meaning, "v": VERSION})
        there = queries.same_evaluation(session, model.id, snapshot.id, settings)
    if there is not None:
        return {"evaluation": there.id, "model": model.name, "snapshot": snapshot.name}
    bench = _bench(step, asked, model, snapshot.id, snapshot.name)
    report = judge(bench, model, other, Part(step.progress, 0.05, 0.9), plain_threshold=asked.plain_threshold)
    if asked.behaviour is not None:
        step.progress.tell(0.9, "Trying its behaviour")
        kept = models.behave(step.workspace, model, asked.behaviour, bench.tree)
        report.behaviour = [Behaved.model_validate({**one, "failures": list(one["failures"])}) for one in kept]
    step.progress.tell(0.95, "Drawing the page")
    page = evaluation_page(report, _pictures(step, report), texts=_texts(step, report), parents=_parents(bench))
    summary = report.metrics.overall.model_dump(exclude_none=True)
    row = EvaluationRow(
        id=new_id("evl"),
        project_id=step.project,
        model_id=model.id,
        snapshot_id=snapshot.id,
        settings_id=settings,
        report=step.workspace.media.put(report.model_dump_json(by_alias=True).encode()),
        page=step.workspace.media.put(page.encode()),
        summary={"overall": summary, "sentences": report.sentences, "against": other and other.name},
        created_at=step.workspace.clock(),
    )
    with step.workspace.database.transaction() as session:
        session.add(row)
    return {"evaluation": row.id, "model": model.name, "snapshot": snapshot.name}


def _bench(step: Step, asked: EvaluateRequest, model: ModelVersion, snapshot_id: str, snapshot: str) -> Bench:
    workspace = step.workspace
    with workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        tree = projects.super_taxonomy_by_id(session, models.super_taxonomy_id(session, project, model.name))
    facts = Facts()
    rows = datasets.labels(workspace, project, snapshot_id, tuple(asked.splits))
    wanted = (one for one in rows if asked.taxonomies is None or one.taxonomy in asked.taxonomies)
    labels = datasets.label_columns(facts.noting(wanted), progress=step.progress)
    if not len(labels):
        raise EmptyDataset(
            f"The snapshot {snapshot} has no labeled items in {' or '.join(asked.splits)} to judge by.",
            hint="Each group falls into a split by a hash, so more data fill it. Name other splits with --split, or "
            f"pin a source when it comes in: `sabbatical ingest SOURCE --split {asked.splits[0]}`.",
        )
    with workspace.database.reading() as session:
        now = projects.super_taxonomy(session, step.project)[1]
        taxonomies = projects.as_read_now(session, labels.taxonomies, now)
    truth = truth_of(labels, now, taxonomies).told_in(now, tree)
    return Bench(workspace, step.project, snapshot, labels, facts, tree, truth)


def _shown(report: Report) -> list[str]:
    """The items that the page shows, each once."""
    shown = [sample.item for sample in report.worst]
    if report.comparison:
        turned = (*report.comparison.right_to_wrong, *report.comparison.wrong_to_right)
        shown += [sample.item for sample in turned]
    return list(dict.fromkeys(shown))


def _pictures(step: Step, report: Report) -> dict[str, Picture]:
    """Small pictures of the samples that the page shows; one that cannot be had is left out."""
    pictures: dict[str, Picture] = {}
    for item in _shown(report) if report.task == "boxes" else ():
        try:
            pictures[item] = picture_of(step.workspace.media.get(item))
        except (BadFile, NotFound):
            continue
    return pictures


def _texts(step: Step, report: Report) -> dict[str, str]:
    with step.workspace.database.reading() as session:
        return queries.texts(session, step.project, _shown(report)) if report.task == "text" else {}


def _parents(bench: Bench) -> dict[str, str | None]:
    return {node.name: node.parent for node in bench.tree.classes}
