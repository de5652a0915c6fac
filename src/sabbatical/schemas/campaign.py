"""Campaigns and their tasks: what is to be labeled, by which rules."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.project import NAME

TaskState = Literal["open", "done", "skipped"]


class CampaignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=NAME)
    taxonomy: str
    items: list[str] = Field(description="Ids of items; more may join later.")
    instructions: str = ""


class Campaign(BaseModel):
    id: str
    name: str
    taxonomy: str
    version: int
    instructions: str
    tasks: dict[TaskState, int]
    created_at: datetime


class LabelTask(BaseModel):
    number: int
    campaign: str
    item: str
    state: TaskState
    revision: str | None
