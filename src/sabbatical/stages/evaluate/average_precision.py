"""Average precision and recall by the definition of COCO, for whole data and for thousands of resamples alike.

A precision-recall curve changes its course only where a detection takes a truth, so curves are computed at these
events alone; the wrong detections between them enter as a running count.

Source: Lin et al., Microsoft COCO, ECCV 2014: precision interpolated at 101 recall levels, the mean over them, over IoU
.50:.05:.95 and over classes.

Shapes: e events (detections that took a truth) by class and falling score; k classes; b resamples (1 for whole data);
u units that are resampled (images or groups of them); r recall levels; a size ranges; t IoU thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sabbatical.stages.evaluate.columns import Bools, Floats, Ints
from sabbatical.stages.evaluate.matching import Matches

RECALL_LEVELS: Floats = np.linspace(0.0, 1.0, 101)


@dataclass(frozen=True)
class CocoNumbers:
    """`precision_atrk` at the largest limit of detections, and `recall_amtk`; NaN where no truth of a class counts."""

    areas: tuple[str, ...]
    ious_t: Floats
    limits: tuple[int, ...]
    precision_atrk: Floats
    recall_amtk: Floats

    @property
    def ap_atk(self) -> Floats:
        mean: Floats = self.precision_atrk.mean(axis=2)
        return mean

    def summary(self) -> dict[str, float]:
        """The 12 numbers by name (NaN where nothing can be judged), for COCO's areas, limits and thresholds."""
        ap = dict(zip(self.areas, self.ap_atk, strict=True))
        recall = dict(zip(self.areas, self.recall_amtk, strict=True))
        at = {iou: int(np.argmin(np.abs(self.ious_t - iou))) for iou in (0.5, 0.75)}
        numbers = {"ap": ap["all"], "ap50": ap["all"][at[0.5]], "ap75": ap["all"][at[0.75]]}
        numbers |= {f"ap_{size}": ap[size] for size in ("small", "medium", "large")}
        numbers |= {f"ar_{limit}": recall["all"][m] for m, limit in enumerate(self.limits)}
        numbers |= {f"ar_{size}": recall[size][-1] for size in ("small", "medium", "large")}
        return {name: mean_of_known(values) for name, values in numbers.items()}


def coco_numbers(matches: Matches, limits: Sequence[int] = (1, 10, 100)) -> CocoNumbers:
    """Precision curves and recall of every class, size range and threshold; `limits` are numbers of best detections."""
    areas, thresholds, classes = len(matches.areas), len(matches.ious_t), matches.classes
    precision_atrk = np.empty((areas, thresholds, len(RECALL_LEVELS), classes))
    recall_amtk = np.empty((areas, len(limits), thresholds, classes))
    once_1i = np.ones((1, matches.images))
    for a in range(areas):
        truths_k = matches.truths(a).astype(float)
        seen_1c = _seen(matches, a, once_1i, np.arange(matches.images))
        for t in range(thresholds):
            events = _Events.of(matches, a, t)
            tp_1e, seen_1e = events.running(seen_1c, np.ones((1, len(events.at_e))))
            precision_atrk[a, t] = _at_levels(events, tp_1e, seen_1e, truths_k)
            rank_e = matches.rank_d[matches.overlapping_c[events.at_e]]
            for m, limit in enumerate(limits):
                hits_k = np.bincount(events.class_e[events.right_e & (rank_e < limit)], minlength=classes)
                recall_amtk[a, m, t] = _over(hits_k, truths_k)
    return CocoNumbers(matches.areas, matches.ious_t, tuple(limits), precision_atrk, recall_amtk)


def resampled_ap(matches: Matches, a: int, at: Sequence[int], weights_bu: Floats, unit_i: Ints) -> Floats:
    """AP of every class at size range `a` and the thresholds `at`, for images weighted as their units are; t x b x k.

    A unit of weight 2 counts as if it stood twice in the data. `unit_i` is the unit of each image.
    """
    seen_bc = _seen(matches, a, weights_bu, unit_i)
    weights_bc = weights_bu[:, unit_i[matches.image_d[matches.overlapping_c]]]
    truths_bk = weighed_truths(matches, a, weights_bu, unit_i)
    ap_tbk = np.empty((len(at), len(weights_bu), matches.classes))
    for n, t in enumerate(at):
        events = _Events.of(matches, a, t)
        tp_be, seen_be = events.running(seen_bc, weights_bc[:, events.at_e])
        envelope_be, reached_be, before_be = _envelope(events, tp_be, seen_be, truths_bk)
        ap_tbk[n] = np.where(truths_bk > 0, 0.0, np.nan)
        if len(events.at_e):
            first_s = np.flatnonzero(np.diff(events.class_e, prepend=-1))
            parts_bs = np.add.reduceat(envelope_be * (reached_be - before_be), first_s, axis=1)
            ap_tbk[n][:, events.class_e[first_s]] += parts_bs / len(RECALL_LEVELS)
    return ap_tbk


def weighed_truths(matches: Matches, a: int, weights_bu: Floats, unit_i: Ints) -> Floats:
    """Weight of the truths that count, by resample and class; b x k."""
    counted = np.flatnonzero(~matches.ignored_ag[a])
    return sums_by_class(matches.class_g[counted], unit_i[matches.image_g[counted]], weights_bu, matches.classes)


