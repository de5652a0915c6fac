"""The SQL schema, one class a table. Shapes live inside their revision: one row a revision, however many shapes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

ID = String(40)
NAME = String(200)
SEQ = BigInteger().with_variant(Integer, "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC; SQLite gives it back without a zone, this puts it on again."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


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


class ModelRow(Base):
    __tablename__ = "model_version"
    __table_args__ = (UniqueConstraint("project_id", "number"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    snapshot_id: Mapped[str] = mapped_column(ForeignKey("snapshot.id"))
    family: Mapped[str] = mapped_column(String(40))
    recipe: Mapped[dict[str, Any]]
    recipe_id: Mapped[str] = mapped_column(ID)
    super_taxonomy_id: Mapped[str] = mapped_column(ForeignKey("taxonomy.id"))
    code_version: Mapped[str] = mapped_column(String(80))
    seed: Mapped[int]
    weights: Mapped[str] = mapped_column(ID)
    record: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class EvaluationRow(Base):
    __tablename__ = "evaluation"
    __table_args__ = (UniqueConstraint("model_id", "snapshot_id", "settings_id"),)

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"))
    model_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"))
    snapshot_id: Mapped[str] = mapped_column(ForeignKey("snapshot.id"))
    settings_id: Mapped[str] = mapped_column(ID)
    report: Mapped[str] = mapped_column(ID)
    page: Mapped[str] = mapped_column(ID)
    summary: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


class PredictionRow(Base):
    """What one model says of one item; asked again, it is answered from here."""

    __tablename__ = "prediction"

    model_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(ID, primary_key=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    latency_ms: Mapped[float]
    created_at: Mapped[datetime]


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


class ProfileRow(Base):
    """What the items of a project have looked like so far, to tell whether a batch is consistent with history."""

    __tablename__ = "profile"

    project_id: Mapped[str] = mapped_column(ForeignKey("project.id"), primary_key=True)
    source: Mapped[str] = mapped_column(NAME, primary_key=True)
    profile: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]
