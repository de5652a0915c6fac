"""Lists of items in SQL."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from sabbatical.schemas.item import ItemFilter
from sabbatical.storage.tables import HeadRow, ItemRow


def items(session: Session, project_id: str, chosen: ItemFilter, after: int, limit: int) -> list[ItemRow]:
    """Items in the order in which they came, after the place `after`."""
    query = select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.seq > after)
    equals = {
        ItemRow.split: chosen.split,
        ItemRow.customer: chosen.customer,
        ItemRow.source: chosen.source,
        ItemRow.group: chosen.group,
        ItemRow.name: chosen.name,
    }
    for column, value in equals.items():
        if value is not None:
            query = query.where(column == value)
    if chosen.labeled is not None:
        head = exists().where(HeadRow.project_id == ItemRow.project_id, HeadRow.item_id == ItemRow.id)
        query = query.where(head if chosen.labeled else ~head)
    return list(session.scalars(query.order_by(ItemRow.seq).limit(limit)))


def item(session: Session, project_id: str, item_id: str) -> ItemRow | None:
    return session.scalar(select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.id == item_id))
