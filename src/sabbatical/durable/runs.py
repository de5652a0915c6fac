"""The record of runs: asked, claimed, told, ended. Only this file changes a run's state."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sabbatical.core.errors import Conflict, NotFound
from sabbatical.core.ids import new_id
from sabbatical.storage.tables import RunRow

HEARTBEAT_SECONDS = 1.0
STALE_SECONDS = 20.0
ENDED = ("done", "failed", "cancelled")


def ask(
    session: Session,
    *,
    project_id: str | None,
    kind: str,
    params: dict[str, Any],
    now: datetime,
    key: str | None = None,
) -> RunRow:
    """Record a run to be done. The same `key` again gives the same run, queued anew if it failed or was cancelled.

    Raises:
        Conflict: the key was used for something else.
    """
    if key is not None:
        row = session.scalar(select(RunRow).where(RunRow.project_id == project_id, RunRow.key == key))
        if row is not None:
            if (row.kind, row.params) != (kind, params):
                raise Conflict("This Idempotency-Key was used for another request.", hint="Take a fresh key.")
            if row.state in {"failed", "cancelled"}:
                _queue_again(row)
            return row
    row = RunRow(
        id=new_id("run"),
        project_id=project_id,
        kind=kind,
        key=key,
        params=params,
        state="queued",
        fraction=0.0,
        message="Waiting to start",
        numbers={},
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _queue_again(row: RunRow) -> None:
    row.state = "queued"
    row.error = None
    row.ended_at = None
    row.message = "Waiting to go on"


def get(session: Session, run_id: str) -> RunRow:
    """The run.

    Raises:
        NotFound: there is none of this id.
    """
    row = session.get(RunRow, run_id)
    if row is None:
        raise NotFound(f"There is no run '{run_id}'.", hint="See `sabbatical run list`.")
    return row


def page(session: Session, project_id: str | None, *, after: str | None, limit: int) -> list[RunRow]:
    """Runs of a project (or all), newest first, older than the run `after`."""
    query = select(RunRow).order_by(RunRow.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(RunRow.project_id == project_id)
    if after is not None:
        query = query.where(RunRow.id < after)
    return list(session.scalars(query))


def stalled(row: RunRow, now: datetime) -> bool:
    """Whether nobody seems to be at work on a run that has not ended."""
    if row.state in ENDED:
        return False
    last = row.created_at if row.heartbeat_at is None else row.heartbeat_at
    return now - last > timedelta(seconds=STALE_SECONDS)


def claim(session: Session, run_id: str, now: datetime) -> RunRow:
    """Take a run for this process: one that waits, or one whose process died (its heartbeat is stale).

    Raises:
        Conflict: it has ended, or another process is at work on it.
    """
    stale = now - timedelta(seconds=STALE_SECONDS)
    free = (RunRow.state == "queued") | (RunRow.state.in_(("running", "stopping")) & (RunRow.heartbeat_at < stale))
    claimed = session.execute(
        update(RunRow)
        .where(RunRow.id == run_id, free)
        .values(state="running", started_at=now, heartbeat_at=now, message="Started", error=None)
        .returning(RunRow.id)
    ).scalar()
    row = get(session, run_id)
    if claimed is None:
        raise Conflict(f"Run {run_id} is {row.state}; it cannot be started now.", hint="Look at its progress instead.")
    session.refresh(row)
    return row


def tell(
    session: Session, run_id: str, *, fraction: float, message: str, numbers: dict[str, Any], now: datetime
) -> bool:
    """Record progress; answers whether the run should stop."""
    state = session.execute(
        update(RunRow)
        .where(RunRow.id == run_id)
        .values(fraction=fraction, message=message, numbers=numbers, heartbeat_at=now)
        .returning(RunRow.state)
    ).scalar()
    return state != "running"


def cancel(session: Session, run_id: str, now: datetime) -> RunRow:
    """Ask a run to stop; one that has not begun ends at once."""
    row = get(session, run_id)
    if row.state == "queued":
        row.state, row.ended_at, row.message = "cancelled", now, "Cancelled before it began"
    elif row.state == "running":
        row.state, row.message = "stopping", "Stopping"
    return row


def resume(session: Session, run_id: str, now: datetime) -> RunRow:
    """Let a run be done again: one that waits, failed, was cancelled, or whose process died.

    A run that is done, or that somebody is at work on, stays as it is.
    """
    row = get(session, run_id)
    if row.state in {"failed", "cancelled"} or (row.state in {"running", "stopping"} and stalled(row, now)):
        _queue_again(row)
    return row


def end(
    session: Session,
    run_id: str,
    state: str,
    now: datetime,
    *,
    message: str,
    result: dict[str, Any] | None = None,
    error: dict[str, Any] | None = None,
) -> None:
    values: dict[str, Any] = {"state": state, "ended_at": now, "message": message, "result": result, "error": error}
    if state == "done":
        values["fraction"] = 1.0
    session.execute(update(RunRow).where(RunRow.id == run_id).values(**values))


def abandoned(session: Session, now: datetime) -> list[str]:
    """Runs whose process died: they may be claimed again."""
    stale = now - timedelta(seconds=STALE_SECONDS)
    query = select(RunRow.id).where(RunRow.state.in_(("running", "stopping")), RunRow.heartbeat_at < stale)
    return list(session.scalars(query))
