"""Served answers and feedback in SQL."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.storage.tables import FeedbackRow, ItemRow, ServedRow

CHUNK = 500
NEWEST_FIRST = (ServedRow.created_at.desc(), ServedRow.seq.desc())


def add(session: Session, rows: list[dict[str, Any]]) -> None:
    """Keep answers; one whose id is there already was kept before a client asked again with its key."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for chunk in batched(rows, CHUNK):
        session.execute(dialect.insert(ServedRow.__table__).on_conflict_do_nothing(), chunk)


def served(session: Session, project_id: str, served_id: str) -> ServedRow | None:
    return session.scalar(select(ServedRow).where(ServedRow.project_id == project_id, ServedRow.id == served_id))


def with_ids(session: Session, ids: Collection[str]) -> list[ServedRow]:
    """Those of these answers that are here, in the order of their coming."""
    return list(session.scalars(select(ServedRow).where(ServedRow.id.in_(ids)).order_by(ServedRow.seq)))


def ids_there(session: Session, ids: Collection[str]) -> set[str]:
    """Which of these answers are here."""
    return {
        key
        for chunk in batched(ids, CHUNK)
        for key in session.scalars(select(ServedRow.id).where(ServedRow.id.in_(chunk)))
    }


def answers(
    session: Session,
    project_id: str,
    *,
    model_id: str | None = None,
    arms: Collection[str] | None = None,
    release_id: str | None = None,
    since: datetime | None = None,
    after_seq: int = 0,
    before_seq: int | None = None,
    failed: bool | None = False,
    kept: bool | None = None,
    newest: bool = False,
    limit: int | None = None,
) -> list[ServedRow]:
    """Answers by the order of their coming, the newest first or last; `failed` None has those that failed too."""
    query = select(ServedRow).where(ServedRow.project_id == project_id, ServedRow.seq > after_seq)
    if before_seq is not None:
        query = query.where(ServedRow.seq < before_seq)
    if model_id is not None:
        query = query.where(ServedRow.model_id == model_id)
    if arms is not None:
        query = query.where(ServedRow.arm.in_(arms))
    if release_id is not None:
        query = query.where(ServedRow.release_id == release_id)
    if since is not None:
        query = query.where(ServedRow.created_at >= since)
    if kept is not None:
        query = query.where(ServedRow.kept.is_(kept))
    if failed is not None:
        query = query.where(ServedRow.failure.is_not(None) if failed else ServedRow.failure.is_(None))
    in_stage = newest and release_id is not None and since is not None  # then one index has both filter and order
    order = NEWEST_FIRST if in_stage else (ServedRow.seq.desc(),) if newest else (ServedRow.seq,)
    query = query.order_by(*order)
    return list(session.scalars(query if limit is None else query.limit(limit)))


def tally(
    session: Session, project_id: str, release_id: str, arms: Collection[str], since: datetime
) -> dict[str, tuple[int, int, int]]:
    """Of each of these arms of a release since a moment: answers and failures, failures, unsure answers.

    Counted in two indexes, of all answers and of those that failed; no row is read.
    """
    of_stage = (
        ServedRow.project_id == project_id,
        ServedRow.release_id == release_id,
        ServedRow.arm.in_(arms),
        ServedRow.created_at >= since,
    )
    doubted = func.count().filter(ServedRow.sure.is_(False))
    counted = select(ServedRow.arm, func.count(), doubted).where(*of_stage).group_by(ServedRow.arm)
    failed = {arm: some for arm, *some in session.execute(counted.where(ServedRow.failure.is_not(None)))}
    return {
        arm: (many, failed.get(arm, (0, 0))[0], asked - failed.get(arm, (0, 0))[1])
        for arm, many, asked in session.execute(counted)
    }


def newest_calls(
    session: Session, project_id: str, release_id: str, arm: str, since: datetime, limit: int
) -> list[tuple[float, int, str]]:
    """Of the newest answers of an arm: the ms of the call, the inputs answered in it, the unit."""
    query = select(ServedRow.latency_ms, ServedRow.batch, ServedRow.unit).where(
        ServedRow.project_id == project_id,
        ServedRow.release_id == release_id,
        ServedRow.arm == arm,
        ServedRow.created_at >= since,
        ServedRow.failure.is_(None),
    )
    return [(ms, batch, unit) for ms, batch, unit in session.execute(query.order_by(*NEWEST_FIRST).limit(limit))]


def verdicts(session: Session, project_id: str, release_id: str, since: datetime) -> list[tuple[str, str, int]]:
    """How often the last word on an answer of an arm was right or wrong: arm, verdict, count."""
    last = (
        select(func.max(FeedbackRow.seq).label("seq"))
        .where(FeedbackRow.project_id == project_id, FeedbackRow.created_at >= since)
        .group_by(FeedbackRow.served_id)
        .subquery()
    )
    query = (
        select(ServedRow.arm, FeedbackRow.verdict, func.count())
        .join(last, last.c.seq == FeedbackRow.seq)
        .join(ServedRow, ServedRow.id == FeedbackRow.served_id)
        .where(ServedRow.release_id == release_id, ServedRow.created_at >= since)
        .group_by(ServedRow.arm, FeedbackRow.verdict)
    )
    return [(arm, verdict, many) for arm, verdict, many in session.execute(query)]


def last_words(session: Session, project_id: str, served_ids: Collection[str]) -> dict[str, str]:
    """Of those of these answers that somebody judged: the last verdict."""
    query = select(FeedbackRow.served_id, FeedbackRow.verdict).where(
        FeedbackRow.project_id == project_id, FeedbackRow.served_id.in_(served_ids)
    )
    return {row[0]: row[1] for row in session.execute(query.order_by(FeedbackRow.seq))}


def newest_of_items(session: Session, project_id: str, model_id: str, item_ids: Collection[str]) -> list[ServedRow]:
    """A model's newest answer to each of these items."""
    newest = select(func.max(ServedRow.seq)).where(
        ServedRow.project_id == project_id,
        ServedRow.item_id.in_(item_ids),
        ServedRow.model_id == model_id,
        ServedRow.failure.is_(None),
    )
    return list(session.scalars(select(ServedRow).where(ServedRow.seq.in_(newest.group_by(ServedRow.item_id)))))


def feedback_with_key(session: Session, project_id: str, key: str) -> FeedbackRow | None:
    return session.scalar(select(FeedbackRow).where(FeedbackRow.project_id == project_id, FeedbackRow.key == key))


def feedback(
    session: Session,
    project_id: str,
    *,
    after_seq: int = 0,
    before_seq: int | None = None,
    newest: bool = False,
    limit: int | None = None,
) -> list[tuple[FeedbackRow, ServedRow]]:
    """Feedback with the answer that each is about."""
    query = select(FeedbackRow, ServedRow).join(ServedRow, ServedRow.id == FeedbackRow.served_id)
    query = query.where(FeedbackRow.project_id == project_id, FeedbackRow.seq > after_seq)
    if before_seq is not None:
        query = query.where(FeedbackRow.seq < before_seq)
    query = query.order_by(FeedbackRow.seq.desc() if newest else FeedbackRow.seq)
    return [(given, about) for given, about in session.execute(query if limit is None else query.limit(limit))]


def item(session: Session, project_id: str, item_id: str) -> ItemRow | None:
    return session.scalar(select(ItemRow).where(ItemRow.project_id == project_id, ItemRow.id == item_id))


def model_ids(rows: Sequence[ServedRow]) -> list[str]:
    return list(dict.fromkeys(row.model_id for row in rows))
