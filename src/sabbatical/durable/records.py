"""The record of a flow's steps. What a step did and that it is done are written in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from sabbatical.storage.tables import RunStepRow

OPEN = ("running", "waiting")


def of(session: Session, run_id: str) -> list[RunStepRow]:
    """The steps of a run that began so far, in their order."""
    return list(session.scalars(select(RunStepRow).where(RunStepRow.run_id == run_id).order_by(RunStepRow.place)))


def of_runs(session: Session, run_ids: Sequence[str]) -> dict[str, list[RunStepRow]]:
    """As `of`, of many runs at once."""
    query = select(RunStepRow).where(RunStepRow.run_id.in_(run_ids)).order_by(RunStepRow.run_id, RunStepRow.place)
    found: dict[str, list[RunStepRow]] = {}
    for row in session.scalars(query):
        found.setdefault(row.run_id, []).append(row)
    return found


def get(session: Session, run_id: str, name: str) -> RunStepRow | None:
    return session.get(RunStepRow, (run_id, name))


def begin(session: Session, run_id: str, name: str, *, place: int, state: str, now: datetime) -> RunStepRow:
    """A step that begins, or goes on after a kill; one that had failed begins anew."""
    row = get(session, run_id, name)
    if row is None:
        row = RunStepRow(run_id=run_id, name=name, place=place, state=state, message="", started_at=now)
        session.add(row)
    elif row.state not in OPEN:
        row.result, row.ended_at, row.started_at, row.message = None, None, now, ""
    row.state, row.place = state, place
    session.flush()
    return row


def end(row: RunStepRow, state: str, now: datetime, *, message: str, result: dict[str, Any] | None) -> None:
    row.state, row.ended_at, row.message, row.result = state, now, message, result
