"""What the demo's report tells: a story of chapters, as plain data.

A new chapter is a frozen dataclass here (or anywhere) that derives from `Chapter`, and one function registered with
`chapters.section`. Boxes are `(x1, y1, x2, y2)` in pixels of the frame; rates lie in 0..1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from sabbatical.report.picture import Picture
from sabbatical.report.words import Words
from sabbatical.schemas.evaluate import Change, Comparison, Corners, Report

Hand = Literal["person", "machine", "nobody"]
CellState = Literal["covered", "coarse only", "by its children", "in part", "not labeled"]  # as the taxonomy says it


class Chapter:
    """Base of all chapters."""


@dataclass(frozen=True, slots=True)
class Story:
    """The whole report. `parents` names the parent of each class that has one; `classes` go depth first.

    Without a headline the page begins with the conclusion of its first chapter that compares models.
    """

    title: str
    classes: tuple[str, ...]
    chapters: tuple[Chapter, ...]
    parents: Mapping[str, str | None] = field(default_factory=dict)
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    headline: Words | str = ()
    numbers: Words | str = ()
    place: str = "demo"


@dataclass(frozen=True, slots=True)
class Node:
    """A class of the super-taxonomy and how often it was labeled under its own name or a customer's."""

    name: str
    parent: str | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """How a customer knows a class, and its own label for it where it has one."""

    state: CellState
    label: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A box with its name as its author wrote it; `colour` is the class whose colour it takes, if that differs."""

    box: Corners
    name: str
    hand: Hand = "person"
    score: float | None = None
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture by its item, with what is drawn on it. `frame` is width and height that the boxes refer to."""

    item: str
    drawn: tuple[Drawn, ...] = ()
    caption: Words | str = ""
    focus: Corners | None = None
    frame: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Tagged:
    """A text by its item, with its tags: what a person says, and what the model says."""

    item: str
    true: str | None = None
    predicted: str | None = None
    score: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer: its items by split, how it knows each class, and some of its items with its own labels."""

    name: str
    items: int
    splits: Mapping[str, int]
    cells: Mapping[str, Cell]
    version: str = ""
    marks: int = 0
    shots: tuple[Shot, ...] = ()
    texts: tuple[Tagged, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What `taxonomy check` says; `kind` is its short name, `asks` whether a person should decide something."""

    text: str
    kind: str = ""
    asks: bool = False


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges (one more than counts). `before` is another set of counts over the same edges."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    unit: str
    before: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Growth:
    """Items by split in each snapshot, in the order of time."""

    snapshots: tuple[str, ...]
    items: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Customers(Chapter):
    """Who sends what, and what follows from it. `noun` is what was labeled: box or text.

    Without a headline the section counts customers and vocabularies.
    """

    customers: tuple[Customer, ...]
    nodes: tuple[Node, ...]
    findings: tuple[Finding, ...] = ()
    snapshot: str = ""
    noun: str = "box"
    sizes: Histogram | None = None
    growth: Growth | None = None
    headline: Words | str = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A place of a picture, or a text, and what it teaches: 1, 0 or None (silent) for each class in order.

    Its number stands beside `box` (of no size for an empty place); `text` is what the place says, if it is a text.
    """

    name: str
    cells: tuple[float | None, ...]
    note: str = ""
    box: Corners | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Teacher:
    """A customer's entries of the loss: taught by people, completed by the model, silent."""

    name: str
    items: int
    taught: int
    silent: int
    completed: int = 0


@dataclass(frozen=True, slots=True)
class Teaching(Chapter):
    """One picture (or some texts) of one customer, and what it teaches."""

    customer: str
    nodes: tuple[Node, ...]
    places: tuple[Place, ...]
    shot: Shot | None = None
    teachers: tuple[Teacher, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """A curve of a run: `tone` is `old` (ink) or `new` (accent); `smooth` draws the moving mean over raw values."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    tone: Literal["old", "new"] = "new"
    smooth: bool = True


@dataclass(frozen=True, slots=True)
class Duel(Chapter):
    """Two models on the same budget and the same items; `comparison` is that of `after` against `before`.

    `recall` and `precision` are changes by class: recall at a score of 0.5, and AP at IoU 0.5. `won` and `lost` show
    what only one of them finds.
    """

    before: str
    after: str
    comparison: Comparison
    recall: tuple[Change, ...]
    precision: tuple[Change, ...]
    loss: tuple[Trace, ...] = ()
    rate: tuple[Trace, ...] = ()
    budget: str = "the same budget"
    won: tuple[Shot, ...] = ()
    lost: tuple[Shot, ...] = ()


@dataclass(frozen=True, slots=True)
class Contender:
    """A model of a contest with its report, how long it took to learn and to answer one item."""

    name: str
    report: Report
    train_seconds: float | None = None
    item_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Contest(Chapter):
    """Several models on the same holdout, the chosen one last. `metric` is a field of `Overall`.

    `references` are figures that others published for the same items.
    """

    contenders: tuple[Contender, ...]
    metric: str = "f1_weighted"
    references: tuple[tuple[str, float], ...] = ()
    loss: tuple[Trace, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement(Chapter):
    """What one model is good and bad at."""

    report: Report


@dataclass(frozen=True, slots=True)
class Probe:
    """A behavioural test that failed, or an example of one: the text, what was expected, what came."""

    text: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class BehaviourTest:
    """A behavioural test: `kind` is invariance, direction or minimum functionality."""

    name: str
    kind: str
    passed: int
    total: int
    failures: tuple[Probe, ...] = ()


@dataclass(frozen=True, slots=True)
class Abstention:
    """What happens when the model leaves the unsure to a person, at each share it answers itself.

    `answered` falls as the threshold rises; `right` is the share of its answers that are right.
    """

    threshold: float
    answered: tuple[float, ...]
    right: tuple[float, ...]
    chosen: tuple[float, float]
    unsure: tuple[Tagged, ...] = ()


@dataclass(frozen=True, slots=True)
class Behaviour(Chapter):
    """How a text model behaves under small changes, and what it leaves to people."""

    tests: tuple[BehaviourTest, ...]
    abstention: Abstention | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the demo: what was done, how long it took, what came of it."""

    name: str
    seconds: float
    summary: str


@dataclass(frozen=True, slots=True)
class Summary(Chapter):
    """The table at the end, and what to try next: commands with what they do."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    steps: tuple[Step, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
