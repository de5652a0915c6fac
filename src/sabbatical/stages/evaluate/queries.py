"""Reports in SQL."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from sabbatical.storage.tables import EvaluationRow, ItemRow, ModelRow


def evaluations(
    session: Session, project_id: str, model_id: str | None, before: str | None, limit: int
) -> list[EvaluationRow]:
    """Reports of a project, or of one model, newest first; ids sort by time."""
    query = select(EvaluationRow).where(EvaluationRow.project_id == project_id).order_by(EvaluationRow.id.desc())
    if model_id is not None:
        query = query.where(EvaluationRow.model_id == model_id)
    if before is not None:
        query = query.where(EvaluationRow.id < before)
    return list(session.scalars(query.limit(limit)))


def same_evaluation(session: Session, model_id: str, snapshot_id: str, settings_id: str) -> EvaluationRow | None:
    """The newest report of the same model on the same snapshot with the same settings."""
    query = select(EvaluationRow).where(
        EvaluationRow.model_id == model_id,
        EvaluationRow.snapshot_id == snapshot_id,
        EvaluationRow.settings_id == settings_id,
    )
    return session.scalars(query.order_by(EvaluationRow.id.desc()).limit(1)).first()


def model_names(session: Session, ids: set[str]) -> dict[str, str]:
    query = select(ModelRow.id, ModelRow.number).where(ModelRow.id.in_(ids))
    return {row[0]: f"v{row[1]}" for row in session.execute(query)}


def texts(session: Session, project_id: str, item_ids: list[str]) -> dict[str, str]:
    """What some items say, by id; images are left out."""
    query = select(ItemRow.id, ItemRow.text).where(ItemRow.project_id == project_id, ItemRow.id.in_(item_ids))
    return {row[0]: row[1] for row in session.execute(query) if row[1] is not None}
