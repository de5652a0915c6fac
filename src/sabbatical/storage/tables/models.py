"""Model versions and what is made of them: artifacts, reports, predictions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sabbatical.storage.tables.base import ID, Base


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


class ArtifactRow(Base):
    """A model in another form than its weights, such as ONNX for serving; made once."""

    __tablename__ = "artifact"

    model_id: Mapped[str] = mapped_column(ForeignKey("model_version.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    content: Mapped[str] = mapped_column(ID)
    bytes: Mapped[int]
    facts: Mapped[dict[str, Any]]
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
