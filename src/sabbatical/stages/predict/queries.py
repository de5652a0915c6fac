"""Predictions in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.storage.tables import ItemRow, ModelRow, PredictionRow, QuarantineRow

CHUNK = 2000


def stored(session: Session, model_id: str, item_ids: Sequence[str]) -> dict[str, PredictionRow]:
    """What the model has said of these items already."""
    found: dict[str, PredictionRow] = {}
    for chunk in batched(item_ids, CHUNK):
        query = select(PredictionRow).where(PredictionRow.model_id == model_id, PredictionRow.item_id.in_(chunk))
        found.update((row.item_id, row) for row in session.scalars(query))
    return found


def keep(session: Session, rows: list[dict[str, Any]]) -> None:
    """Keep predictions; what the model has said of an item once stays."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for chunk in batched(rows, CHUNK):
        session.execute(dialect.insert(PredictionRow.__table__).on_conflict_do_nothing(), chunk)


def items(session: Session, project_id: str, item_ids: Sequence[str]) -> dict[str, ItemRow]:
    found: dict[str, ItemRow] = {}
    for chunk in batched(item_ids, CHUNK):
        query = select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))
        found.update((row.id, row) for row in session.scalars(query))
    return found


def names(session: Session, project_id: str, item_ids: Sequence[str]) -> dict[str, str]:
    """The names of those items that the project has, by id."""
    found: dict[str, str] = {}
    for chunk in batched(item_ids, CHUNK):
        query = select(ItemRow.id, ItemRow.name).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))
        found.update((row.id, row.name) for row in session.execute(query))
    return found


def quarantined(session: Session, run_id: str, limit: int) -> list[QuarantineRow]:
    """The first of what a run set aside, in the order of its source."""
    query = select(QuarantineRow).where(QuarantineRow.run_id == run_id).order_by(QuarantineRow.number)
    return list(session.scalars(query.limit(limit)))


def count_quarantined(session: Session, run_id: str) -> int:
    query = select(func.count()).select_from(QuarantineRow).where(QuarantineRow.run_id == run_id)
    return int(session.scalar(query) or 0)


def of_model(session: Session, model_id: str, after: str, limit: int) -> list[PredictionRow]:
    """Predictions of a model by item id, after the item `after`."""
    query = select(PredictionRow).where(PredictionRow.model_id == model_id, PredictionRow.item_id > after)
    return list(session.scalars(query.order_by(PredictionRow.item_id).limit(limit)))


def of_item(session: Session, project_id: str, item_id: str, after: str, limit: int) -> list[PredictionRow]:
    """What the models of a project have said of an item, after the model id `after`."""
    query = (
        select(PredictionRow)
        .join(ModelRow, ModelRow.id == PredictionRow.model_id)
        .where(ModelRow.project_id == project_id, PredictionRow.item_id == item_id, PredictionRow.model_id > after)
    )
    return list(session.scalars(query.order_by(PredictionRow.model_id).limit(limit)))
