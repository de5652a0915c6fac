"""Failures grouped into issues: what a look for them is asked, what an issue says, what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.campaign import Campaign, TaskState
from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.serve import Verdict

FailureKind = Literal["missed", "ghost", "wrong_class", "unsure", "feedback"]
ItemKind = Literal["missed", "ghost", "wrong_class", "unsure", "feedback", "alike"]
IssueState = Literal["open", "ordered", "resolved", "dismissed"]


class MineRequest(BaseModel):
    """Which answers are looked at, and how sure a group must be to be named."""

    model_config = ConfigDict(extra="forbid")

    model: str | None = Field(None, description="Name or id; the champion unless given, else the newest.")
    window: int = Field(2000, ge=20, le=10_000, description="Newest answers that are looked at.")
    sure: float = Field(0.01, gt=0, lt=0.5, description="Chance to name any group by mistake, all of them together.")
    drift: str | None = Field(None, description="The look for drift that it follows, such as d3.")


class Symptom(BaseModel):
    """How often a kind of failure is met in a group of answers, and in the rest of them."""

    kind: FailureKind
    label: str | None = Field(None, description="A class of the super-taxonomy; None: of the answer as a whole.")
    failed: int = Field(description="Answers of the group that failed in this way.")
    answers: int = Field(description="Answers of the group that could have.")
    rest_failed: int
    rest_answers: int
    lift: float = Field(description="Times the rate of the rest.")
    interval: tuple[float, float] = Field(description="95 % of the lift, by resampling groups of near duplicates.")
    p_value: float = Field(description="Adjusted for all groups that were looked at.")


class IssueWindow(BaseModel):
    """The answers that were looked at."""

    answers: int
    groups: int = Field(description="Of near duplicates; each counts once in the tests.")
    labeled: int = Field(0, description="Answers whose item somebody has labeled.")
    feedback: int = Field(0, description="Answers that somebody judged.")
    first: datetime | None = None
    last: datetime | None = None
    places: int = Field(0, description="Groups by attribute that were looked at, each for every kind of failure.")


class Issue(BaseModel):
    """Failures that have something in common, and what becomes of them."""

    number: int
    project: str
    model: str
    title: str
    state: IssueState
    where: dict[str, str] = Field(description="What the answers have in common: attribute and value.")
    symptom: Symptom
    also: list[Symptom] = Field([], description="What else is surely worse in the same place.")
    failing: int = Field(description="Items that failed in any of these ways.")
    alike: int = Field(description="Other items of the same place.")
    window: IssueWindow
    drift: str | None = None
    campaigns: list[str] = []
    tasks: dict[TaskState, int] = {}
    ordered_by: str | None = None
    why: str = Field("", description="Why it was dismissed or resolved.")
    created_at: datetime
    updated_at: datetime


class IssueItem(Glimpse):
    """An item of an issue; `alike` stands in the same place without having failed."""

    item: str
    kind: ItemKind
    score: float = Field(description="The larger, the worse; 0 for one that did not fail.")
    detail: dict[str, Any] = Field({}, description="By kind of failure, the classes and boxes it is about.")
    said: str | None = Field(None, description="What the model answered last, in words.")
    sure: bool | None = Field(None, description="Whether the model was sure of that.")
    feedback: Verdict | None = Field(None, description="The last word on the model's answers to it.")


class OrderRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    issues: list[int] = Field(min_length=1, description="Their numbers.")
    tasks: int = Field(100, ge=1, description="How many items at most.")


class Ordered(BaseModel):
    """What issues became: one campaign for each customer's taxonomy."""

    campaigns: list[Campaign]
    tasks: int = Field(description="Items ordered by this call; 0 where all of it had been ordered before.")
    failing: int = Field(0, description="Of these, items that failed; the others stand in the same place.")
    left_this_week: int | None = Field(None, description="What the loop may still order; None for a person's order.")
    notes: list[str] = Field([], description="What could not be ordered, and why.")


class Closing(BaseModel):
    """Why an issue is dismissed or resolved."""

    model_config = ConfigDict(extra="forbid")

    why: str = ""
