"""The loop by itself on the wire: its policy, its turns step by step, what it waits for, when it comes again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.policy import Policy
from sabbatical.schemas.run import RunState

StepState = Literal["running", "waiting", "done", "failed", "stopped"]
Outcome = Literal["promoted", "nothing", "kept", "undecided", "no_labels", "no_traffic", "person"]
"""promoted: a new champion. nothing: nothing new to learn from. kept: gates or traffic were against it. undecided: the
gates cannot tell. no_labels, no_traffic: what was waited for did not come. person: a person decided otherwise."""


class PolicyRequest(BaseModel):
    """What the loop may do by itself; without a `policy` the newest stays, or the usual one."""

    model_config = ConfigDict(extra="forbid")

    policy: Policy | None = None
    author: str = Field("owner", min_length=1, max_length=200)


class TurnRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    author: str = Field("owner", min_length=1, max_length=200)


class PolicyRecord(BaseModel):
    """The policy in force from some moment on."""

    enabled: bool
    policy: Policy
    author: str
    created_at: datetime | None = Field(description="None: it was never set, this is the usual one.")


class TurnStep(BaseModel):
    """A step of a turn. `message`: what it does or did; `run`: the run that does its work."""

    name: str
    state: StepState
    message: str
    run: str | None = None
    fraction: float | None = None
    seconds: float
    started_at: datetime
    ended_at: datetime | None


class Turn(BaseModel):
    """One turn of the loop."""

    run: str = Field(description="Its id as a run.")
    state: RunState
    why: str = Field(description="What began it.")
    outcome: Outcome | None = None
    message: str = Field(description="What it does, or how it ended.")
    todo: str = Field("", description="What a person can do now.")
    steps: list[TurnStep]
    result: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    seconds: float
    created_at: datetime
    ended_at: datetime | None


class Due(BaseModel):
    """When the next turn begins by itself, and why then; `at` is None where only a person begins one."""

    at: datetime | None
    why: str


class Status(BaseModel):
    """What the loop of a project does by itself."""

    project: str
    policy: PolicyRecord
    champion: str | None
    now: Turn | None = Field(description="The turn under way.")
    next: Due
    begins: list[Due] = Field(description="Everything that begins a turn by itself; none while the loop is off.")
    worker: bool = Field(description="Whether a worker is there to do the turns that are due.")
    turns: list[Turn] = Field(description="The last that ended, newest first.")
