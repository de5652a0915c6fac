"""Answers that were given, as those read them who watch a model: by the order of their coming, a window at a time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from sabbatical.schemas.serve import SEEN, Arm
from sabbatical.stages.serve import queries
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import FeedbackRow, ServedRow


@dataclass(frozen=True)
class Given:
    """One answer of one model; `seq` grows with the order of coming. `kept`: the input is an item of the project."""

    seq: int
    id: str
    model_id: str
    arm: str
    unit: str
    item_id: str
    kept: bool
    sure: bool
    payload: bytes
    latency_ms: float
    captured_at: datetime | None
    created_at: datetime

    @cached_property
    def answer(self) -> Answer:
        """Everything that the model said, also beneath the thresholds."""
        return Answer.from_bytes(self.payload)


@dataclass(frozen=True)
class Judged:
    """What somebody said of an answer. `shapes`: what is there instead, as `schemas.label.Shape`, or None."""

    seq: int
    served: Given
    verdict: str
    shapes: list[dict[str, object]] | None
    comment: str
    author: str
    created_at: datetime


def window(
    session: Session,
    project_id: str,
    *,
    model_id: str | None = None,
    arms: Collection[Arm] = SEEN,
    after_seq: int = 0,
    limit: int | None = None,
    newest: bool = False,
    kept: bool | None = None,
) -> list[Given]:
    """Answers in the order of their coming after `after_seq`: the first `limit`, or with `newest` the last `limit`.

    With `kept` only those whose input is an item of the project, or is none. Those of shadow arms only when asked for;
    those that a model failed to give never.
    """
    rows = queries.answers(
        session, project_id, model_id=model_id, arms=arms, after_seq=after_seq, newest=newest, limit=limit, kept=kept
    )
    return [given(row) for row in (reversed(rows) if newest else rows)]


def feedback(
    session: Session, project_id: str, *, after_seq: int = 0, limit: int | None = None, newest: bool = False
) -> list[Judged]:
    """Feedback in the order of its coming; the last word on an answer counts."""
    rows = queries.feedback(session, project_id, after_seq=after_seq, newest=newest, limit=limit)
    return [_judged(row, about) for row, about in (reversed(rows) if newest else rows)]


def given(row: ServedRow) -> Given:
    return Given(**{name: getattr(row, name) for name in Given.__dataclass_fields__})


def _judged(row: FeedbackRow, about: ServedRow) -> Judged:
    return Judged(row.seq, given(about), row.verdict, row.shapes, row.comment, row.author, row.created_at)