def sums_by_class(class_n: Ints, unit_n: Ints, weights_bu: Floats, classes: int) -> Floats:
    """Sum of the units' weights over rows of each class; b x k."""
    cells, count = np.unique(class_n * weights_bu.shape[1] + unit_n, return_counts=True)
    sums_bk = np.zeros((len(weights_bu), classes))
    if len(cells):
        class_s = cells // weights_bu.shape[1]
        first_s = np.flatnonzero(np.diff(class_s, prepend=-1))
        parts_bn = weights_bu[:, cells % weights_bu.shape[1]] * count
        sums_bk[:, class_s[first_s]] = np.add.reduceat(parts_bn, first_s, axis=1, dtype=float)
    return sums_bk


def mean_of_known(values: Floats) -> float:
    """Mean of what is not NaN; NaN where nothing is left."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


@dataclass(frozen=True)
class _Events:
    """Detections that took a truth at one size range and threshold.

    `at_e` points into the overlapping ones. `right_e` is 0 where the truth is ignored. `shift_e` corrects the count of
    detections in range: +1 for a right one out of range, -1 for an ignored one in range.
    """

    at_e: Ints
    class_e: Ints
    right_e: Bools
    shift_e: Ints
    classes: int

    @classmethod
    def of(cls, matches: Matches, a: int, t: int) -> _Events:
        found_c = matches.found_atc[a, t]
        at_e = np.flatnonzero(found_c >= 0)
        place_e = matches.overlapping_c[at_e]
        right_e = ~matches.ignored_ag[a, found_c[at_e]]
        shift_e = right_e.astype(np.int64) - matches.in_range_ad[a, place_e]
        return cls(at_e, matches.class_d[place_e], right_e, shift_e, matches.classes)

    def running(self, seen_bc: Floats, weights_be: Floats) -> tuple[Floats, Floats]:
        """Weights of the right, and of all counted detections of the class, up to each event; both b x e."""
        tp_be = _running(weights_be * self.right_e, self.class_e)
        seen_be = seen_bc[:, self.at_e]
        if self.shift_e.any():
            seen_be = seen_be + _running(weights_be * self.shift_e, self.class_e)
        return tp_be, seen_be


def _seen(matches: Matches, a: int, weights_bu: Floats, unit_i: Ints) -> Floats:
    """Weight of the detections in range of the class up to each overlapping one; b x c."""
    place_c = matches.overlapping_c
    if not len(place_c):
        return np.zeros((len(weights_bu), 0))
    last_k = np.full(matches.classes, -1)
    last_k[matches.class_d[place_c]] = place_c  # what follows the last overlapping one of a class changes no curve
    kept = np.flatnonzero(np.arange(len(matches.class_d)) <= last_k[matches.class_d])
    weights_bd = np.take(weights_bu.astype(np.float32), unit_i[matches.image_d[kept]], axis=1)
    if not matches.in_range_ad[a].all():
        weights_bd *= matches.in_range_ad[a, kept]
    start_c = np.concatenate([[0], np.searchsorted(kept, place_c[:-1]) + 1])
    return _running(np.add.reduceat(weights_bd, start_c, axis=1), matches.class_d[place_c])


def _running(values_be: Floats, class_e: Ints) -> Floats:
    """Running sums that start anew with each class; b x e."""
    total_be = np.zeros((len(values_be), values_be.shape[1] + 1))
    np.cumsum(values_be, axis=1, out=total_be[:, 1:])
    sums: Floats = total_be[:, 1:] - total_be[:, np.searchsorted(class_e, class_e)]
    return sums


def _envelope(events: _Events, tp_be: Floats, seen_be: Floats, truths_bk: Floats) -> tuple[Floats, Ints, Ints]:
    """Best precision at this event or later, and the number of recall levels reached with and before it; all b x e."""
    recall_be = _over(tp_be, truths_bk[:, events.class_e], empty=-1.0)  # a class without truths reaches no level
    nearest_be = np.rint(np.maximum(recall_be, 0) * 100).astype(np.int64)
    reached_be = nearest_be + (RECALL_LEVELS[nearest_be] <= recall_be)
    before_be = np.zeros_like(reached_be)
    before_be[:, 1:] = reached_be[:, :-1] * (np.diff(events.class_e) == 0)
    # One scan from the back serves all classes: each earlier class is lifted above every later one.
    lift_e = 2.0 * (events.classes - events.class_e)
    precision_be = tp_be / (seen_be + np.spacing(1)) + lift_e
    envelope_be = np.maximum.accumulate(precision_be[:, ::-1], axis=1)[:, ::-1] - lift_e
    return envelope_be, reached_be, before_be


def _at_levels(events: _Events, tp_1e: Floats, seen_1e: Floats, truths_k: Floats) -> Floats:
    """The envelope at the 101 recall levels; r x k, NaN for a class without truths."""
    precision_kr = np.where(truths_k > 0, 0.0, np.nan)[:, None].repeat(len(RECALL_LEVELS), axis=1)
    (envelope_e,), (reached_e,), (before_e,) = _envelope(events, tp_1e, seen_1e, truths_k[None])
    steps_e = reached_e - before_e
    level_n = np.arange(steps_e.sum()) - np.repeat(np.cumsum(steps_e) - steps_e - before_e, steps_e)
    precision_kr[np.repeat(events.class_e, steps_e), level_n] = np.repeat(envelope_e, steps_e)
    return precision_kr.T


def _over(part: Floats | Ints, whole: Floats, empty: float = np.nan) -> Floats:
    """`part / whole`, and `empty` where there is no whole."""
    return np.divide(part, whole, out=np.full(np.shape(part), empty), where=whole > 0)
