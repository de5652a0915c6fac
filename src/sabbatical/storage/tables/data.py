"""What comes in and what is said of it: projects, taxonomies, items, labels, campaigns, snapshots."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sabbatical.storage.tables.base import ID, NAME, SEQ, Base


class ProjectRow(Base):
    __tablename__ = "project"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(NAME, unique=True)
    task: Mapped[str] = mapped_column(String(20))
    salt: Mapped[str] = mapped_column(String(64))
    validation_share: Mapped[float]
    test_share: Mapped[float]
    created_at: Mapped[datetime]


class TaxonomyRow(Base):
    """One version of a super-taxonomy or of a customer's taxonomy; never changed once written."""

    __tablename__ = "taxonomy"
    __table_args__ = (UniqueConstraint("project_id", "name", "version"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(NAME)
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    document: Mapped[dict[str, Any]]
    content: Mapped[str] = mapped_column(ID)
    created_at: Mapped[datetime]


class GroupRow(Base):
    """The split of a group of near duplicates, drawn once when its first item comes and never again."""

    __tablename__ = "item_group"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    split: Mapped[str] = mapped_column(String(12))


class ItemRow(Base):
    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("project_id", "id"),
        Index(None, "project_id", "seq"),
        Index(None, "project_id", "name"),
    )

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(ID)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(500))
    source: Mapped[str] = mapped_column(String(500))
    customer: Mapped[str | None] = mapped_column(NAME)
    group: Mapped[str] = mapped_column("group_name", String(300))
    split: Mapped[str] = mapped_column(String(12))
    media_type: Mapped[str] = mapped_column(String(40))
    bytes: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    text: Mapped[str | None] = mapped_column(Text)
    fingerprint: Mapped[int | None] = mapped_column(BigInteger)
    captured_at: Mapped[datetime | None]
    ingested_at: Mapped[datetime]
    ingest_id: Mapped[str] = mapped_column(ID)
    attributes: Mapped[dict[str, Any]]


class ProfileRow(Base):
    """What the items of a project have looked like so far, to tell whether a batch is consistent with history."""

    __tablename__ = "profile"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    source: Mapped[str] = mapped_column(NAME, primary_key=True)
    profile: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class FactsRow(Base):
    """What can be measured of an item without a model (brightness, length, ...), found once from its bytes."""

    __tablename__ = "item_facts"

    item_id: Mapped[str] = mapped_column(ID, primary_key=True)
    facts: Mapped[dict[str, Any]]


class RevisionRow(Base):
    """A label revision: append-only. `content` is the hash of what is said and by whom, the id adds what it changes."""

    __tablename__ = "label_revision"
    __table_args__ = (
        UniqueConstraint("project_id", "id"),
        Index(None, "project_id", "item_id"),
        Index(None, "project_id", "seq"),
    )

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(ID)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    item_id: Mapped[str] = mapped_column(ID)
    taxonomy_id: Mapped[str] = mapped_column(ForeignKey("taxonomy.id"))
    parent_id: Mapped[str | None] = mapped_column(ID)
    author_kind: Mapped[str] = mapped_column(String(10))
    author: Mapped[str] = mapped_column(NAME)
    state: Mapped[str] = mapped_column(String(12))
    content: Mapped[str] = mapped_column(ID)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    shapes: Mapped[int]
    active_seconds: Mapped[float | None] = mapped_column(Float)
    created_at: Mapped[datetime]


class HeadRow(Base):
    """The current label of an item under one customer's taxonomy (any version of it)."""

    __tablename__ = "label_head"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(ID, primary_key=True)
    taxonomy: Mapped[str] = mapped_column(NAME, primary_key=True)
    revision_id: Mapped[str] = mapped_column(ID)
    revision_seq: Mapped[int] = mapped_column(SEQ)


class CampaignRow(Base):
    __tablename__ = "campaign"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    name: Mapped[str] = mapped_column(NAME)
    taxonomy_id: Mapped[str] = mapped_column(ForeignKey("taxonomy.id"))
    instructions: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]


class TaskRow(Base):
    __tablename__ = "task"
    __table_args__ = (UniqueConstraint("campaign_id", "item_id"), Index(None, "campaign_id", "seq"))

    seq: Mapped[int] = mapped_column(SEQ, primary_key=True, autoincrement=True)
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[str] = mapped_column(ID)
    state: Mapped[str] = mapped_column(String(12))
    revision_id: Mapped[str | None] = mapped_column(ID)
    created_at: Mapped[datetime]


class SnapshotRow(Base):
    __tablename__ = "snapshot"
    __table_args__ = (UniqueConstraint("project_id", "number"), UniqueConstraint("project_id", "content"))

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    content: Mapped[str] = mapped_column(ID)
    query: Mapped[dict[str, Any]]
    cutoff: Mapped[int] = mapped_column(SEQ)
    counts: Mapped[dict[str, Any]]
    parts: Mapped[list[Any]]
    boxes: Mapped[list[Any]]
    created_at: Mapped[datetime]
