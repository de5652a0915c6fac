"""The way of a model to all traffic, and what it answers there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sabbatical.storage.tables.base import ID, NAME, SEQ, Base

FAILED: dict[str, Any] = {"sqlite_where": text("failure IS NOT NULL"), "postgresql_where": text("failure IS NOT NULL")}


class ReleaseRow(Base):
    """A model on its way to all traffic: the rules it goes by, and where it stands. Changed only by a decision."""

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("project_id", "number"), UniqueConstraint("project_id", "key"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    model_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"))
    champion_id: Mapped[str | None] = mapped_column(ForeignKey("model_version.id"))
    rules: Mapped[dict[str, Any]]
    stage: Mapped[str] = mapped_column(String(20))
    share: Mapped[float]
    stage_since: Mapped[datetime]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    by_item: Mapped[bool] = mapped_column(default=False)
    """Whether each item goes its own way, since there are too few units to share."""


class DecisionRow(Base):
    """What was decided about a release, by whom, why, and on what evidence; append-only."""

    __tablename__ = "decision"
    __table_args__ = (UniqueConstraint("project_id", "key"), Index(None, "project_id", "seq"))

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(ID, unique=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    release_id: Mapped[str | None] = mapped_column(ForeignKey("release.id"))
    key: Mapped[str | None] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    actor_kind: Mapped[str] = mapped_column(String(10))
    actor: Mapped[str] = mapped_column(NAME)
    stage_from: Mapped[str | None] = mapped_column(String(20))
    stage_to: Mapped[str | None] = mapped_column(String(20))
    passed: Mapped[bool | None]
    reasons: Mapped[list[Any]]
    evidence: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class AliasRow(Base):
    """A name that moves from model to model: `champion` answers, `challenger` is on its way."""

    __tablename__ = "alias"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"))
    decision_id: Mapped[str | None] = mapped_column(ID)
    updated_at: Mapped[datetime]


class ServedRow(Base):
    """One answer to a request: by which model, on which arm of a release, to what. Append-only.

    Where a model could not answer, `failure` says why and the payload is empty. `latency_ms`: of the model's whole
    call; `batch`: the inputs that it answered in that call.
    """

    __tablename__ = "served"
    __table_args__ = (
        Index(None, "project_id", "seq"),
        Index(None, "project_id", "model_id", "arm", "seq"),
        Index(None, "project_id", "item_id"),
        Index(None, "project_id", "release_id", "arm", "created_at", "sure"),
        Index("ix_served_failed", "project_id", "release_id", "arm", "created_at", "sure", **FAILED),
    )

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(ID, unique=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    request: Mapped[str] = mapped_column(ID)
    release_id: Mapped[str | None] = mapped_column(ID)
    model_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"))
    arm: Mapped[str] = mapped_column(String(20))
    unit: Mapped[str] = mapped_column(NAME)
    item_id: Mapped[str] = mapped_column(ID)
    kept: Mapped[bool]
    sure: Mapped[bool]
    latency_ms: Mapped[float]
    batch: Mapped[int] = mapped_column(default=1)
    captured_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    failure: Mapped[str | None] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)  # last: whoever counts rows does not read past it


class FeedbackRow(Base):
    """What somebody says of an answer that was served; append-only."""

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("project_id", "key"),
        Index(None, "project_id", "seq"),
        Index(None, "project_id", "created_at"),
        Index(None, "served_id"),
    )

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(ID, unique=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    served_id: Mapped[str] = mapped_column(ForeignKey("served.id"))
    item_id: Mapped[str] = mapped_column(ID)
    key: Mapped[str | None] = mapped_column(String(80))
    verdict: Mapped[str] = mapped_column(String(10))
    shapes: Mapped[list[Any] | None]
    comment: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(NAME)
    created_at: Mapped[datetime]
