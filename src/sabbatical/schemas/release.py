"""Releases on the wire: what is proposed, what the gates say, what traffic shows, what was decided by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from sabbatical.schemas.policy import ReleaseRules, StageName

ActorKind = Literal["person", "loop"]
Verdict = Literal["passed", "failed", "undecided"]
Where = Literal["gate", "shadow", "canary", "ab", "full", "failed", "rejected", "reverted", "replaced"]
DecisionKind = Literal[
    "propose", "gate", "advance", "hold", "resume", "reject", "revert", "replace", "pin", "unpin"
]  # fmt: skip
Interval = tuple[float, float]


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class GateVerdict(BaseModel):
    """What one gate says, in a sentence with its numbers. `undecided`: there is not enough to judge by."""

    gate: str
    verdict: Verdict
    reason: str
    value: float | None = Field(None, description="What was measured.")
    limit: float | None = Field(None, description="What it had to keep to.")
    interval: Interval | None = Field(None, description="95 % of the value.")
    where: str | None = Field(None, description="The class or slice that it is about.")
    sure_from: float | None = Field(None, description="The smallest loss there that would have counted as sure.")
    items: int | None = Field(None, description="Images or texts (truths, for a class) that it was judged on.")


class ArmEvidence(BaseModel):
    """What one model answered in one stage.

    Times are of its newest 2,000 answers there, and None without answers: a request waits `median_ms` for the model,
    which answers several at once, so that its work on one of them is `each_ms`.
    """

    requests: int = Field(0, ge=0, description="Answered or failed.")
    failures: int = Field(0, ge=0)
    median_ms: float | None = None
    p95_ms: float | None = None
    each_ms: float | None = Field(None, description="Median of a call's time over the inputs answered in it.")
    units: int = Field(0, ge=0, description="Units that the newest 2,000 answers went to.")
    unsure: int = Field(0, ge=0, description="Answers that ask a person.")
    right: int = Field(0, ge=0, description="Answers that feedback called right.")
    wrong: int = Field(0, ge=0, description="Answers that feedback called wrong.")


class Evidence(BaseModel):
    """What traffic shows of a release in its stage, since it came there."""

    release: str = Field(description="The release's id.")
    stage: StageName
    since: datetime
    champion: ArmEvidence = ArmEvidence()
    challenger: ArmEvidence = ArmEvidence()
    units: int = Field(0, ge=0, description="Units that asked, in the newest 2,000 answers of each.")
    compared: int = Field(0, ge=0, description="Items that both answered, of the newest 1,000 of each.")
    agreed: int = Field(0, ge=0, description="Of these, on how many they say the same: of an image, most of it.")


class Readiness(NamedTuple):
    """Whether a stage may be left, and a sentence for each thing that was looked at."""

    ready: bool
    reasons: list[str]


class Challenger(BaseModel):
    """A model that gets traffic beside the champion: a unit is its own where hash(salt, unit) < share.

    `by_item`: there are too few units for that, so the hash is of the unit and the item.
    """

    model_config = ConfigDict(frozen=True)

    release_id: str
    model_id: str
    stage: Literal["shadow", "canary", "ab"]
    share: float
    salt: str
    by_item: bool = False


class Routing(BaseModel):
    """Which models answer. `former_id`: the champion that a revert would bring back."""

    model_config = ConfigDict(frozen=True)

    champion_id: str | None
    former_id: str | None = None
    release: Challenger | None = None


class DecisionRequest(Wire):
    """Who decides, and why. A loop that says so does not go against what a person decided."""

    why: str = Field("", max_length=2000)
    actor: str = Field("owner", min_length=1, max_length=200)
    actor_kind: ActorKind = "person"


class ProposeRequest(DecisionRequest):
    model: str | None = Field(None, description="Name or id; the newest unless given.")
    snapshot: str | None = Field(None, description="Whose labels judge; the newest unless given.")
    rules: ReleaseRules | None = Field(None, description="Gates and stages; the policy's unless given.")
    behaviour: dict[str, Any] | None = Field(None, description="Behavioural tests of a text model, as a document.")
    hold: bool = Field(False, description="Judge only: it waits at the gate until somebody advances it.")


class AdvanceRequest(DecisionRequest):
    stage: Literal["gate", "shadow", "canary", "ab"] = Field(
        description="The stage to leave; whoever comes second finds that it was left, and moves nothing."
    )
    anyway: bool = Field(False, description="Though its evidence does not suffice.")


class Release(BaseModel):
    """A model on its way to all traffic.

    `stage`: gate (waits there), shadow, canary, ab, full (it became the champion), or how it ended otherwise: failed
    (at the gates), rejected, reverted, replaced (by a newer proposal while it waited at the gate).
    """

    id: str
    name: str = Field(description="r1, r2, ... in the order of making.")
    project: str
    model: str
    champion: str | None = Field(description="The model that it is to replace; none for the first.")
    stage: Where
    share: float = Field(description="Of units that it answers; of the requests, where `by_item`.")
    by_item: bool = Field(False, description="Too few units ask to be shared out, so each item goes its own way.")
    next: StageName | None = Field(description="Where it goes when it advances; none when it has ended.")
    held_by: ActorKind | None = Field(description="Who holds it where it is; the loop goes on only without a person's.")
    passed: bool | None = Field(description="What the gates say together; none: they cannot tell.")
    gates: list[GateVerdict]
    evaluation: str | None = Field(description="The report that the gates judged.")
    rules: ReleaseRules
    stage_since: datetime
    created_at: datetime
    ended_at: datetime | None

    @property
    def under_way(self) -> bool:
        return self.ended_at is None


class Reverted(Release):
    """The release that was taken back, and what that changed."""

    answers: str = Field(description="The champion after it.")
    ended: str | None = Field(description="The release that waited at the gate and ended with it, such as r3.")
    message: str = Field(description="What was taken back, which model answers, what became of what waited.")


class Decision(BaseModel):
    """One decision, never changed. `reasons` are sentences, `evidence` what they stand on."""

    id: str
    release: str | None = Field(description="Such as r2; none for what is about the champion alone.")
    model: str | None
    kind: DecisionKind
    actor_kind: ActorKind
    actor: str
    stage_from: str | None
    stage_to: str | None
    passed: bool | None
    reasons: list[str]
    evidence: dict[str, Any]
    created_at: datetime


class Traffic(BaseModel):
    """What traffic shows of a release, judged by the rules of its stage; none while it gets no traffic."""

    evidence: Evidence | None
    ready: bool = Field(description="Whether it may leave its stage.")
    verdicts: list[GateVerdict]


class Champion(BaseModel):
    """Which model answers, which is on its way, and which a revert would bring back."""

    champion: str | None
    since: datetime | None
    former: str | None
    pinned_by: str | None = Field(description="The person who forbade the loop to replace it.")
    release: Release | None


class Alias(BaseModel):
    """A name that moves from model to model."""

    name: Literal["champion", "challenger"]
    model: str
    updated_at: datetime
