"""Looks for drift, in SQL."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sabbatical.storage.tables import DriftRow, ModelRow


def look(session: Session, project_id: str, key: str) -> DriftRow | None:
    """The look that a run made."""
    return session.scalar(select(DriftRow).where(DriftRow.project_id == project_id, DriftRow.key == key))


def look_numbered(session: Session, project_id: str, number: int) -> DriftRow | None:
    return session.scalar(select(DriftRow).where(DriftRow.project_id == project_id, DriftRow.number == number))


def next_number(session: Session, project_id: str) -> int:
    return int(session.scalar(select(func.max(DriftRow.number)).where(DriftRow.project_id == project_id)) or 0) + 1


def looks(session: Session, project_id: str, model_id: str | None, before: int | None, limit: int) -> list[DriftRow]:
    """Looks of a project, or of one model, newest first."""
    query = select(DriftRow).where(DriftRow.project_id == project_id).order_by(DriftRow.number.desc())
    if model_id is not None:
        query = query.where(DriftRow.model_id == model_id)
    if before is not None:
        query = query.where(DriftRow.number < before)
    return list(session.scalars(query.limit(limit)))


def model_names(session: Session, ids: set[str]) -> dict[str, str]:
    query = select(ModelRow.id, ModelRow.number).where(ModelRow.id.in_(ids))
    return {row[0]: f"v{row[1]}" for row in session.execute(query)}
