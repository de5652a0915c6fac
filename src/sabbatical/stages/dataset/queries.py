"""Snapshots in SQL: which labels a query means, and the record of those that were made."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Row, Text, cast, func, select, type_coerce
from sqlalchemy.orm import Session

from sabbatical.schemas.dataset import SnapshotQuery
from sabbatical.storage.tables import HeadRow, ItemRow, RevisionRow, SnapshotRow, TaxonomyRow

FETCH = 10_000
Conditions = dict[str, ColumnElement[bool]]


def conditions(query: SnapshotQuery) -> Conditions:
    """The conditions of a query, each under the name of its field."""
    found: Conditions = {"states": RevisionRow.state.in_(query.states)}
    if query.taxonomies is not None:
        found["taxonomies"] = TaxonomyRow.name.in_(query.taxonomies)
    if query.customers is not None:
        found["customers"] = ItemRow.customer.in_(query.customers)
    if query.sources is not None:
        found["sources"] = ItemRow.source.in_(query.sources)
    if query.splits is not None:
        found["splits"] = ItemRow.split.in_(query.splits)
    if query.captured_from is not None:
        found["captured_from"] = ItemRow.captured_at >= query.captured_from
    if query.captured_before is not None:
        found["captured_before"] = ItemRow.captured_at < query.captured_before
    for name, value in query.attributes.items():
        found[f"attributes.{name}"] = _equals(name, value)
    return found


def _equals(name: str, value: Any) -> ColumnElement[bool]:
    there = ItemRow.attributes[name]
    equal: ColumnElement[bool]
    if isinstance(value, bool):
        equal = there.as_boolean() == value
    elif isinstance(value, int | float):
        equal = there.as_float() == float(value)
    else:
        equal = there.as_string() == str(value)
    return equal


def labels(
    session: Session, project_id: str, query: SnapshotQuery, chosen: Conditions, size: int
) -> Iterator[Sequence[Row[Any]]]:
    """Items with the labels that a query means, in the order in which the items came; streamed, `size` at a time."""
    columns = (
        ItemRow.id,
        RevisionRow.id,
        ItemRow.kind,
        ItemRow.name,
        ItemRow.split,
        ItemRow.group,
        ItemRow.customer,
        ItemRow.source,
        type_coerce(ItemRow.captured_at, DateTime()),  # as stored: a zone for every row would only be taken off again
        ItemRow.width,
        ItemRow.height,
        ItemRow.text,
        cast(ItemRow.attributes, Text),
        TaxonomyRow.name,
        RevisionRow.taxonomy_id,
        RevisionRow.shapes,
        RevisionRow.payload,
    )
    statement = (
        _joined(select(*columns), project_id, query).where(*chosen.values()).order_by(ItemRow.seq, TaxonomyRow.name)
    )
    return session.connection().execute(statement, execution_options={"yield_per": FETCH}).partitions(size)


def most(session: Session, project_id: str) -> int:
    """How many labels a query can mean at most: every head of the project; counted in no time."""
    return int(session.scalar(select(func.count()).where(HeadRow.project_id == project_id)) or 0)


def count(session: Session, project_id: str, query: SnapshotQuery, chosen: Conditions) -> int:
    statement = _joined(select(func.count()), project_id, query).where(*chosen.values())
    return int(session.scalar(statement) or 0)


def _joined(statement: Any, project_id: str, query: SnapshotQuery) -> Any:
    if query.labeled_before is None:
        # Items and revisions lie on the disk in the order in which they came, heads by a hash: with this condition on
        # items, and after `Database.count_roughly`, the database walks the items and looks the others up.
        return (
            statement.select_from(ItemRow)
            .join(HeadRow, (HeadRow.project_id == ItemRow.project_id) & (HeadRow.item_id == ItemRow.id))
            .join(RevisionRow, RevisionRow.seq == HeadRow.revision_seq)
            .join(TaxonomyRow, TaxonomyRow.id == RevisionRow.taxonomy_id)
            .where(ItemRow.project_id == project_id)
        )
    newest = (
        select(func.max(RevisionRow.seq).label("seq"))
        .join(TaxonomyRow, TaxonomyRow.id == RevisionRow.taxonomy_id)
        .where(RevisionRow.project_id == project_id, RevisionRow.created_at < query.labeled_before)
        .group_by(RevisionRow.item_id, TaxonomyRow.name)
        .subquery()
    )
    return (
        statement.select_from(newest)
        .join(RevisionRow, RevisionRow.seq == newest.c.seq)
        .join(TaxonomyRow, TaxonomyRow.id == RevisionRow.taxonomy_id)
        .join(ItemRow, (ItemRow.project_id == RevisionRow.project_id) & (ItemRow.id == RevisionRow.item_id))
    )


def last_revision(session: Session, project_id: str) -> int:
    return int(session.scalar(select(func.max(RevisionRow.seq)).where(RevisionRow.project_id == project_id)) or 0)


def snapshot_with_content(session: Session, project_id: str, content: str) -> SnapshotRow | None:
    return session.scalar(
        select(SnapshotRow).where(SnapshotRow.project_id == project_id, SnapshotRow.content == content)
    )


def next_number(session: Session, project_id: str) -> int:
    return (
        int(session.scalar(select(func.max(SnapshotRow.number)).where(SnapshotRow.project_id == project_id)) or 0) + 1
    )


def snapshot_numbered(session: Session, project_id: str, number: int) -> SnapshotRow | None:
    return session.scalar(select(SnapshotRow).where(SnapshotRow.project_id == project_id, SnapshotRow.number == number))


def snapshot_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    query = select(SnapshotRow.id, SnapshotRow.number).where(SnapshotRow.id.in_(ids))
    return {row[0]: f"s{row[1]}" for row in session.execute(query)}


def snapshots(session: Session, project_id: str, before: int | None, limit: int) -> list[SnapshotRow]:
    """Snapshots of a project, newest first."""
    query = select(SnapshotRow).where(SnapshotRow.project_id == project_id).order_by(SnapshotRow.number.desc())
    if before is not None:
        query = query.where(SnapshotRow.number < before)
    return list(session.scalars(query.limit(limit)))
