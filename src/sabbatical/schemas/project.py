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


class Project(ProjectIn):
    id: str
    salt: str = Field(description="Splits are a hash of the item's group with this salt; it never changes.")
    created_at: datetime


class TaxonomyVersion(BaseModel):
    """One stored version of a super-taxonomy (`kind` super) or of a customer's taxonomy."""

    id: str
    project: str
    name: str
    version: int
    kind: Literal["super", "customer"]
    document: dict[str, object]
    created_at: datetime
