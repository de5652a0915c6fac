"""Campaigns and their tasks: what is to be labeled, by which rules."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.label import Shape
from sabbatical.schemas.project import NAME
from sabbatical.schemas.serve import Wire

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
    labels: list[str] = Field(description="What its taxonomy calls things: the labels that a task may be given.")
    tasks: dict[TaskState, int]
    created_at: datetime


class LabelTask(Glimpse):
    """An item to be labeled. Its number is its own in the whole project."""

    number: int
    campaign: str
    item: str
    state: TaskState
    revision: str | None
    said: str | None = Field(None, description="The labels that it was done by, in words: `sea`, or `2 person, 1 car`.")
    author: str | None = Field(None, description="Who gave them.")


class TaskAnswer(Wire):
    """What somebody says of the item of a task: one of label, shapes, accept and skip."""

    label: str | None = Field(None, description="What a text is.")
    shapes: list[Shape] | None = Field(None, description="What an image shows, each with its box; empty: nothing.")
    accept: bool = Field(False, description="Take what the model suggests as it is: what is shown from the start.")
    skip: bool = Field(False, description="Leave it undone; nobody is asked again.")
    model: str | None = Field(None, description="Whose suggestion is accepted; the champion's unless given.")
    author: str = Field("owner", min_length=1, max_length=200)
    active_seconds: float | None = Field(None, ge=0)
    change: bool = Field(False, description="Say something else than what the task was done by.")

    @model_validator(mode="after")
    def _one(self) -> TaskAnswer:
        given = [name for name in ("label", "shapes") if getattr(self, name) is not None]
        given += [name for name in ("accept", "skip") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"an answer is one of label, shapes, accept and skip; given: {', '.join(given) or 'none'}")
        return self
