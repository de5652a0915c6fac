"""What is seen of a model at work: drift, and failures grouped into issues."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sabbatical.storage.tables.base import ID, Base


class DriftRow(Base):
    """A look at a window of traffic against a reference; the whole report lies in the media store."""

    __tablename__ = "drift"
    __table_args__ = (UniqueConstraint("project_id", "number"), UniqueConstraint("project_id", "key"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    model_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"))
    drifted: Mapped[bool]
    summary: Mapped[dict[str, Any]]
    report: Mapped[str] = mapped_column(ID)
    page: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime]


class IssueRow(Base):
    """A group of failures that have something in common, and what becomes of it."""

    __tablename__ = "issue"
    __table_args__ = (UniqueConstraint("project_id", "number"), UniqueConstraint("project_id", "key"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    model_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"))
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class IssueItemRow(Base):
    __tablename__ = "issue_item"
    __table_args__ = (Index(None, "issue_id", "score"),)

    issue_id: Mapped[str] = mapped_column(ForeignKey("issue.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(ID, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    score: Mapped[float]
    detail: Mapped[dict[str, Any]]


class IssueCampaignRow(Base):
    """Which campaigns an issue became."""

    __tablename__ = "issue_campaign"

    issue_id: Mapped[str] = mapped_column(ForeignKey("issue.id"), primary_key=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
