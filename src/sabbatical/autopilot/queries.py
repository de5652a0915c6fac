"""Policies, turns and new labels in SQL."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sabbatical.storage.tables import PolicyRow, RevisionRow, RunRow, RunStepRow, SnapshotRow

TURN = "turn"


def policy(session: Session, project_id: str) -> PolicyRow | None:
    """The newest."""
    query = select(PolicyRow).where(PolicyRow.project_id == project_id)
    return session.scalar(query.order_by(PolicyRow.seq.desc()).limit(1))


def switched(session: Session, project_id: str) -> PolicyRow | None:
    """The newest that turned the loop on or off."""
    query = select(PolicyRow).where(PolicyRow.project_id == project_id, PolicyRow.verb != "set")
    return session.scalar(query.order_by(PolicyRow.seq.desc()).limit(1))


def policies(session: Session, project_id: str, before: int | None, limit: int) -> list[PolicyRow]:
    """Newest first."""
    query = select(PolicyRow).where(PolicyRow.project_id == project_id).order_by(PolicyRow.seq.desc())
    if before is not None:
        query = query.where(PolicyRow.seq < before)
    return list(session.scalars(query.limit(limit)))


def enabled_projects(session: Session) -> list[str]:
    """The projects whose newest policy is in force."""
    newest = select(func.max(PolicyRow.seq)).group_by(PolicyRow.project_id)
    return list(session.scalars(select(PolicyRow.project_id).where(PolicyRow.seq.in_(newest), PolicyRow.enabled)))


def turns(session: Session, project_id: str, before: str | None, limit: int) -> list[RunRow]:
    """Newest first."""
    query = select(RunRow).where(RunRow.project_id == project_id, RunRow.kind == TURN).order_by(RunRow.id.desc())
    if before is not None:
        query = query.where(RunRow.id < before)
    return list(session.scalars(query.limit(limit)))


def turn_with_key(session: Session, project_id: str, key: str) -> RunRow | None:
    return session.scalar(select(RunRow).where(RunRow.project_id == project_id, RunRow.key == key))


def last_turn_with_snapshot(session: Session, project_id: str) -> RunRow | None:
    """The newest whose snapshot is done, however it went on."""
    query = select(RunRow).join(RunStepRow).where(RunRow.project_id == project_id, RunRow.kind == TURN)
    done = query.where(RunStepRow.name == "snapshot", RunStepRow.state == "done")
    return session.scalar(done.order_by(RunRow.id.desc()).limit(1))


def last_revision(session: Session, project_id: str) -> int:
    return int(session.scalar(select(func.max(RevisionRow.seq)).where(RevisionRow.project_id == project_id)) or 0)


def last_cutoff(session: Session, project_id: str) -> int:
    """The last label revision that a snapshot holds."""
    return int(session.scalar(select(func.max(SnapshotRow.cutoff)).where(SnapshotRow.project_id == project_id)) or 0)


def labels_since(session: Session, project_id: str, revision: int) -> int:
    """How many items were labeled after a revision."""
    query = select(func.count(func.distinct(RevisionRow.item_id)))
    return int(session.scalar(query.where(RevisionRow.project_id == project_id, RevisionRow.seq > revision)) or 0)
