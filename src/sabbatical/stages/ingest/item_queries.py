"""Lists of items in SQL."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Set

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.schemas.item import ItemFilter
from sabbatical.storage.tables import HeadRow, ItemRow

CHUNK = 2000  # ids in one IN list; databases bound the number of parameters


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


def file_name(name: str) -> str:
    """The last part of a name that may have folders in it."""
    return posixpath.basename(name.replace("\\", "/"))


def ids_by_file_name(session: Session, project_id: str, wanted: Set[str]) -> dict[str, list[tuple[str, str]]]:
    """Id and name of the items whose file name is one of those wanted; one pass over the names, streamed."""
    found: dict[str, list[tuple[str, str]]] = {}
    query = select(ItemRow.id, ItemRow.name).where(ItemRow.project_id == project_id).order_by(ItemRow.seq)
    for item_id, name in session.execute(query.execution_options(yield_per=10_000)):
        last = file_name(name)
        if last in wanted:
            found.setdefault(last, []).append((item_id, name))
    return found


def item(session: Session, project_id: str, item_id: str) -> ItemRow | None:
    return session.scalar(select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.id == item_id))


def beginnings(
    session: Session, project_id: str, ids: Collection[str], length: int
) -> Iterator[tuple[str, str, str | None]]:
    """Id, name and the first characters of the text of each of these items."""
    for chunk in batched(ids, CHUNK):
        query = select(ItemRow.id, ItemRow.name, func.substr(ItemRow.text, 1, length))
        for row in session.execute(query.where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))):
            yield row[0], row[1], row[2]
