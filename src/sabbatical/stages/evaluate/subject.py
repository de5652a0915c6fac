"""What is judged, and the part of a report that boxes and texts share.

Shapes: k classes, i items, b resamples.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput, EmptyDataset
from sabbatical.metrics.columns import Bools, Ints
from sabbatical.metrics.resampling import LEAST_UNITS, RESAMPLES, Resamples, surely_different, wilson
from sabbatical.metrics.thresholds import Scored
from sabbatical.metrics.tree import checked_closure
from sabbatical.schemas.evaluate import Calibration, Curve, Intervals, Metrics, Overall, ReliabilityBin, Report, Slice
from sabbatical.stages.evaluate.calibration import Reliability
from sabbatical.stages.evaluate.comparison import Judged
from sabbatical.stages.evaluate.slices import (
    Column,
    Moments,
    Part,
    class_scores,
    cohort_parts,
    metadata_parts,
    pair_parts,
    size_parts,
    slice_of,
)

RESAMPLED_GUESSES = 300_000_000  # guesses times resamples
LEAST_RESAMPLES = 200


@dataclass(frozen=True)
class Subject:
    """One model on the items of one snapshot, and how the items fall into slices.

    `items`: ids, one for each labeling of an item under a taxonomy. `slices`: columns by name (weather, camera,
    customer), one value an item, None for unknown. `captured_at`: NaT for unknown. `groups`: scene or site of each
    item, by name or number, the units that intervals resample. `frames`: width and height in px that boxes are given
    in. `closure`: k x k, each class and its ancestors; flat classes by default. `untaught`: classes that no label
    taught the model. `resamples`: at most; see `draws`.
    """

    model: str
    snapshot: str
    items: Sequence[str]
    classes: Sequence[str]
    slices: Mapping[str, Column] = field(default_factory=dict)
    captured_at: Moments | None = None
    groups: Sequence[str | None] | Ints | None = None
    frames: Sequence[tuple[int, int]] | NDArray[np.int32] | None = None
    closure: Bools | None = None
    untaught: Sequence[str] = ()
    resamples: int = RESAMPLES
    seed: int = 0

    def check(self) -> None:
        """Raise `EmptyDataset` without items, `BadInput` for a column of another length or a class named twice."""
        if not len(self.items):
            raise EmptyDataset(
                f"snapshot {self.snapshot} holds no items to judge {self.model} on.",
                where="evaluate",
                hint="Choose a snapshot whose test split has labeled items.",
            )
        for name, column in (("captured_at", self.captured_at), ("frames", self.frames)):
            if column is not None and len(column) != len(self.items):
                raise BadInput(f"{name} has {len(column)} values for {len(self.items)} items", where=name)
        if len(set(self.classes)) != len(self.classes):
            raise BadInput("two classes have one name", where="classes")

    @property
    def closure_kk(self) -> Bools:
        return checked_closure(self.closure, len(self.classes))

    def parts(self, *, sizes: bool) -> list[Part]:
        """All slices to judge."""
        metadata = metadata_parts(self.slices, len(self.items))
        by_size = size_parts(len(self.items)) if sizes else []
        cohorts = cohort_parts(self.captured_at) if self.captured_at is not None else []
        return [*metadata, *by_size, *pair_parts(metadata), *cohorts]

    def draws(self, guesses: int) -> Resamples:
        """Resamples for so many boxes or texts; fewer than asked for, but 200, where there are more than 300,000.

        Time grows with guesses times resamples, while intervals of so much data are narrow and need fewer of them.
        """
        enough = max(LEAST_RESAMPLES, RESAMPLED_GUESSES // max(1, guesses))
        return Resamples.of(len(self.items), self.groups, resamples=min(self.resamples, enough), seed=self.seed)


def first_report(
    subject: Subject,
    task: Literal["boxes", "text"],
    judged: Judged,
    parts: Sequence[Part],
    draws: Resamples,
    judges_k: Sequence[int],
) -> Report:
    """Metrics, intervals, slices and cohorts; `judges_k` items could judge each class."""
    whole, classes, items = judged.whole, list(subject.classes), len(set(subject.items))
    slices = _slices(judged, parts, classes)
    known = [k for k in range(len(classes)) if whole.n_k[k]]
    spans = Intervals(
        overall=whole.intervals(),
        by_class={classes[k]: whole.class_intervals(k) for k in known},
        by_slice={part.name: part.intervals for part in slices if part.intervals},
    )
    return Report(
        task=task,
        model=subject.model,
        snapshot=subject.snapshot,
        items=items,
        units=draws.units,
        classes=classes,
        judged=dict(zip(classes, judges_k, strict=True)),
        sentences=[],
        untaught=list(subject.untaught),
        metrics=Metrics(
            overall=Overall.model_validate({name: whole.value(name) for name in whole.overall}),
            by_class={classes[k]: class_scores(whole, k) for k in range(len(classes))},
            by_slice={part.name: part.scores for part in slices},
            intervals=spans,
        ),
        slices=[part for part in slices if part.kind != "cohort"],
        cohorts=[part for part in slices if part.kind == "cohort"],
        notes=[*_labelings(len(subject.items), items), *_notes(draws, slices)],
    )


def curves_of(scored: Scored, classes: Sequence[str]) -> dict[str, Curve]:
    """Precision over recall by class, thinned."""
    thinned = ((classes[k], curve.thinned()) for k, curve in scored.curves())
    return {
        name: Curve(recall=_short(recall), precision=_short(precision), score=_short(score))
        for name, (recall, precision, score) in thinned
    }


def calibration_of(found: Reliability | None, classes: Sequence[str]) -> Calibration | None:
    """The reliability curve with Wilson intervals, as the report shows it."""
    if found is None:
        return None
    bins = [
        ReliabilityBin(score=float(score), right=float(right), interval=wilson(float(right), float(many)), n=int(many))
        for many, score, right in zip(found.many_q, found.score_q, found.right_q, strict=True)
    ]
    return Calibration(
        ece=found.error, bins=bins, by_class={classes[k]: error for k, error in found.error_by_class.items()}
    )


def _slices(judged: Judged, parts: Sequence[Part], classes: Sequence[str]) -> list[Slice]:
    """All slices, each marked where its difference from all data holds among all that were looked at."""
    slices = [slice_of(part, figures, judged.whole, classes) for part, figures in zip(parts, judged.parts, strict=True)]
    tested = [(part, part.p_value) for part in slices if part.p_value is not None]
    for (part, _), sure in zip(tested, surely_different([p_value for _, p_value in tested]), strict=True):
        low, high = part.difference_interval or (0.0, 0.0)
        part.sure = sure and (low > 0 or high < 0)
    return slices


def _labelings(labelings: int, items: int) -> list[str]:
    """That some items are judged more than once, where they are."""
    if labelings == items:
        return []
    return [
        f"Some items were labeled under more than one taxonomy: {labelings:,} labelings of {items:,} items were "
        "judged, each by itself, so an object that two customers drew counts twice."
    ]


def _notes(draws: Resamples, slices: Sequence[Slice]) -> list[str]:
    notes = []
    if draws.units < LEAST_UNITS:
        notes.append(
            f"There are no intervals: it takes {LEAST_UNITS} items or groups to resample, here are {draws.units}."
        )
    few = [part.name for part in slices if part.scores.note]
    if few:
        notes.append(
            f"{len(few)} slices are too small to judge: {'; '.join(few[:5])}{'; ...' if len(few) > 5 else ''}."
        )
    return notes


def _short(values: Iterable[float]) -> list[float]:
    """Four decimals are finer than any plot."""
    return [float(value) for value in np.round(np.asarray(values), 4)]
