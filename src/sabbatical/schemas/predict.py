"""A prediction: what one model version says of one item. The same for every use of the model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.label import counted


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


def in_words(found: Sequence[Found]) -> str:
    """What was found, best first: `sea 0.93` of a text, `2 person, 1 car` of an image.

    What is sure counts; where no class of a text is, the best stands for all.
    """
    sure = [one for one in found if one.sure]
    if found and found[0].box is None:
        return ", ".join(f"{one.label} {one.score:.2f}" for one in sure or found[:1])
    return counted(one.label for one in sure) if sure else "nothing sure"


class Prediction(BaseModel):
    item: str
    name: str
    model: str
    found: list[Found]
    latency_ms: float
    stored: bool = Field(description="It was answered from the store, not computed.")
    created_at: datetime
