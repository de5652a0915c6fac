"""The record of runs: asked, claimed, told, released, ended. Only this file changes a run's state.

queued -> running -> done | failed | cancelled
  ^          |  \\-> stopping -> cancelled
  \\----------/   released: its process was told to end, or died
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from sabbatical.core.errors import Conflict, NotFound, Stopped
from sabbatical.core.ids import new_id
from sabbatical.storage.tables import RunRow

HEARTBEAT_SECONDS = 1.0
STALE_SECONDS = 20.0
ENDED = ("done", "failed", "cancelled")
AT_WORK = ("running", "stopping")
ALONE = ("turn",)
"""Kinds of which a project has one under way at a time; the database sees to it too (`uq_run_turn_under_way`)."""


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
        Conflict: the key was used for something else; or the project has another run of a kind of which it has one at
            a time.
    """
    if key is not None:
        row = _with_key(session, project_id, key, params)
        if row is not None:
            if (row.kind, row.params) != (kind, params):
                raise Conflict("This Idempotency-Key was used for another request.", hint="Take a fresh key.")
            if row.state in {"failed", "cancelled"}:
                _begin_again(session, row)
            return row
    _check_alone(session, project_id, kind)
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


def _with_key(session: Session, project_id: str | None, key: str, params: dict[str, Any]) -> RunRow | None:
    """The run that was asked with this key; one asked without a project may have got one meanwhile."""
    if project_id is not None:
        return session.scalar(select(RunRow).where(RunRow.project_id == project_id, RunRow.key == key))
    rows = session.scalars(select(RunRow).where(RunRow.key == key))
    return next((row for row in rows if row.project_id is None or row.params == params), None)


def under_way(session: Session, project_id: str, kind: str) -> RunRow | None:
    """The newest run of a kind that has not ended."""
    query = select(RunRow).where(RunRow.project_id == project_id, RunRow.kind == kind, RunRow.state.not_in(ENDED))
    return session.scalar(query.order_by(RunRow.id.desc()).limit(1))


def _check_alone(session: Session, project_id: str | None, kind: str) -> None:
    """That a run which is to begin, or to begin again, is the only one of its kind where it must be.

    Writers queue, so what is seen here stays true until it is written.
    """
    other = under_way(session, project_id, kind) if project_id is not None and kind in ALONE else None
    if other is not None:
        raise Conflict(
            f"Another {kind} of this project is under way, and there is one at a time: {other.id} ({other.state}).",
            where=f"run {other.id}",
            hint=f"Wait for it (`sabbatical run show {other.id}`), or stop it: `sabbatical run cancel {other.id}`.",
        )


def _begin_again(session: Session, row: RunRow) -> None:
    _check_alone(session, row.project_id, row.kind)
    _queue_again(row)


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


def some(session: Session, run_ids: Sequence[str]) -> dict[str, RunRow]:
    """Those of these runs that are there, by id."""
    if not run_ids:
        return {}
    return {row.id: row for row in session.scalars(select(RunRow).where(RunRow.id.in_(run_ids)))}


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


def claim(session: Session, run_id: str, now: datetime, *, alone: bool = False) -> RunRow:
    """Take a run for this process: one that waits, or one whose process died.

    A process died if its heartbeat is stale, or if the caller knows that nobody else is at work on it (`alone`). A run
    that was to stop when its process died is not taken but ends: the answer is cancelled.

    Raises:
        Conflict: it has ended, or another process is at work on it.
    """
    dead = RunRow.state.in_(AT_WORK) if alone else _abandoned(now)
    ended = session.execute(
        update(RunRow)
        .where(RunRow.id == run_id, RunRow.state == "stopping", dead)
        .values(state="cancelled", ended_at=now, message="Cancelled")
        .returning(RunRow.id)
    ).scalar()
    claimed = session.execute(
        update(RunRow)
        .where(RunRow.id == run_id, (RunRow.state == "queued") | dead)
        .values(state="running", started_at=now, heartbeat_at=now, message="Started", error=None)
        .returning(RunRow.id)
    ).scalar()
    row = get(session, run_id)
    session.refresh(row)
    if ended is not None:
        row.message = _cancelled(row)
    if claimed is None and ended is None:
        raise Conflict(f"Run {run_id} is {row.state}; it cannot be started now.", hint="Look at its progress instead.")
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


def cancel(session: Session, run_id: str, now: datetime, why: str = "") -> RunRow:
    """Ask a run to stop; one that nobody is at work on ends at once. `why`: who or what wants it, in a sentence."""
    row = get(session, run_id)
    if row.state in {"queued", "running"} and why:
        row.error = Stopped(why).to_dict()
    if row.state == "queued" or (row.state in AT_WORK and stalled(row, now)):
        row.state, row.ended_at, row.message = "cancelled", now, _cancelled(row)
    elif row.state == "running":
        row.state, row.message = "stopping", "Stopping"
    return row


def why_cancelled(row: RunRow) -> str:
    """Who or what cancelled a run; empty where that is not known."""
    return str((row.error or {}).get("message", "")) if row.state in {"stopping", "cancelled"} else ""


def _cancelled(row: RunRow) -> str:
    why = str((row.error or {}).get("message", ""))
    return f"Cancelled: {why}" if why else "Cancelled"


def resume(session: Session, run_id: str, now: datetime) -> RunRow:
    """Let a run be done again: one that waits, failed, was cancelled, or whose process died.

    A run that is done, or that somebody is at work on, stays as it is.

    Raises:
        Conflict: another run of its kind is under way, of which a project has one at a time.
    """
    row = get(session, run_id)
    if row.state in {"failed", "cancelled"}:
        _begin_again(session, row)
    elif row.state in AT_WORK and stalled(row, now):
        _queue_again(row)
    return row


def release(session: Session, run_id: str) -> str:
    """Give back a run that this process was at work on, for another to go on with; answers its state.

    One that was to stop ends as cancelled; one that has ended stays as it is.
    """
    row = get(session, run_id)
    if row.state == "running":
        _queue_again(row)
    elif row.state == "stopping":
        row.state, row.message, row.ended_at = "cancelled", _cancelled(row), row.heartbeat_at
    return row.state


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
    """Record how a run ended; one that has ended already, as when a person cancelled it, stays as it is."""
    values: dict[str, Any] = {"state": state, "ended_at": now, "message": message, "result": result, "error": error}
    if state == "done":
        values["fraction"] = 1.0
    session.execute(update(RunRow).where(RunRow.id == run_id, RunRow.state.not_in(ENDED)).values(**values))


def waiting(session: Session, now: datetime, limit: int = 1000) -> list[tuple[str, str]]:
    """Runs to be done with their kinds, oldest first: those that wait, and those whose process died."""
    query = select(RunRow.id, RunRow.kind).where((RunRow.state == "queued") | _abandoned(now))
    return [(row[0], row[1]) for row in session.execute(query.order_by(RunRow.id).limit(limit))]


def _abandoned(now: datetime) -> Any:
    return RunRow.state.in_(AT_WORK) & (RunRow.heartbeat_at < now - timedelta(seconds=STALE_SECONDS))
