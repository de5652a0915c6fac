"""What a report tells of the loop at work: release, drift, issues, labeling, succession, and the steps of a turn.

Plain data, as in `story.py`. Shares and rates lie in 0..1; times are seconds unless a name ends in `_ms`; instants are
aware datetimes. Slices are named as everywhere: `weather=rain`, `time_of_day=night`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sabbatical.report.story import Chapter, Shot, Tagged
from sabbatical.report.words import Words
from sabbatical.schemas.evaluate import Change, Comparison

Verdict = Literal["passed", "failed", "undecided"]
ActorKind = Literal["person", "loop"]
ColumnKind = Literal["input", "answer", "attribute"]
StepState = Literal["running", "waiting", "done", "failed", "stopped", "skipped"]


@dataclass(frozen=True, slots=True)
class Gate:
    """What a model had to pass, and whether it did; `undecided` where there was not enough to judge by.

    `name` is that of the policy (items, overall, slices, classes, metric, latency, size, behaviour), or any other
    words. `reason` is the sentence with the numbers. Where there is a number, `value` (with its 95 % `interval`) is
    drawn against `limit`. Both are in `unit`: `points` for a rate in 0..1, `change` for a difference of rates in -1..1,
    else what it is written with, such as `ms`. `at_least` says whether the limit must be reached, or not passed. The
    policy's gates know their unit and side.
    """

    name: str
    verdict: Verdict
    reason: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    limit: float | None = None
    at_least: bool | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Arm:
    """What one model was asked in a stage, counted: answers that failed, that asked a person, feedback on them."""

    model: str
    requests: int
    median_ms: float | None = None
    p95_ms: float | None = None
    failures: int = 0
    unsure: int | None = None
    right: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a release: `share` of the units the challenger answered, 0 in shadow and 1 at full.

    Both arms were asked about the same `compared` items, and `agreed` on so many. `note` says what came of it.
    """

    name: str
    share: float
    champion: Arm | None = None
    challenger: Arm | None = None
    compared: int = 0
    agreed: int = 0
    began_at: datetime | None = None
    ended_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision that is kept: who made it, when, and why.

    `kind` is propose, gate, advance, hold, resume, reject, revert, replace, pin or unpin, `to` the stage that it leads
    to. `what` says it in words instead.
    """

    kind: str
    actor: str
    actor_kind: ActorKind
    at: datetime | None = None
    why: str = ""
    to: str = ""
    passed: bool | None = None
    what: str = ""


@dataclass(frozen=True, slots=True)
class Released(Chapter):
    """The way of a model to all traffic. `before` is the champion it met, None for the first of a project."""

    model: str
    gates: tuple[Gate, ...]
    before: str | None = None
    stages: tuple[Stage, ...] = ()
    decisions: tuple[Decision, ...] = ()
    headline: Words | str = ()
    name: str = "Release"


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number is spread before and now: shares of the items between edges (one more than shares)."""

    edges: tuple[float, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that was compared: the test's `statistic`, `p` adjusted over all columns, and the effect size.

    `effect` and `p` are None where it could not be tested, with the reason in `note`. `alarm` where it is both sure
    and large. `before` and `after` are means. A number has its `spread`, a category its values in `shares`, each with
    its share before and after.
    """

    name: str
    effect: float | None
    p: float | None
    alarm: bool
    kind: ColumnKind = "input"
    test: str = ""
    statistic: float | None = None
    before: float | None = None
    after: float | None = None
    unit: str = ""
    spread: Spread | None = None
    shares: tuple[tuple[str, float, float], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Grown:
    """A slice and its share of the items before and now, of which there are `items`.

    `score` is the mean top score there now, `rest` that of the items that are not in it; `unsure` and `unsure_rest` the
    shares of answers that asked a person.
    """

    name: str
    before: float
    after: float
    items: int = 0
    score: float | None = None
    rest: float | None = None
    unsure: float | None = None
    unsure_rest: float | None = None


@dataclass(frozen=True, slots=True)
class Month:
    """The answers to what was captured in one month: effects by column, and which of them drifted."""

    name: str
    items: int
    effects: Mapping[str, float] = field(default_factory=dict)
    drifted: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift(Chapter):
    """What changed in what is asked, and in what is answered.

    `reference` and `window` count items, `against` says of what ("first answers"); `sure` and `effect` are the limits
    of an alarm. `shots_before` and `shots_after` (or texts) are examples of both. `conclusion` is what follows.
    """

    model: str
    columns: tuple[Column, ...]
    reference: int
    window: int
    sure: float = 0.01
    effect: float = 0.2
    against: str = ""
    grown: tuple[Grown, ...] = ()
    months: tuple[Month, ...] = ()
    shots_before: tuple[Shot, ...] = ()
    shots_after: tuple[Shot, ...] = ()
    texts_before: tuple[Tagged, ...] = ()
    texts_after: tuple[Tagged, ...] = ()
    conclusion: Words | str = ()
    headline: Words | str = ()


@dataclass(frozen=True, slots=True)
class Issue:
    """Failures with something in common: `failures` of `answers` here, `lift` times the rate of the rest.

    `alike` are other items of the same place. Shots show what the model found (hand `machine`) and what it missed (hand
    `nobody`).
    """

    number: int
    title: str
    failures: int
    answers: int
    lift: float
    interval: tuple[float, float] | None = None
    kind: str = ""
    alike: int = 0
    rest: tuple[int, int] | None = None  # failures of answers elsewhere
    shots: tuple[Shot, ...] = ()
    texts: tuple[Tagged, ...] = ()


@dataclass(frozen=True, slots=True)
class Ordered:
    """A campaign that issues became: `failing` of its tasks are failures themselves, the rest is like them."""

    customer: str
    tasks: int
    failing: int = 0
    name: str = ""
    issues: tuple[int, ...] = ()
    groups: int = 0


@dataclass(frozen=True, slots=True)
class Mined(Chapter):
    """What the model fails at, and what was ordered to mend it; `answers` were looked at, `failures` found."""

    model: str
    issues: tuple[Issue, ...]
    ordered: tuple[Ordered, ...] = ()
    answers: int = 0
    failures: int = 0
    budget: int | None = None
    headline: Words | str = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a labeler's or customer's suggestions, and the seconds of each task with and without them.

    `scratch` holds the keystroke-level seconds of the same tasks without suggestions, in the same order.
    """

    name: str
    tasks: int
    accepted: int = 0
    corrected: int = 0
    renamed: int = 0
    deleted: int = 0
    drawn: int = 0
    seconds: tuple[float, ...] = ()
    scratch: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Relabeled:
    """One task: what the model suggested (hand `machine`) and what was kept (hand `person`)."""

    suggested: Shot
    final: Shot
    note: str = ""


@dataclass(frozen=True, slots=True)
class Labeled(Chapter):
    """What was labeled with the model's help. `simulated` says so on the page; `noun` is what was labeled."""

    tallies: tuple[Tally, ...]
    pairs: tuple[Relabeled, ...] = ()
    texts: tuple[Tagged, ...] = ()
    simulated: bool = True
    noun: str = "box"
    model: str = ""
    headline: Words | str = ()


@dataclass(frozen=True, slots=True)
class Succession(Chapter):
    """The new champion against the one before, on the same items; `comparison` is that of `after` against `before`.

    `drifted` names the slices that drifted: they stand first and are told by name. Recall by class, if it was judged,
    is in `recall`. Shots of what only one finds are made from the comparison unless they are given.
    """

    before: str
    after: str
    comparison: Comparison
    drifted: tuple[str, ...] = ()
    items: int = 0
    recall: tuple[Change, ...] = ()
    won: tuple[Shot, ...] = ()
    lost: tuple[Shot, ...] = ()
    headline: Words | str = ()


@dataclass(frozen=True, slots=True)
class TurnStep:
    """A step of a turn. `began` is seconds after the turn began (by default the end of the step before).

    `waits` where the loop only waited, for labels or traffic; `did` says what came of it.
    """

    name: str
    seconds: float
    did: str = ""
    began: float | None = None
    state: StepState = "done"
    waits: bool = False


@dataclass(frozen=True, slots=True)
class TurnSteps(Chapter):
    """One turn of the loop by its steps. `outcome` is how it ended; `begun_by` says who or what asked for it."""

    turn: str
    steps: tuple[TurnStep, ...]
    outcome: str = ""
    begun_by: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    headline: Words | str = ()
