"""Model versions in SQL."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sabbatical.storage.tables import ArtifactRow, ModelRow, SnapshotRow


def model_numbered(session: Session, project_id: str, number: int) -> ModelRow | None:
    return session.scalar(select(ModelRow).where(ModelRow.project_id == project_id, ModelRow.number == number))


def models(session: Session, project_id: str, before: int | None, limit: int) -> list[ModelRow]:
    """Models of a project, newest first."""
    query = select(ModelRow).where(ModelRow.project_id == project_id).order_by(ModelRow.number.desc())
    if before is not None:
        query = query.where(ModelRow.number < before)
    return list(session.scalars(query.limit(limit)))


def same_model(session: Session, snapshot_id: str, recipe_id: str, code_version: str) -> ModelRow | None:
    """A model that the same snapshot, recipe and code have made already."""
    query = select(ModelRow).where(
        ModelRow.snapshot_id == snapshot_id, ModelRow.recipe_id == recipe_id, ModelRow.code_version == code_version
    )
    return session.scalar(query.order_by(ModelRow.number.desc()).limit(1))


def artifact(session: Session, model_id: str, kind: str) -> ArtifactRow | None:
    return session.get(ArtifactRow, (model_id, kind))


def next_number(session: Session, project_id: str) -> int:
    return int(session.scalar(select(func.max(ModelRow.number)).where(ModelRow.project_id == project_id)) or 0) + 1


def snapshot_names(session: Session, ids: set[str]) -> dict[str, str]:
    query = select(SnapshotRow.id, SnapshotRow.number).where(SnapshotRow.id.in_(ids))
    return {row[0]: f"s{row[1]}" for row in session.execute(query)}
