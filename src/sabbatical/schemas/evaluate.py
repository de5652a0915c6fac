"""What an evaluation says: `Metrics` (the `--json` contract), and the whole `Report` that a page is drawn from.

All rates lie in 0..1, boxes are `[x1, y1, x2, y2]` in pixels of the frame that was judged, intervals are `[low, high]`
at 95 %. What a task does not have is left out of the JSON rather than written as null. `schema: 1` is stable: fields
are added, never renamed or given another meaning.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

T = TypeVar("T")
Interval = tuple[float, float]
Corners = tuple[float, float, float, float]


def _absent(value: object) -> bool:
    return value is None


# A field that is left out of the JSON where a task, a class or a slice does not have it.
Maybe = Annotated[T | None, Field(exclude_if=_absent)]


class Contract(BaseModel):
    """Base of every wire type here: unknown fields are refused, NaN and infinity cannot be written."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, serialize_by_alias=True, validate_by_name=True)


class Overall(Contract):
    """Means over the classes that could be judged (macro), so that a rare class counts as much as a common one."""

    map50: Maybe[float] = None
    map: Maybe[float] = None
    recall: Maybe[float] = None
    precision: Maybe[float] = None
    f1: Maybe[float] = None
    accuracy: Maybe[float] = None
    f1_micro: Maybe[float] = None
    f1_weighted: Maybe[float] = None
    log_loss: Maybe[float] = None


class ClassScores(Contract):
    """One class. Recall, precision and F1 hold at the class's threshold; `n` is the number of truths."""

    ap50: Maybe[float] = None
    recall: Maybe[float] = None
    precision: Maybe[float] = None
    f1: Maybe[float] = None
    n: int


class SliceScores(Contract):
    """One slice: the means over its judged classes, `n` truths on `images` items; with too few, only `note` says so."""

    map50: Maybe[float] = None
    recall: Maybe[float] = None
    precision: Maybe[float] = None
    f1: Maybe[float] = None
    accuracy: Maybe[float] = None
    n: int
    images: int
    note: Maybe[str] = None


class Intervals(Contract):
    """95 % intervals under the names of the numbers they belong to; a number without one is left out."""

    overall: dict[str, Interval] = Field(default_factory=dict)
    by_class: dict[str, dict[str, Interval]] = Field(default_factory=dict)
    by_slice: dict[str, dict[str, Interval]] = Field(default_factory=dict)


class Metrics(Contract):
    """The `metrics` of every `--json` document."""

    overall: Overall
    by_class: dict[str, ClassScores]
    by_slice: dict[str, SliceScores] = Field(default_factory=dict)
    intervals: Intervals = Field(default_factory=Intervals)


class Coco(Contract):
    """The 12 numbers of the COCO evaluation, by their COCO names; None is left out (no truth of that size)."""

    ap: Maybe[float] = None
    ap50: Maybe[float] = None
    ap75: Maybe[float] = None
    ap_small: Maybe[float] = None
    ap_medium: Maybe[float] = None
    ap_large: Maybe[float] = None
    ar_1: Maybe[float] = None
    ar_10: Maybe[float] = None
    ar_100: Maybe[float] = None
    ar_small: Maybe[float] = None
    ar_medium: Maybe[float] = None
    ar_large: Maybe[float] = None


class Operating(Contract):
    """Precision, recall and F1 of one class at one score threshold."""

    threshold: float
    precision: Maybe[float] = None
    recall: Maybe[float] = None
    f1: Maybe[float] = None


class Threshold(Contract):
    """The threshold that a class is used at, beside the plain 0.5, and the recall at another model's precision."""

    chosen: Operating
    half: Operating
    recall_at_precision: Maybe[float] = None
    at_precision: Maybe[float] = None


class Curve(Contract):
    """Precision over recall of one class, thinned to what a plot can show; `score` is the threshold of each point."""

    recall: list[float]
    precision: list[float]
    score: list[float]


class ReliabilityBin(Contract):
    """Of `n` predictions with a mean score of `score`, the share `right` was right (95 % Wilson interval)."""

    score: float
    right: float
    interval: Interval
    n: int


class Calibration(Contract):
    """Expected calibration error over bins of equal mass, and the reliability curve it sums up."""

    ece: float
    bins: list[ReliabilityBin]
    by_class: dict[str, float] = Field(default_factory=dict)


class Confusion(Contract):
    """`counts[i][j]` truths of `rows[i]` were taken for `columns[j]`.

    In detection the last column is `missed` and the last row `ghost` (a box where nothing is). Columns follow `rows`.
    """

    rows: list[str]
    columns: list[str]
    counts: list[list[int]]


class Slice(Contract):
    """One slice in full. `kind`: metadata, size, cohort, or pair (of two metadata values).

    `difference` is its leading number (map50, accuracy) minus that of all data over the same classes, with the 95 %
    interval and the p-value of no difference; `sure` when it holds among all slices looked at (Benjamini-Hochberg).
    """

    name: str
    kind: Literal["metadata", "size", "cohort", "pair"]
    where: dict[str, str]
    scores: SliceScores
    intervals: dict[str, Interval] = Field(default_factory=dict)
    difference: Maybe[float] = None
    difference_interval: Maybe[Interval] = None
    p_value: Maybe[float] = None
    sure: bool = False
    by_class: dict[str, ClassScores] = Field(default_factory=dict)
    intervals_by_class: dict[str, dict[str, Interval]] = Field(default_factory=dict)


