"""Ask for a look for drift, find the looks that were made, read them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.core.errors import NotFound
from sabbatical.core.numbers import numbered
from sabbatical.durable import runs
from sabbatical.schemas.monitor import DriftRecord, MonitorRequest
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.stages.monitor import queries
from sabbatical.stages.release import actions as releases
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import DriftRow, RunRow
from sabbatical.storage.workspace import Workspace


def ask(session: Session, project: Project, asked: MonitorRequest, now: datetime, key: str | None = None) -> RunRow:
    """A run of kind "monitor" that looks for drift; the same key again is the same run.

    Its result: `{"drift": "d3" or None, "drifted": bool, "message": sentence}`. There is no look, and `drift` is None,
    where too little was answered to compare; a `hint` then says what to do.

    Raises:
        NotFound: no such model, or the project has none yet.
    """
    name = asked.model
    if name is None:
        champion = releases.champion(session, project)
        name = champion.name if champion else None
    resolved = asked.model_copy(update={"model": models.get(session, project, name).name})
    params = resolved.model_dump(mode="json")
    return runs.ask(session, project_id=project.id, kind="monitor", params=params, now=now, key=key)


def get(session: Session, project: Project, name: str | None = None) -> DriftRecord:
    """A look by its name (`d3`) or id; the newest without one.

    Raises:
        NotFound: there is none.
    """
    return _records(session, project, [_row(session, project, name)])[0]


def latest(session: Session, project: Project, model: str | None = None) -> DriftRecord | None:
    """The newest look, at one model or at any; None before the first."""
    rows = page(session, project, model, None, 1).rows
    return rows[0] if rows else None


def page(session: Session, project: Project, model: str | None, after: str | None, limit: int) -> Page[DriftRecord]:
    """Looks, at one model or at all, newest first."""
    model_id = models.get(session, project, model).id if model else None
    rows = queries.looks(session, project.id, model_id, int(after) if after else None, limit + 1)
    found = _records(session, project, rows[:limit])
    return Page(rows=found, next=str(rows[limit - 1].number) if len(rows) > limit else None)


def report(workspace: Workspace, project: Project, name: str | None = None) -> bytes:
    """Everything that a look found, as JSON (`schemas.monitor.DriftReport`).

    Raises:
        NotFound: there is no such look.
    """
    with workspace.database.reading() as session:
        key = _row(session, project, name).report
    return workspace.media.get(key)


def html(workspace: Workspace, project: Project, name: str | None = None) -> bytes:
    """A look as one self-contained page."""
    with workspace.database.reading() as session:
        key = _row(session, project, name).page
    return workspace.media.get(key)


def _row(session: Session, project: Project, name: str | None) -> DriftRow:
    found: DriftRow | None
    if name is None:
        found = next(iter(queries.looks(session, project.id, None, None, 1)), None)
    elif (number := numbered(name, "d")) is not None:
        found = queries.look_numbered(session, project.id, number)
    else:
        found = session.get(DriftRow, name)
    if found is None or found.project_id != project.id:
        raise NotFound(
            f"The project '{project.name}' has no look for drift{f' {name!r}' if name else ' yet'}.",
            hint="Make one with `sabbatical monitor report`, or see `sabbatical monitor list`.",
        )
    return found


def _records(session: Session, project: Project, rows: list[DriftRow]) -> list[DriftRecord]:
    named = queries.model_names(session, {row.model_id for row in rows})
    return [
        DriftRecord(
            id=row.id,
            name=f"d{row.number}",
            project=project.name,
            model=named[row.model_id],
            drifted=row.drifted,
            created_at=row.created_at,
            **row.summary,
        )
        for row in rows
    ]
