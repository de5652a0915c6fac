"""What a model has answered so far, in SQL."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from sabbatical.storage.tables import FeedbackRow, HeadRow, PredictionRow, RevisionRow, ServedRow, TaskRow

FETCH = 10_000
FINISHED = ("submitted", "approved")


def answer(session: Session, project_id: str, model_id: str, item_id: str) -> bytes | None:
    """What a model says of an item: as it was predicted, or served; None where it was not asked."""
    predicted = session.get(PredictionRow, (model_id, item_id))
    if predicted is not None:
        return predicted.payload
    query = (
        select(ServedRow.payload)
        .where(
            ServedRow.project_id == project_id,
            ServedRow.item_id == item_id,
            ServedRow.model_id == model_id,
            ServedRow.failure.is_(None),
        )
        .order_by(ServedRow.seq.desc())
        .limit(1)
    )
    return session.scalar(query)


def last_word(session: Session, project_id: str, model_id: str, item_id: str) -> str | None:
    """The last verdict on what a model answered to an item."""
    query = (
        select(FeedbackRow.verdict)
        .join(ServedRow, ServedRow.id == FeedbackRow.served_id)
        .where(ServedRow.project_id == project_id, ServedRow.item_id == item_id, ServedRow.model_id == model_id)
        .order_by(FeedbackRow.seq.desc())
        .limit(1)
    )
    return session.scalar(query)


def open_items(session: Session, campaign_id: str) -> list[str]:
    """Items of a campaign that wait to be labeled."""
    query = select(TaskRow.item_id).where(TaskRow.campaign_id == campaign_id, TaskRow.state == "open")
    return list(session.scalars(query.order_by(TaskRow.seq)))


def labeled(session: Session, project_id: str, taxonomy: str) -> Iterator[tuple[str, bytes]]:
    """Every item with its current, finished labels under a taxonomy of this name, by item id; streamed."""
    query = (
        select(HeadRow.item_id, RevisionRow.payload)
        .join(
            RevisionRow,
            (RevisionRow.project_id == HeadRow.project_id) & (RevisionRow.id == HeadRow.revision_id),
        )
        .where(HeadRow.project_id == project_id, HeadRow.taxonomy == taxonomy, RevisionRow.state.in_(FINISHED))
    )
    for row in session.execute(query.order_by(HeadRow.item_id).execution_options(yield_per=FETCH)):
        yield row[0], row[1]
