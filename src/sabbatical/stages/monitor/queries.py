"""Looks for drift, the answers that they look at, and the facts of items, in SQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import desc, func, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.schemas.serve import SEEN
from sabbatical.storage.tables import DriftRow, FactsRow, ItemRow, ModelRow, ServedRow

CHUNK = 2000
ROWS_AT_ONCE = 1000


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


def answers(
    session: Session,
    project_id: str,
    model_id: str,
    limit: int,
    *,
    after_seq: int = 0,
    without: Collection[str] = (),
    newest: bool = False,
) -> list[ServedRow]:
    """Answers of a model that somebody got to inputs that are items, one an item, in the order of their coming.

    The first `limit` items at their first answer, or the `newest` at their last; none `without`. Each arm is read in
    the order of its index, and only as far as it takes to find so many.
    """
    arms = [
        select(ServedRow.seq.label("seq"), ServedRow.item_id).where(
            ServedRow.project_id == project_id,
            ServedRow.model_id == model_id,
            ServedRow.arm == arm,
            ServedRow.seq > after_seq,
            ServedRow.kept,
            ServedRow.failure.is_(None),
        )
        for arm in SEEN
    ]
    query = union_all(*arms).order_by(desc("seq") if newest else "seq").execution_options(yield_per=ROWS_AT_ONCE)
    found: dict[str, int] = {}
    with session.execute(query) as came:
        for seq, item_id in came:
            if item_id not in without:
                found.setdefault(item_id, seq)
            if len(found) == limit:
                break
    rows: list[ServedRow] = []
    for chunk in batched(sorted(found.values()), CHUNK):
        rows += session.scalars(select(ServedRow).where(ServedRow.seq.in_(chunk)).order_by(ServedRow.seq))
    return rows


def items(session: Session, project_id: str, item_ids: Sequence[str]) -> dict[str, ItemRow]:
    """Items of a project by id, of those that it has."""
    found: dict[str, ItemRow] = {}
    for chunk in batched(item_ids, CHUNK):
        query = select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))
        found.update((row.id, row) for row in session.scalars(query))
    return found


def facts(session: Session, item_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What is known of items, by id."""
    found: dict[str, dict[str, Any]] = {}
    for chunk in batched(item_ids, CHUNK):
        query = select(FactsRow.item_id, FactsRow.facts).where(FactsRow.item_id.in_(chunk))
        found.update((row.item_id, row.facts) for row in session.execute(query))
    return found


def keep_facts(session: Session, measured: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep the facts of items; what was measured once stays."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    rows = [{"item_id": item_id, "facts": dict(found)} for item_id, found in measured.items()]
    for chunk in batched(rows, CHUNK):
        session.execute(dialect.insert(FactsRow.__table__).on_conflict_do_nothing(), chunk)
