"""Long work, its steps, and what the loop may do by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from sabbatical.storage.tables.base import ID, NAME, SEQ, Base

OPEN_TURN = text("kind = 'turn' AND state IN ('queued', 'running', 'stopping')")


class RunRow(Base):
    __tablename__ = "run"
    __table_args__ = (
        UniqueConstraint("project_id", "key"),
        Index(  # to SQL no project is never the same as no project
            "uq_run_key_without_project",
            "key",
            unique=True,
            sqlite_where=text("project_id IS NULL"),
            postgresql_where=text("project_id IS NULL"),
        ),
        Index("uq_run_turn_under_way", "project_id", unique=True, sqlite_where=OPEN_TURN, postgresql_where=OPEN_TURN),
        Index(None, "state"),
        Index(None, "project_id", "id"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str | None] = mapped_column(ForeignKey("project.id"))
    kind: Mapped[str] = mapped_column(String(20))
    key: Mapped[str | None] = mapped_column(String(80))
    params: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12))
    fraction: Mapped[float]
    message: Mapped[str] = mapped_column(Text)
    numbers: Mapped[dict[str, Any]]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class RunStepRow(Base):
    """A step of a run that has several, as a person follows it."""

    __tablename__ = "run_step"

    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    place: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    message: Mapped[str] = mapped_column(Text)
    result: Mapped[dict[str, Any] | None]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class QuarantineRow(Base):
    """What a run could not take: the file, the line, the field and the reason."""

    __tablename__ = "quarantine"
    __table_args__ = (Index(None, "run_id", "seq"), UniqueConstraint("run_id", "number"))

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("run.id"))
    number: Mapped[int]
    file: Mapped[str] = mapped_column(Text)
    line: Mapped[int | None]
    field: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text)


class PolicyRow(Base):
    """What the loop may do by itself, from some moment on; append-only, the newest counts.

    `verb`: what somebody asked for, `on`, `off` or `set`.
    """

    __tablename__ = "policy"
    __table_args__ = (Index(None, "project_id", "seq"),)

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    verb: Mapped[str] = mapped_column(String(4))
    enabled: Mapped[bool]
    document: Mapped[dict[str, Any]]
    author: Mapped[str] = mapped_column(NAME)
    created_at: Mapped[datetime]
