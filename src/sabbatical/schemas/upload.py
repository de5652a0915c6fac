"""Bytes sent to the server before a run uses them."""

from __future__ import annotations

from pydantic import BaseModel, Field


class Upload(BaseModel):
    id: str
    source: str = Field(description="What to name as `source` of a request: `upload:<id>`.")
    name: str = Field(description="The file name under which it is kept.")
    bytes: int
