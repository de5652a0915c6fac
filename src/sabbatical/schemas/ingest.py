"""What `ingest` is asked and what it answers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.item import Split


class IngestRequest(BaseModel):
    """Take everything in `source` into the project; what can be found out is not asked."""

    model_config = ConfigDict(extra="forbid")

    project: str | None = Field(None, description="Where to; made from the data if there is none yet.")
    source: str = Field(description="Path on the server's machine, or `upload:<id>` for bytes sent before.")
    taxonomy: str | None = Field(None, description="Whose label names the source uses; found out where one fits.")
    customer: str | None = Field(None, description="Who sent it; the taxonomy's name unless given.")
    name: str | None = Field(None, description="What to call this source; its file or folder name unless given.")
    split: Split | None = Field(None, description="Pin groups that are new with this source to one split.")
    author: str | None = Field(None, description="Who made the labels; the source's name unless given.")
    labels_only: bool = Field(False, description="Attach labels to items that are here already, matched by name.")
    options: dict[str, Any] = Field({}, description="How to read it, such as `label_column`; see the manual.")


class Quarantined(BaseModel):
    file: str
    line: int | None = None
    field: str | None = None
    reason: str


class HistoryWarning(BaseModel):
    """Something about a batch that differs from what came before from the same source."""

    code: str
    message: str


class LabelCounts(BaseModel):
    added: int = 0
    known: int = 0
    refused: int = 0


class IngestReport(BaseModel):
    schema_: Literal[1] = Field(1, alias="schema")
    project: str
    format: str
    why: str
    added: int = 0
    known: int = 0
    labels: LabelCounts = LabelCounts()
    taxonomy: str | None = None
    by_split: dict[str, int] = {}
    quarantined: list[Quarantined] = []
    quarantined_total: int = 0
    warnings: list[HistoryWarning] = []
    seconds: float = 0.0
    model_config = ConfigDict(populate_by_name=True)
