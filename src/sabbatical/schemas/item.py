"""An item: one image or one text, known by the hash of its bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

Split = Literal["train", "validation", "test"]
Kind = Literal["image", "text"]


class Item(BaseModel):
    id: str = Field(description="BLAKE2b-128 of the bytes, 32 hex digits.")
    kind: Kind
    name: str = Field(description="The name it came under, such as its file name.")
    source: str = Field(description="Where it came from.")
    customer: str | None = None
    group: str = Field(description="Video, scene or site; near duplicates share one. Splits keep groups whole.")
    split: Split
    width: int | None = Field(None, description="Pixels.")
    height: int | None = Field(None, description="Pixels.")
    text: str | None = None
    captured_at: datetime | None = None
    ingested_at: datetime
    attributes: dict[str, Any] = {}


class Glimpse(BaseModel):
    """What is said of an item beside its id wherever something is listed about it."""

    name: str | None = Field(None, description="What it is called; none where an input was not kept as an item.")
    text: str | None = Field(None, description="The beginning of a text, at most 300 characters; the item has it all.")


class ItemFilter(BaseModel):
    """Which items of a project; what is left out does not narrow it."""

    split: Split | None = None
    customer: str | None = None
    source: str | None = None
    group: str | None = None
    name: str | None = None
    labeled: bool | None = Field(None, description="Whether somebody has said what is in it.")
