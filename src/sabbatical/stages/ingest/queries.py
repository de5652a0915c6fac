"""Items, groups, quarantine and profiles in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.storage.tables import GroupRow, ItemRow, ProfileRow, QuarantineRow

CHUNK = 2000


def known_items(session: Session, project_id: str, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Those of these items that are here, with the name and the run that they came with."""
    found: dict[str, tuple[str, str]] = {}
    for chunk in batched(ids, CHUNK):
        query = select(ItemRow.id, ItemRow.name, ItemRow.ingest_id).where(
            ItemRow.project_id == project_id, ItemRow.id.in_(chunk)
        )
        found.update((row[0], (row[1], row[2])) for row in session.execute(query))
    return found


def ids_by_name(session: Session, project_id: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Ids of the items that came under each name."""
    found: dict[str, list[str]] = {}
    for chunk in batched(names, CHUNK):
        query = select(ItemRow.name, ItemRow.id).where(ItemRow.project_id == project_id, ItemRow.name.in_(chunk))
        for name, item_id in session.execute(query):
            found.setdefault(name, []).append(item_id)
    return found


def group_splits(session: Session, project_id: str, names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for chunk in batched(names, CHUNK):
        query = select(GroupRow.name, GroupRow.split).where(GroupRow.project_id == project_id, GroupRow.name.in_(chunk))
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def groups_of(session: Session, project_id: str, ids: Sequence[str]) -> dict[str, str]:
    """The group of each item."""
    found: dict[str, str] = {}
    for chunk in batched(ids, CHUNK):
        query = select(ItemRow.id, ItemRow.group).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def fingerprints(session: Session, project_id: str, kind: str) -> Iterator[tuple[str, int]]:
    """Id and fingerprint of all items of a kind, streamed."""
    query = select(ItemRow.id, ItemRow.fingerprint).where(
        ItemRow.project_id == project_id, ItemRow.kind == kind, ItemRow.fingerprint.is_not(None)
    )
    for row in session.execute(query.execution_options(yield_per=10_000)):
        yield row[0], row[1] or 0


def add_groups(session: Session, rows: list[dict[str, Any]]) -> None:
    _insert_new(session, GroupRow, rows)


def add_items(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add items, given by column; one that is there already stays as it is."""
    _insert_new(session, ItemRow, rows)


def add_quarantined(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add refusals; a number that its run has already recorded stays as it is."""
    _insert_new(session, QuarantineRow, rows)


def quarantined(session: Session, run_id: str, after: int, limit: int) -> list[QuarantineRow]:
    query = select(QuarantineRow).where(QuarantineRow.run_id == run_id, QuarantineRow.number > after)
    return list(session.scalars(query.order_by(QuarantineRow.number).limit(limit)))


def profile(session: Session, project_id: str, source: str) -> dict[str, Any] | None:
    row = session.get(ProfileRow, (project_id, source))
    return None if row is None else row.profile


def keep_profile(session: Session, project_id: str, source: str, document: dict[str, Any], now: datetime) -> None:
    session.merge(ProfileRow(project_id=project_id, source=source, profile=document, updated_at=now))


def split_counts(session: Session, project_id: str) -> dict[str, int]:
    query = select(ItemRow.split, func.count()).where(ItemRow.project_id == project_id).group_by(ItemRow.split)
    return {row[0]: row[1] for row in session.execute(query)}


def _insert_new(session: Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for chunk in batched(rows, CHUNK):
        session.execute(dialect.insert(table.__table__).on_conflict_do_nothing(), chunk)
