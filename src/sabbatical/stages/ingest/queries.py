"""Items, groups, quarantine and profiles in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.schemas.item import Split
from sabbatical.stages.ingest.placing import Place
from sabbatical.storage.tables import GroupRow, ItemRow, ProfileRow, ProjectRow, QuarantineRow

CHUNK = 2000


def known_items(session: Session, project_id: str, ids: Sequence[str]) -> set[str]:
    """Those of these items that are here."""
    found: set[str] = set()
    for chunk in batched(ids, CHUNK):
        query = select(ItemRow.id).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))
        found.update(session.scalars(query))
    return found


def ids_by_name(session: Session, project_id: str, names: Sequence[str]) -> dict[str, list[str]]:
    """Ids of the items that came under each name."""
    found: dict[str, list[str]] = {}
    for chunk in batched(names, CHUNK):
        query = select(ItemRow.name, ItemRow.id).where(ItemRow.project_id == project_id, ItemRow.name.in_(chunk))
        for name, item_id in session.execute(query):
            found.setdefault(name, []).append(item_id)
    return found


def group_splits(session: Session, project_id: str, names: Sequence[str]) -> dict[str, Split]:
    found: dict[str, Split] = {}
    for chunk in batched(names, CHUNK):
        query = select(GroupRow.name, GroupRow.split).where(GroupRow.project_id == project_id, GroupRow.name.in_(chunk))
        found.update((row[0], cast(Split, row[1])) for row in session.execute(query))
    return found


def places_of(session: Session, project_id: str, ids: Sequence[str]) -> dict[str, Place]:
    """Where each item is."""
    found: dict[str, Place] = {}
    columns = (ItemRow.id, ItemRow.name, ItemRow.source, ItemRow.group)
    for chunk in batched(ids, CHUNK):
        query = select(*columns).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))
        found.update((row[0], Place(row[1], row[2], row[3])) for row in session.execute(query))
    return found


def one_at_a_time(session: Session, project_id: str) -> None:
    """Wait until no other transaction that asked this adds to the project, and keep others out until the end.

    SQLite has one writer at a time anyway, and leaves `FOR UPDATE` out.
    """
    query = select(ProjectRow.id).where(ProjectRow.id == project_id)
    session.execute(query.with_for_update(key_share=True))


def last_seq(session: Session, project_id: str) -> int:
    """The place of the youngest item; 0 without any."""
    return session.scalar(select(func.max(ItemRow.seq)).where(ItemRow.project_id == project_id)) or 0


def fingerprints(session: Session, project_id: str, kind: str, after: int, upto: int) -> Iterator[tuple[str, int, str]]:
    """Id, fingerprint and split of the items of a kind, in the order in which they came, streamed."""
    query = select(ItemRow.id, ItemRow.fingerprint, ItemRow.split).where(
        ItemRow.project_id == project_id,
        ItemRow.seq > after,
        ItemRow.seq <= upto,
        ItemRow.kind == kind,
        ItemRow.fingerprint.is_not(None),
    )
    for row in session.execute(query.order_by(ItemRow.seq).execution_options(yield_per=10_000)):
        yield row[0], row[1] or 0, row[2]


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


def _insert_new(session: Session, table: type[Any], rows: list[dict[str, Any]]) -> None:
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for chunk in batched(rows, CHUNK):
        session.execute(dialect.insert(table.__table__).on_conflict_do_nothing(), chunk)
