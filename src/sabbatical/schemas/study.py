"""What a study answers: every method's figures with intervals, and each claim with what was found."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

StudyName = Literal["masking", "ramp", "growth", "rules"]
Interval = tuple[float, float]


class StudyTask(BaseModel):
    """Something that can be studied."""

    study: StudyName
    data: str
    methods: list[str]
    sets: list[str] = Field(description="Data sets of the catalogue that it needs.")


class TrialRequest(BaseModel):
    """One trial of a study: a method on the data, with a seed."""

    study: StudyName = "masking"
    data: str = Field(description="A task of the study, such as bccd.")
    method: str
    seed: int = Field(0, ge=0)
    settings: dict[str, Any] = Field(
        default_factory=dict, description="Of the recipe, where they differ from the task."
    )
    labeled: int | None = Field(None, ge=0, description="So many images the newcomer has labeled, of ramp time.")


class StudyRequest(BaseModel):
    """Which trials a study is put together from."""

    study: StudyName = "masking"
    data: str
    methods: list[str] = Field(default_factory=list, description="All of the task's unless given.")
    seeds: list[int] = Field(default_factory=lambda: [0, 1, 2], min_length=1)
    settings: dict[str, Any] = Field(default_factory=dict)


class Point(BaseModel):
    """One point of a curve: mAP@0.5 at so many labeled images, or after so many weeks."""

    x: float
    value: float | None
    interval: Interval | None = None
    images: float = Field(0, description="Images looked at in training so far.")


class StudyPlan(BaseModel):
    """What a study still needs."""

    sets: list[str] = Field(description="Data sets of the catalogue.")
    trials: list[TrialRequest] = Field(description="Those that have not ended, in the order to do them.")
    done: int


class MethodFigures(BaseModel):
    """One method over all its trials."""

    title: str
    about: str
    metrics: dict[str, Any] = Field(description="Overall and by class.")
    intervals: dict[str, Interval] = Field(description="95 %, of the overall metrics.")
    by_seed: dict[int, float] = Field(description="The leading metric of each trial alone.")
    train_seconds: float
    infer_ms: float
    parameters: float
    curves: dict[str, list[Point]] = Field({}, description="By what is judged; of studies of ramp time and growth.")


class Claim(BaseModel):
    """What was claimed, and what came out."""

    claim: str
    value: float | None
    interval: Interval | None = None
    target: str
    met: bool | None = Field(description="None where it cannot be said.")
    sure: bool | None = Field(None, description="Whether the whole interval says so.")


class StudyResult(BaseModel):
    """A study as far as it is."""

    study: StudyName
    data: str
    seeds: list[int]
    settings: dict[str, Any]
    missing: list[str] = Field(description="Trials that have not ended, as method-seed.")
    methods: dict[str, MethodFigures]
    claims: list[Claim]
