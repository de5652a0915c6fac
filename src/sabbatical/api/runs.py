"""Long work, asked by a request: recorded in its transaction, handed on after its commit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from fastapi import Header
from sqlalchemy.orm import Session

from sabbatical.api.context import Context
from sabbatical.core.ids import content_id
from sabbatical.durable import runs
from sabbatical.schemas.run import Run
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import RunRow

Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", max_length=200, description="The same key again answers what was made first."),
]


def request_key(key: str | None) -> str | None:
    """A client's key as the key of a run, apart from those that say what a run makes."""
    return f"request:{content_id(key.encode())}" if key else None


def dispatch(context: Context, row: RunRow) -> None:
    """Hand a run on, after the transaction that recorded it has been committed."""
    if row.state == "queued":
        context.dispatcher.dispatch(row.id, row.kind)


def wire(session: Session, row: RunRow, now: datetime) -> Run:
    return wires(session, [row], now)[0]


def wires(session: Session, rows: Iterable[RunRow], now: datetime) -> list[Run]:
    """Runs as clients see them, projects by name."""
    rows = list(rows)
    names = projects.names(session, {row.project_id for row in rows if row.project_id is not None})
    return [_wire(row, names, now) for row in rows]


def _wire(row: RunRow, names: dict[str, str], now: datetime) -> Run:
    fields = {name: getattr(row, name) for name in Run.model_fields if name not in {"project", "stalled"}}
    return Run(**fields, project=names.get(row.project_id or ""), stalled=runs.stalled(row, now))
