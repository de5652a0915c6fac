"""A project: one task and one super-taxonomy."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

Task = Literal["boxes", "masks", "text"]
NAME = r"^[a-z0-9][a-z0-9._-]{0,62}$"


class ProjectIn(BaseModel):
    name: str = Field(pattern=NAME, description="Lower-case letters, digits, dot, dash, underscore.")
    task: Task
    validation_share: float = Field(0.1, ge=0, lt=1, description="Share of groups that choose thresholds.")
    test_share: float = Field(0.2, ge=0, lt=1, description="Share of groups that only judge.")
    salt: str | None = Field(
        None,
        min_length=1,
        max_length=64,
        description="Splits are a hash of the item's group with it; the same data split alike in two projects of one "
        "salt. Drawn by chance unless given; it never changes.",
    )


class Project(ProjectIn):
    id: str
    salt: str
    created_at: datetime


class LabelChange(BaseModel):
    """What became of one label of the version before."""

    label: str
    change: Literal["kept", "renamed", "moved", "split", "merged", "dropped"]
    labels: list[str] = Field(description="The new labels that took over.")
    to: str | None = Field(description="The class that its old shapes stand for; None: they are ignored.")
    words: str


class TaxonomyVersion(BaseModel):
    """One stored version of a super-taxonomy (`kind` super) or of a customer's taxonomy."""

    id: str
    project: str
    name: str
    version: int
    kind: Literal["super", "customer"]
    document: dict[str, object]
    changes: list[LabelChange] = Field([], description="Of a version just added: what became of each old label.")
    created_at: datetime
