"""Two models on the same items, in the same resamples: what is better, what is worse, what cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from sabbatical.core.errors import BadInput, EmptyDataset
from sabbatical.metrics.columns import Floats
from sabbatical.metrics.figures import Figures
from sabbatical.metrics.resampling import Difference, surely_different
from sabbatical.schemas.evaluate import Change, Comparison
from sabbatical.stages.evaluate.slices import LEAST_TRUTHS, Part, too_few

MOST_CLASSES_IN_SLICES = 40


@dataclass(frozen=True)
class Judged:
    """One model: its figures on all data and on each part, in the order of the parts."""

    whole: Figures
    parts: Sequence[Figures]


def compare(model: str, ours: Judged, theirs: Judged, classes: Sequence[str], parts: Sequence[Part]) -> Comparison:
    """Ours minus theirs. Of classes within slices only those that differ are kept, the surest 40.

    Raises `BadInput` when the two were not judged on the same items, `EmptyDataset` when these are too few.
    """
    overall, _ = ours.whole.lead
    if len(ours.whole.overall[overall]) != len(theirs.whole.overall[overall]) or ours.whole.n != theirs.whole.n:
        raise BadInput("the two models were not judged on the same items", where="against")
    changes = [*_class_changes(ours.whole, theirs.whole, classes), *_slice_changes(ours, theirs, classes, parts)]
    for change, sure in zip(changes, surely_different([change.p_value for change in changes]), strict=True):
        change.sure = sure and change.verdict != "same"
    inner = [change for change in changes if change.kind == "class_in_slice" and change.verdict != "same"]
    kept = [change for change in changes if change.kind != "class_in_slice"]
    kept += sorted(inner, key=lambda change: change.p_value)[:MOST_CLASSES_IN_SLICES]
    whole = _change("class", model, overall, ours.whole.overall[overall], theirs.whole.overall[overall], ours.whole.n)
    if whole is None:
        raise EmptyDataset(
            "the two models share nothing that can be judged",
            where="against",
            hint="Evaluate both on a snapshot whose items cover their classes.",
        )
    shared = {"metric": overall, "before": whole.before, "after": whole.after, "difference": whole.difference}
    recall = _class_changes(ours.whole, theirs.whole, classes, "recall")
    for change, sure in zip(recall, surely_different([change.p_value for change in recall]), strict=True):
        change.sure = sure and change.verdict != "same"
    told = {"model": model, "interval": whole.interval, "verdict": whole.verdict, "changes": kept, "recall": recall}
    return Comparison.model_validate(shared | told)


def _class_changes(ours: Figures, theirs: Figures, classes: Sequence[str], metric: str | None = None) -> list[Change]:
    """Changes of each class in a metric, the leading one unless given."""
    metric = metric or ours.lead[1]
    changes = []
    for k in np.flatnonzero(ours.n_k >= LEAST_TRUTHS).tolist():
        values = ours.by_class[metric][:, k], theirs.by_class[metric][:, k]
        change = _change("class", classes[k], metric, *values, int(ours.n_k[k]))
        if change:
            change.class_name = classes[k]
            changes.append(change)
    return changes


def _slice_changes(ours: Judged, theirs: Judged, classes: Sequence[str], parts: Sequence[Part]) -> list[Change]:
    changes = []
    for part, mine, other in zip(parts, ours.parts, theirs.parts, strict=True):
        if too_few(mine):
            continue
        metric = mine.lead[0]
        change = _change("slice", part.name, metric, mine.overall[metric], other.overall[metric], mine.n)
        if change:
            change.slice_name, change.where = part.name, part.where
            changes.append(change)
        for inner in _class_changes(mine, other, classes):
            inner.kind, inner.name = "class_in_slice", f"{inner.name}, {part.name}"
            inner.slice_name, inner.where = part.name, part.where
            changes.append(inner)
    return changes


def _change(
    kind: Literal["class", "slice"], name: str, metric: str, ours_b: Floats, theirs_b: Floats, n: int
) -> Change | None:
    difference = Difference.of(ours_b - theirs_b)
    if difference is None:
        return None
    return Change(
        kind=kind,
        name=name,
        metric=metric,
        before=float(theirs_b[0]),
        after=float(ours_b[0]),
        difference=difference.value,
        interval=difference.interval,
        p_value=difference.p_value,
        n=n,
        verdict=difference.verdict,
    )
