"""A prediction: what one model version says of one item. The same for every use of the model."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class PredictRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(None, description="Name or id; the newest unless given.")
    items: list[str] | None = Field(None, description="Ids of stored items.")
    snapshot: str | None = Field(None, description="All items of a snapshot.")
    source: str | None = Field(None, description="Path or `upload:<id>`; its items are stored first, without labels.")
    output: str | None = Field(
        None, description="File (JSONL) on the server's machine to write to; one of the run's own unless given."
    )


class Found(BaseModel):
    """One object that a model sees, or one class it gives a text."""

    label: str = Field(description="A class of the super-taxonomy.")
    score: float = Field(ge=0, le=1)
    box: tuple[float, float, float, float] | None = Field(None, description="x0 y0 x1 y1, pixels.")
    sure: bool = Field(description="At or above the threshold chosen for its class.")


class Prediction(BaseModel):
    item: str
    name: str
    model: str
    found: list[Found]
    latency_ms: float
    stored: bool = Field(description="It was answered from the store, not computed.")
    created_at: datetime
