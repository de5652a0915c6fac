"""What the loop may do by itself, as data: when to train, what a model must pass, its release, what may be ordered.

Durations are texts such as `30s`, `10m`, `12h`, `3d` or `2w`.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
StageName = Literal["shadow", "canary", "ab", "full"]
JudgeBy = Literal["sure", "points"]
MOST_COMPARED = 10_000
"""Items of a side of a look for drift: all of them are in memory, with their answers."""
STAGES: tuple[StageName, ...] = ("shadow", "canary", "ab", "full")


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", str(value))
    if not found:
        raise ValueError(f"'{value}' is no duration; write it as 30s, 10m, 12h, 3d or 2w")
    return timedelta(seconds=float(found[1]) * UNITS[found[2]])


def _told(value: timedelta) -> str:
    seconds = value.total_seconds()
    unit = next((name for name in "wdhm" if seconds and seconds % UNITS[name] == 0), "s")
    return f"{seconds / UNITS[unit]:g}{unit}"


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_told)]


class Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _share(value: Any) -> Any:
    if isinstance(value, int | float) and value > 1:
        raise ValueError(f"{value:g} is more than all there is: losses are shares, and 0.02 is 2 points")
    return value


Loss = Annotated[float, BeforeValidator(_share), Field(ge=0)]


class LosingGate(Rule):
    """A gate on what is lost against the champion on the same items: more than `lose_at_most` (0.02: 2 points) fails.

    sure: where the 95 % interval of the paired difference leaves out zero too, among all that the gate looks at.
    points: by the difference alone, be it chance or not.
    """

    lose_at_most: Loss = 0.0
    judge_by: JudgeBy = Field("sure", description="sure: losses that are no chance; points: the difference alone.")


class OverallGate(LosingGate):
    """The leading number of all data (mAP, weighted F1) may not fall by more."""

    gate: Literal["overall"]


class SliceGate(LosingGate):
    """No slice with at least `items` items may lose more."""

    gate: Literal["slices"]
    items: int = Field(30, ge=1)
    lose_at_most: Loss = 0.02


class ClassGate(LosingGate):
    """No class with at least `truths` labels may lose more."""

    gate: Literal["classes"]
    truths: int = Field(30, ge=1)
    lose_at_most: Loss = 0.02


class ItemsGate(Rule):
    """There must be enough to judge by."""

    gate: Literal["items"]
    at_least: int = Field(50, ge=1)


class MetricGate(Rule):
    """A number of all data (`map50`, `f1_weighted`, `recall`, ...) that must be reached."""

    gate: Literal["metric"]
    metric: str
    at_least: float


class LatencyGate(Rule):
    """The median time to answer one item: in milliseconds, or against the champion measured beside it."""

    gate: Literal["latency"]
    at_most_ms: float | None = Field(None, gt=0)
    times_champion: float | None = Field(1.5, gt=0)
    slack_ms: float = Field(2.0, ge=0, description="Milliseconds more than the champion's that are no loss.")


class SizeGate(Rule):
    """The largest file that may be served, in megabytes."""

    gate: Literal["size"]
    at_most_mb: float = Field(200.0, gt=0)


class BehaviourGate(Rule):
    """Of the behavioural tests of texts that were tried, the share that must pass."""

    gate: Literal["behaviour"]
    at_least: float = Field(1.0, ge=0, le=1)


Gate = Annotated[
    OverallGate | SliceGate | ClassGate | ItemsGate | MetricGate | LatencyGate | SizeGate | BehaviourGate,
    Field(discriminator="gate"),
]


class Stage(Rule):
    """A stage of a release, and what it takes to leave it for the next.

    shadow: the challenger answers beside the champion, and nobody sees it. canary, ab: it answers `share` of the units.
    full: it is the champion.
    """

    stage: StageName
    share: float | None = Field(None, gt=0, lt=1, description="Of units that it answers; .1 in canary, .5 in ab.")
    requests: int = Field(50, ge=0, description="Answers of the challenger that it takes.")
    wait: Duration = Field(timedelta(days=7), description="How long to wait for them before a person is asked.")
    failures_at_most: float = Field(0.02, ge=0, le=1, description="Share of requests that it may fail to answer.")
    slower_at_most: float = Field(3.0, gt=0, description="Times the champion's median latency.")
    slack_ms: float = Field(5.0, ge=0, description="Milliseconds more than the champion's that are no loss.")
    wrong_at_most: float | None = Field(None, ge=0, description="Times the champion's share of bad feedback.")

    @property
    def challenger_share(self) -> float:
        usual = {"shadow": 0.0, "canary": 0.1, "ab": 0.5, "full": 1.0}
        return self.share if self.share is not None and self.stage != "shadow" else usual[self.stage]


class Training(Rule):
    """How the loop trains."""

    recipe: str = "default"
    settings: dict[str, Any] = {}
    start: Literal["champion", "scratch"] = Field("champion", description="Go on from its weights, or begin anew.")
    taxonomies: list[str] | None = Field(None, description="Learn from these only.")


class Judging(Rule):
    """Whose labels judge a model."""

    taxonomies: list[str] | None = None
    splits: list[Literal["train", "validation", "test"]] = ["test"]


class When(Rule):
    """What begins a turn; each that is given does."""

    every: Literal["day", "week", "month"] | None = None
    new_labels: int | None = Field(None, ge=1)


class Watching(Rule):
    """What is compared: the newest answers with those that the champion gave when it was released."""

    window: int = Field(200, ge=20, le=MOST_COMPARED, description="Answers in a window.")
    reference: int = Field(
        200, ge=20, le=MOST_COMPARED, description="First answers of the champion; before, what judged it."
    )
    sure: float = Field(0.01, gt=0, lt=0.5, description="Chance of a false alarm, all columns together.")
    effect: float = Field(0.2, gt=0, description="Smaller effects (Cohen's d or w) are no drift.")


class Labeling(Rule):
    """What the loop may order of people."""

    tasks_a_turn: int = Field(100, ge=0)
    tasks_a_week: int = Field(500, ge=0)
    wait: Duration = timedelta(days=7)
    enough: float = Field(1.0, gt=0, le=1, description="Share of the tasks that is waited for.")


def _gates() -> list[Any]:
    return [
        ItemsGate(gate="items"),
        OverallGate(gate="overall"),
        SliceGate(gate="slices"),
        ClassGate(gate="classes"),
        LatencyGate(gate="latency"),
        SizeGate(gate="size"),
    ]


def _stages() -> list[Stage]:
    return [Stage(stage="shadow"), Stage(stage="canary"), Stage(stage="full", requests=0)]


class ReleaseRules(Rule):
    """What a model must pass, and its way to all traffic."""

    gates: list[Gate] = Field(default_factory=_gates)
    stages: list[Stage] = Field(default_factory=_stages)
    judge: Judging = Judging()

    @model_validator(mode="after")
    def _in_order(self) -> ReleaseRules:
        places = [STAGES.index(stage.stage) for stage in self.stages]
        if not places or places != sorted(set(places)) or self.stages[-1].stage != "full":
            raise ValueError("stages go from shadow over canary and ab to full, each at most once, and end with full")
        return self


class Policy(Rule):
    """The whole policy of a project."""

    when: When = When()
    watch: Watching = Watching()
    label: Labeling = Labeling()
    train: Training = Training()
    release: ReleaseRules = Field(default_factory=ReleaseRules)
    ask_a_person: list[Literal["label", "release", "full"]] = Field(
        [], description="What waits for a person: ordering labels, beginning a release, taking all traffic."
    )