class Marked(Contract):
    """A box of a sample with its class, and its score where a model drew it."""

    box: Corners
    name: str
    score: Maybe[float] = None


class Sample(Contract):
    """One item worth looking at.

    `kind`: missed (a truth nobody found), ghost (a confident box where nothing is), wrong_class (right place or text,
    wrong name). `score` orders samples of all kinds: how sure the model was of what is wrong, 1 is worst.
    """

    item: str
    kind: Literal["missed", "ghost", "wrong_class"]
    score: float
    truth: Maybe[Marked] = None
    predicted: Maybe[Marked] = None
    true_name: Maybe[str] = None
    predicted_name: Maybe[str] = None
    frame: Maybe[tuple[int, int]] = None


class Turned(Contract):
    """A truth that one model has right and the other wrong, with the score each gave it (none: not found at all)."""

    item: str
    name: str
    box: Maybe[Corners] = None
    before: Maybe[float] = None
    after: Maybe[float] = None
    frame: Maybe[tuple[int, int]] = None


class Change(Contract):
    """A number of the other model (`before`) and of this one (`after`); the interval is of the paired difference.

    `verdict` follows from the interval alone; `sure` when it also holds among all changes looked at
    (Benjamini-Hochberg at 5 %).
    """

    kind: Literal["class", "slice", "class_in_slice"]
    name: str
    class_name: Maybe[str] = None
    slice_name: Maybe[str] = None
    where: dict[str, str] = Field(default_factory=dict)
    metric: str
    before: float
    after: float
    difference: float
    interval: Interval
    p_value: float
    n: int
    verdict: Literal["better", "worse", "same"]
    sure: bool = False


class Against(Contract):
    """The `against` of `evaluate --json`. The lists name classes and slices; `same` cannot be told apart."""

    model: str
    difference: float
    interval: Interval
    better: list[str]
    worse: list[str]
    same: list[str]


class Comparison(Contract):
    """Two models on the same items: `difference` is this model minus `model` in `metric`, paired by item or group."""

    model: str
    metric: str
    before: float
    after: float
    difference: float
    interval: Interval
    verdict: Literal["better", "worse", "same"]
    changes: list[Change]
    recall: list[Change] = Field(default_factory=list, description="By class, at the thresholds that were judged.")
    right_to_wrong: list[Turned] = Field(default_factory=list)
    wrong_to_right: list[Turned] = Field(default_factory=list)
    right_to_wrong_count: int = 0
    wrong_to_right_count: int = 0
    curves: dict[str, Curve] = Field(default_factory=dict)

    def against(self) -> Against:
        """The short form for `evaluate --json`."""
        names: dict[str, list[str]] = {"better": [], "worse": [], "same": []}
        for change in self.changes:
            names[change.verdict].append(change.name)
        return Against(model=self.model, difference=self.difference, interval=self.interval, **names)


class Unkept(Contract):
    """One case of a behavioural test that a model does not keep."""

    text: str
    expected: str
    got: str


class Behaved(Contract):
    """A behavioural test of a text model: `kind` is minimum (functionality), invariance or direction."""

    name: str
    kind: Literal["minimum", "invariance", "direction"]
    passed: int
    total: int
    failures: list[Unkept] = Field(default_factory=list)


class Evaluation(Contract):
    """What `sabbatical evaluate --json` prints."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    model: str
    snapshot: str
    items: int
    metrics: Metrics
    against: Maybe[Against] = None


class Report(Contract):
    """Everything that is known about one model on one snapshot.

    `judged` counts, for each class, the items whose taxonomy covers it: only these count for it. `units` is the number
    of groups (scenes, sites) that intervals resample; it equals `items` where no groups are known. `sentences` hold the
    conclusion first. `slices` come in the order to show, `cohorts` in that of time.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    task: Literal["boxes", "text"]
    model: str
    snapshot: str
    items: int
    units: int
    classes: list[str]
    judged: dict[str, int]
    untaught: list[str] = Field(default_factory=list, description="Classes that no label taught the model.")
    sentences: list[str]
    metrics: Metrics
    coco: Maybe[Coco] = None
    thresholds: dict[str, Threshold] = Field(default_factory=dict)
    curves: dict[str, Curve] = Field(default_factory=dict)
    calibration: Maybe[Calibration] = None
    confusion: Maybe[Confusion] = None
    slices: list[Slice] = Field(default_factory=list)
    cohorts: list[Slice] = Field(default_factory=list)
    worst: list[Sample] = Field(default_factory=list)
    comparison: Maybe[Comparison] = None
    behaviour: list[Behaved] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _only_schema_one(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("schema", 1) != 1:
            raise ValueError(f"this report has schema {data['schema']}; this version of Sabbatical reads schema 1")
        return data

    def evaluation(self) -> Evaluation:
        """The document that `sabbatical evaluate --json` prints."""
        against = self.comparison.against() if self.comparison else None
        return Evaluation(
            model=self.model, snapshot=self.snapshot, items=self.items, metrics=self.metrics, against=against
        )
