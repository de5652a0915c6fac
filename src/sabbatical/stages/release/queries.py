"""Releases, decisions and aliases in SQL."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from sabbatical.storage.tables import AliasRow, DecisionRow, ModelRow, PolicyRow, ReleaseRow, RunRow, ServedRow


def release_numbered(session: Session, project_id: str, number: int) -> ReleaseRow | None:
    return session.scalar(select(ReleaseRow).where(ReleaseRow.project_id == project_id, ReleaseRow.number == number))


def release_with_key(session: Session, project_id: str, key: str) -> ReleaseRow | None:
    return session.scalar(select(ReleaseRow).where(ReleaseRow.project_id == project_id, ReleaseRow.key == key))


def under_way(session: Session, project_id: str) -> ReleaseRow | None:
    """The release that has not ended; there is one at most."""
    query = select(ReleaseRow).where(ReleaseRow.project_id == project_id, ReleaseRow.ended_at.is_(None))
    return session.scalar(query.order_by(ReleaseRow.number.desc()).limit(1))


def newest_full(session: Session, project_id: str) -> ReleaseRow | None:
    """The release that made the champion of now: the newest that came to all traffic and was not taken back."""
    query = select(ReleaseRow).where(ReleaseRow.project_id == project_id, ReleaseRow.stage == "full")
    return session.scalar(query.order_by(ReleaseRow.number.desc()).limit(1))


def releases(session: Session, project_id: str, before: int | None, limit: int) -> list[ReleaseRow]:
    """Newest first."""
    query = select(ReleaseRow).where(ReleaseRow.project_id == project_id).order_by(ReleaseRow.number.desc())
    if before is not None:
        query = query.where(ReleaseRow.number < before)
    return list(session.scalars(query.limit(limit)))


def next_number(session: Session, project_id: str) -> int:
    query = select(func.max(ReleaseRow.number)).where(ReleaseRow.project_id == project_id)
    return int(session.scalar(query) or 0) + 1


def units_seen(session: Session, project_id: str, limit: int) -> tuple[int, int]:
    """Of the newest answers that somebody got: how many, to how many units."""
    newest = (
        select(ServedRow.unit)
        .where(ServedRow.project_id == project_id, ServedRow.arm != "shadow")
        .order_by(ServedRow.seq.desc())
        .limit(limit)
        .subquery()
    )
    answers, units = session.execute(select(func.count(), func.count(newest.c.unit.distinct()))).one()
    return answers, units


def release_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    query = select(ReleaseRow.id, ReleaseRow.number).where(ReleaseRow.id.in_(ids))
    return {row[0]: f"r{row[1]}" for row in session.execute(query)}


def release_models(session: Session, ids: Collection[str]) -> dict[str, str]:
    """The model id of each release."""
    query = select(ReleaseRow.id, ReleaseRow.model_id).where(ReleaseRow.id.in_(ids))
    return {row[0]: row[1] for row in session.execute(query)}


def model_names(session: Session, ids: Collection[str]) -> dict[str, str]:
    query = select(ModelRow.id, ModelRow.number).where(ModelRow.id.in_(ids))
    return {row[0]: f"v{row[1]}" for row in session.execute(query)}


def decision_with_key(session: Session, project_id: str, key: str) -> DecisionRow | None:
    return session.scalar(select(DecisionRow).where(DecisionRow.project_id == project_id, DecisionRow.key == key))


def decisions(
    session: Session, project_id: str, release_id: str | None, before: int | None, limit: int
) -> list[DecisionRow]:
    """Newest first, of one release or of all."""
    query = select(DecisionRow).where(DecisionRow.project_id == project_id).order_by(DecisionRow.seq.desc())
    if release_id is not None:
        query = query.where(DecisionRow.release_id == release_id)
    if before is not None:
        query = query.where(DecisionRow.seq < before)
    return list(session.scalars(query.limit(limit)))


def newest_of_each(session: Session, release_ids: Collection[str], kinds: Collection[str]) -> dict[str, DecisionRow]:
    """The newest decision of these kinds about each release."""
    newest = (
        select(func.max(DecisionRow.seq))
        .where(DecisionRow.release_id.in_(release_ids), DecisionRow.kind.in_(kinds))
        .group_by(DecisionRow.release_id)
    )
    return {str(row.release_id): row for row in session.scalars(select(DecisionRow).where(DecisionRow.seq.in_(newest)))}


def newest_of_project(session: Session, project_id: str, kinds: Collection[str]) -> DecisionRow | None:
    query = select(DecisionRow).where(DecisionRow.project_id == project_id, DecisionRow.kind.in_(kinds))
    return session.scalar(query.order_by(DecisionRow.seq.desc()).limit(1))


def turned_down(session: Session, project_id: str, model_id: str) -> DecisionRow | None:
    """A person's newest word that a model shall not answer: its release was rejected or taken back."""
    query = (
        select(DecisionRow)
        .join(ReleaseRow, ReleaseRow.id == DecisionRow.release_id)
        .where(
            DecisionRow.project_id == project_id,
            DecisionRow.kind.in_(("reject", "revert")),
            DecisionRow.actor_kind == "person",
            ReleaseRow.model_id == model_id,
        )
    )
    return session.scalar(query.order_by(DecisionRow.seq.desc()).limit(1))


def alias(session: Session, project_id: str, name: str) -> AliasRow | None:
    return session.get(AliasRow, (project_id, name))


def alias_of(session: Session, project_id: str, name: str) -> str | None:
    """The model that a name points at."""
    row = alias(session, project_id, name)
    return row.model_id if row else None


def run_with_key(session: Session, project_id: str, key: str) -> RunRow | None:
    return session.scalar(select(RunRow).where(RunRow.project_id == project_id, RunRow.key == key))


def aliases(session: Session, project_id: str) -> list[AliasRow]:
    return list(session.scalars(select(AliasRow).where(AliasRow.project_id == project_id).order_by(AliasRow.name)))


def drop_alias(session: Session, project_id: str, name: str) -> None:
    session.execute(delete(AliasRow).where(AliasRow.project_id == project_id, AliasRow.name == name))


def policy(session: Session, project_id: str) -> dict[str, Any] | None:
    """The newest policy of a project, as it was written."""
    query = select(PolicyRow.document).where(PolicyRow.project_id == project_id)
    return session.scalar(query.order_by(PolicyRow.seq.desc()).limit(1))
