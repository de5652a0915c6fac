"""Ask for a judgement, find the reports that were made, read them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical import __version__
from sabbatical.core.errors import NotFound
from sabbatical.core.ids import document_id
from sabbatical.core.progress import Progress
from sabbatical.durable import runs
from sabbatical.schemas.evaluation import EvaluateRequest, EvaluationRecord
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.evaluate import queries
from sabbatical.stages.evaluate.confusion import taken_for
from sabbatical.stages.evaluate.facts import Facts
from sabbatical.stages.evaluate.slices import LEAST_TRUTHS, Part, cohort_parts, metadata_parts, pair_parts
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import EvaluationRow, RunRow
from sabbatical.storage.workspace import Workspace

__all__ = [
    "Facts",
    "Part",
    "ask",
    "cohort_parts",
    "get",
    "html",
    "make",
    "metadata_parts",
    "page",
    "pair_parts",
    "report",
    "taken_for",
]

__all__ = ["LEAST_TRUTHS", "ask", "get", "html", "make", "page", "report"]


def ask(session: Session, project: Project, asked: EvaluateRequest, now: datetime) -> RunRow:
    """A run that judges a model; asked again for the same it is the same run, unless `again`.

    The run's params are an `EvaluateRequest` with the names that are meant, none left open.

    Raises:
        NotFound: no such model or snapshot.
    """
    resolved = asked.model_copy(
        update={
            "model": models.get(session, project, asked.model).name,
            "snapshot": datasets.get(session, project, asked.snapshot).name,
            "against": asked.against and models.get(session, project, asked.against).name,
        }
    )
    params = resolved.model_dump(mode="json")
    key = None if asked.again else document_id(["evaluate", params, projects.state(session, project.id), __version__])
    return runs.ask(session, project_id=project.id, kind="evaluate", params=params, now=now, key=key)


def make(
    workspace: Workspace, project_id: str, asked: EvaluateRequest, progress: Progress, run_id: str
) -> EvaluationRecord:
    """The report that is asked for, found or made now; for the bodies of steps, since it takes long.

    A run that asks for it `again` makes it once: killed and done again, it finds its own.

    Raises:
        NotFound: no such model or snapshot, or items of the snapshot are gone.
        EmptyDataset: there is nothing to judge by.
        BadFile: the weights of a model are damaged.
        Interrupted: it was cancelled; what was answered is kept.
    """
    from sabbatical.stages.evaluate import making  # noqa: PLC0415 - who only reads reports draws none

    made = making.make(workspace, project_id, asked, progress, run_id)
    with workspace.database.reading() as session:
        return get(session, projects.by_id(session, project_id), made)


def get(session: Session, project: Project, evaluation_id: str) -> EvaluationRecord:
    """A report by its id.

    Raises:
        NotFound: there is none.
    """
    return _records(session, project, [_row(session, project, evaluation_id)])[0]


def page(
    session: Session, project: Project, model: str | None, after: str | None, limit: int
) -> Page[EvaluationRecord]:
    """Reports, of one model or of all, newest first."""
    model_id = models.get(session, project, model).id if model else None
    rows = queries.evaluations(session, project.id, model_id, after, limit + 1)
    return Page(rows=_records(session, project, rows[:limit]), next=rows[limit - 1].id if len(rows) > limit else None)


def report(workspace: Workspace, project: Project, evaluation_id: str) -> bytes:
    """The whole report as JSON (`schemas.evaluate.Report`)."""
    with workspace.database.reading() as session:
        key = _row(session, project, evaluation_id).report
    return workspace.media.get(key)


def html(workspace: Workspace, project: Project, evaluation_id: str) -> bytes:
    """The report as one self-contained page."""
    with workspace.database.reading() as session:
        key = _row(session, project, evaluation_id).page
    return workspace.media.get(key)


def _row(session: Session, project: Project, evaluation_id: str) -> EvaluationRow:
    row = session.get(EvaluationRow, evaluation_id)
    if row is None or row.project_id != project.id:
        raise NotFound(
            f"The project '{project.name}' has no report '{evaluation_id}'.", hint="Make one: `sabbatical evaluate`."
        )
    return row


def _records(session: Session, project: Project, rows: list[EvaluationRow]) -> list[EvaluationRecord]:
    snapshots = datasets.names(session, {row.snapshot_id for row in rows})
    named = queries.model_names(session, {row.model_id for row in rows})
    return [
        EvaluationRecord(
            id=row.id,
            project=project.name,
            model=named[row.model_id],
            snapshot=snapshots[row.snapshot_id],
            against=row.summary.get("against"),
            summary=row.summary,
            created_at=row.created_at,
        )
        for row in rows
    ]
