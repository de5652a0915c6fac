"""What judging a model is asked, and the record of a report that was made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.item import Split


class EvaluateRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(None, description="Name or id; the newest unless given.")
    snapshot: str | None = Field(None, description="Whose labels judge; the newest unless given.")
    against: str | None = Field(None, description="Another model, compared on the same items.")
    splits: list[Split] = Field(["test"], description="Which items judge.")
    taxonomies: list[str] | None = Field(None, description="Only the labels of these customers judge.")
    behaviour: dict[str, Any] | None = Field(None, description="Behavioural tests of a text model, as a document.")
    plain_threshold: bool = Field(False, description="Use 0.5 for every class, not the thresholds of the model.")
    again: bool = Field(False, description="Judge anew even if the same report is there.")


class EvaluationRecord(BaseModel):
    """A report that was made; the report itself and its page are fetched apart."""

    id: str
    project: str
    model: str
    snapshot: str
    against: str | None
    summary: dict[str, Any] = Field(description="The leading numbers and the first sentence.")
    created_at: datetime
