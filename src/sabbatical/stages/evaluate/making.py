"""Judge a model on the labels of a snapshot, and keep the report. Predictions are kept, so that going on is cheap."""

from __future__ import annotations

from dataclasses import dataclass

from sabbatical.core.errors import BadFile, EmptyDataset, NotFound
from sabbatical.core.ids import document_id, new_id
from sabbatical.core.progress import Part, Progress
from sabbatical.report import Picture, evaluation_page, picture_of
from sabbatical.schemas.evaluate import Behaved, Report
from sabbatical.schemas.evaluation import EvaluateRequest
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import truth_of
from sabbatical.stages.evaluate import queries
from sabbatical.stages.evaluate.facts import Facts
from sabbatical.stages.evaluate.judging import Bench, judge
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import EvaluationRow
from sabbatical.storage.workspace import Workspace

VERSION = 2  # of what a report holds; a higher one makes old evaluations be done anew


@dataclass(frozen=True)
class Case:
    """What is to be judged: a request whose names were found. `settings` is one for reports that must be the same."""

    workspace: Workspace
    project: Project
    asked: EvaluateRequest
    model: ModelVersion
    other: ModelVersion | None
    snapshot_id: str
    snapshot: str
    settings: str


def make(workspace: Workspace, project_id: str, asked: EvaluateRequest, progress: Progress, run_id: str) -> str:
    """The id of the report that was asked for, found or made now. A run that asks for it `again` makes it once.

    Raises:
        NotFound: no such model or snapshot, or items of the snapshot are gone.
        EmptyDataset: there is nothing to judge by.
        BadFile: the weights of a model are damaged.
        Interrupted: it was cancelled; what was answered is kept.
    """
    case = _case(workspace, project_id, asked, run_id)
    if (there := _there(case)) is not None:
        return there
    bench = _bench(case, progress)
    report = judge(bench, case.model, case.other, Part(progress, 0.05, 0.9), plain_threshold=asked.plain_threshold)
    if asked.behaviour is not None:
        progress.tell(0.9, "Trying its behaviour")
        kept = models.behave(workspace, case.model, asked.behaviour, bench.tree)
        report.behaviour = [Behaved.model_validate({**one, "failures": list(one["failures"])}) for one in kept]
    progress.tell(0.95, "Drawing the page")
    page = evaluation_page(report, _pictures(case, report), texts=_texts(case, report), parents=_parents(bench))
    return _keep(case, report, page)


def _case(workspace: Workspace, project_id: str, asked: EvaluateRequest, run_id: str) -> Case:
    with workspace.database.reading() as session:
        project = projects.by_id(session, project_id)
        model = models.get(session, project, asked.model)
        other = models.get(session, project, asked.against) if asked.against else None
        snapshot = datasets.get(session, project, asked.snapshot)
        meaning = projects.state(session, project.id)
    anew = run_id if asked.again else False  # a run judges anew once: killed after, it finds its own
    chosen = asked.model_dump(exclude={"model", "snapshot"}) | {"against": other and other.id, "again": anew}
    settings = document_id({**chosen, "taxonomies": meaning, "v": VERSION})
    return Case(workspace, project, asked, model, other, snapshot.id, snapshot.name, settings)


def _there(case: Case) -> str | None:
    with case.workspace.database.reading() as session:
        row = queries.same_evaluation(session, case.model.id, case.snapshot_id, case.settings)
    return row.id if row else None


def _keep(case: Case, report: Report, page: str) -> str:
    """Keep a report, unless another run was faster with the same."""
    summary = report.metrics.overall.model_dump(exclude_none=True)
    row = EvaluationRow(
        id=new_id("evl"),
        project_id=case.project.id,
        model_id=case.model.id,
        snapshot_id=case.snapshot_id,
        settings_id=case.settings,
        report=case.workspace.media.put(report.model_dump_json(by_alias=True).encode()),
        page=case.workspace.media.put(page.encode()),
        summary={"overall": summary, "sentences": report.sentences, "against": case.other and case.other.name},
        created_at=case.workspace.clock(),
    )
    with case.workspace.database.transaction() as session:
        there = queries.same_evaluation(session, case.model.id, case.snapshot_id, case.settings)
        if there is None:
            session.add(row)
        return there.id if there else row.id


def _bench(case: Case, progress: Progress) -> Bench:
    workspace, project, asked = case.workspace, case.project, case.asked
    with workspace.database.reading() as session:
        tree = projects.super_taxonomy_by_id(session, models.super_taxonomy_id(session, project, case.model.name))
    facts = Facts()
    rows = datasets.labels(workspace, project, case.snapshot_id, tuple(asked.splits))
    wanted = (one for one in rows if asked.taxonomies is None or one.taxonomy in asked.taxonomies)
    labels = datasets.label_columns(facts.noting(wanted), progress=progress)
    if not len(labels):
        raise EmptyDataset(
            f"The snapshot {case.snapshot} has no labeled items in {' or '.join(asked.splits)} to judge by.",
            hint="Each group falls into a split by a hash, so more data fill it. Name other splits with --split, or "
            f"pin a source when it comes in: `sabbatical ingest SOURCE --split {asked.splits[0]}`.",
        )
    with workspace.database.reading() as session:
        now = projects.super_taxonomy(session, project.id)[1]
        taxonomies = projects.as_read_now(session, labels.taxonomies, now)
    truth = truth_of(labels, now, taxonomies).told_in(now, tree)
    return Bench(workspace, project.id, case.snapshot, labels, facts, tree, truth)


def _shown(report: Report) -> list[str]:
    """The items that the page shows, each once."""
    shown = [sample.item for sample in report.worst]
    if report.comparison:
        turned = (*report.comparison.right_to_wrong, *report.comparison.wrong_to_right)
        shown += [sample.item for sample in turned]
    return list(dict.fromkeys(shown))


def _pictures(case: Case, report: Report) -> dict[str, Picture]:
    """Small pictures of the samples that the page shows; one that cannot be had is left out."""
    pictures: dict[str, Picture] = {}
    for item in _shown(report) if report.task == "boxes" else ():
        try:
            pictures[item] = picture_of(case.workspace.media.get(item))
        except (BadFile, NotFound):
            continue
    return pictures


def _texts(case: Case, report: Report) -> dict[str, str]:
    with case.workspace.database.reading() as session:
        return queries.texts(session, case.project.id, _shown(report)) if report.task == "text" else {}


def _parents(bench: Bench) -> dict[str, str | None]:
    return {node.name: node.parent for node in bench.tree.classes}
