"""A run: one piece of long work, what it was asked, how far it is and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

RunKind = Literal[
    "get",
    "ingest",
    "import",
    "export",
    "snapshot",
    "train",
    "evaluate",
    "predict",
    "export-model",
    "propose",
    "monitor",
    "mine",
    "prelabel",
    "propose-taxonomy",
    "turn",
    "trial",
    "study",
]
RunState = Literal["queued", "running", "stopping", "done", "failed", "cancelled"]
ENDED: frozenset[RunState] = frozenset({"done", "failed", "cancelled"})


class CancelRequest(BaseModel):
    """Who stops a run, and why or how."""

    model_config = ConfigDict(extra="forbid")

    why: str = Field("", max_length=2000)
    actor: str = Field("owner", min_length=1, max_length=200)

    @property
    def told(self) -> str:
        return f"{self.actor} stopped it{f' ({self.why})' if self.why else ''}."


class Run(BaseModel):
    id: str
    project: str | None
    kind: RunKind
    params: dict[str, Any]
    state: RunState
    fraction: float = Field(0.0, ge=0, le=1)
    message: str = ""
    numbers: dict[str, Any] = Field({}, description="The latest figures of the work, such as its loss.")
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    stalled: bool = Field(False, description="Nobody seems to be at work on it; resume it.")
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.state in ENDED
