"""Average precision and recall by the definition of COCO, for whole data and for thousands of resamples alike.

A precision-recall curve changes its course only where a detection takes a truth, so the curve of a class is computed at
these events alone; the wrong detections between them enter as a running count.

Source: Lin et al., Microsoft COCO, ECCV 2014: precision interpolated at 101 recall levels, the mean over them, over IoU
.50:.05:.95 and over classes.

Shapes: d detections of a class by falling score; c those that overlap a truth; e events (those that took one);
k classes; a size ranges; t IoU thresholds; m limits of detections; r recall levels; b resamples (1 for whole data);
u units that are resampled (images or groups of them).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.metrics.columns import Bools, Floats, Ints
from sabbatical.metrics.matching import Matches

Weights = NDArray[Any]  # uint8 draws or float64

RECALL_LEVELS: Floats = np.linspace(0.0, 1.0, 101)
CELLS_AT_ONCE = 200_000  # what a processor's cache holds


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
    precision_atrk = np.full((areas, thresholds, len(RECALL_LEVELS), classes), np.nan)
    recall_amtk = np.full((areas, len(limits), thresholds, classes), np.nan)
    for a in range(areas):
        truths_k = matches.truths(a)
        for k in np.flatnonzero(truths_k).tolist():
            one = _ClassCurve.of(matches, a, k)
            seen_tc = one.seen(np.ones((1, len(one.image_d)))) + np.cumsum(one.shift_tc, axis=1)
            envelope_tc, reached_tc = _envelope(
                np.cumsum(one.right_tc, axis=1, dtype=np.float64), seen_tc, truths_k[k : k + 1]
            )
            precision_atrk[a, :, :, k] = _at_levels(envelope_tc, reached_tc)
            rank_c = one.rank_d[one.place_c]
            for m, limit in enumerate(limits):
                recall_amtk[a, m, :, k] = one.right_tc[:, rank_c < limit].sum(axis=1) / truths_k[k]
    return CocoNumbers(matches.areas, matches.ious_t, tuple(limits), precision_atrk, recall_amtk)


def resampled_ap(
    matches: Matches, a: int, at: Sequence[int], weights_bu: Weights, unit_i: Ints, truths_bk: Floats
) -> Floats:
    """AP of every class at size range `a` and the thresholds `at`, for images weighted as their units are; t x b x k.

    A unit of weight 2 counts as if it stood twice in the data. `unit_i` is the unit of each image, `truths_bk` the
    weighted number of truths that count; AP is NaN where there are none.
    """
    ap_tbk = np.empty((len(at), *truths_bk.shape))
    ap_tbk[:] = np.where(truths_bk > 0, 0.0, np.nan)
    for k in np.flatnonzero(truths_bk.any(axis=0)).tolist():
        one = _ClassCurve.of(matches, a, k)
        if not len(one.place_c):
            continue
        rows = max(1, CELLS_AT_ONCE // len(one.image_d))
        for start in range(0, len(weights_bu), rows):
            block = slice(start, start + rows)
            weights_bd = np.take(weights_bu[block].astype(np.float32), unit_i[one.image_d], axis=1)
            ap_tbk[:, block, k] += _ap_of_block(one, at, weights_bd, truths_bk[block, k])
    return ap_tbk


def mean_of_known(values: Floats) -> float:
    """Mean of what is not NaN; NaN where nothing is left."""
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


@dataclass(frozen=True)
class _ClassCurve:
    """The detections of one class by falling score, up to the last that overlaps a truth (what follows changes no AP).

    `place_c` points to those that overlap, `right_tc` marks which of them took a truth that counts. `shift_tc` corrects
    the count of detections in range: +1 for a right one out of range, -1 for one in range that took an ignored truth.
    """

    image_d: Ints
    rank_d: Ints
    in_range_d: Bools
    place_c: Ints
    right_tc: Bools
    shift_tc: Ints

    @classmethod
    def of(cls, matches: Matches, a: int, k: int) -> _ClassCurve:
        start, stop = np.searchsorted(matches.class_d, [k, k + 1])
        first, last = np.searchsorted(matches.overlapping_c, [start, stop])
        place_c = matches.overlapping_c[first:last] - start
        rows = slice(start, start + place_c[-1] + 1 if len(place_c) else start)
        found_tc = matches.found_atc[a, :, first:last]
        ignored_tc = (found_tc >= 0) & matches.ignored_ag[a][found_tc] if len(matches.truth_g) else found_tc >= 0
        right_tc = (found_tc >= 0) & ~ignored_tc
        in_range_d = matches.in_range_ad[a, rows]
        in_range_c = in_range_d[place_c]
        shift_tc = (right_tc & ~in_range_c).astype(np.int64) - (ignored_tc & in_range_c)
        return cls(matches.image_d[rows], matches.rank_d[rows], in_range_d, place_c, right_tc, shift_tc)

    def seen(self, weights_bd: Weights) -> Floats:
        """Weight of the detections in range up to each that overlaps; b x c."""
        counted_bd = weights_bd if self.in_range_d.all() else weights_bd * self.in_range_d
        start_c = np.concatenate([[0], self.place_c[:-1] + 1])[: len(self.place_c)]
        return np.cumsum(np.add.reduceat(counted_bd, start_c, axis=1), axis=1, dtype=np.float64)


def _ap_of_block(one: _ClassCurve, at: Sequence[int], weights_bd: Weights, truths_b: Floats) -> Floats:
    """AP of one class in some resamples; t x b."""
    seen_bc, weights_bc = one.seen(weights_bd), weights_bd[:, one.place_c]
    ap_tb = np.zeros((len(at), len(weights_bd)))
    for n, t in enumerate(at):
        right_c, shift_c = one.right_tc[t], one.shift_tc[t]
        tp_bc = np.cumsum(weights_bc * right_c, axis=1, dtype=np.float64)
        shifted = seen_bc + np.cumsum(weights_bc * shift_c, axis=1) if shift_c.any() else seen_bc
        envelope_bc, reached_bc = _envelope(tp_bc, shifted, truths_b)
        ap_tb[n] = np.einsum("bc,bc->b", envelope_bc, np.diff(reached_bc, prepend=0, axis=1)) / len(RECALL_LEVELS)
    return ap_tb


def _envelope(tp_be: Floats, seen_be: Floats, truths_b: Floats | Ints) -> tuple[Floats, Ints]:
    """Best precision here or later, and the number of recall levels reached up to here; both b x e."""
    recall_be = tp_be / np.maximum(truths_b, 1)[:, None]
    nearest_be = np.rint(recall_be * 100).astype(np.int64)
    reached_be = nearest_be + (RECALL_LEVELS[nearest_be] <= recall_be)
    precision_be = tp_be / (seen_be + np.spacing(1))
    return np.maximum.accumulate(precision_be[:, ::-1], axis=1)[:, ::-1], reached_be


def _at_levels(envelope_tc: Floats, reached_tc: Ints) -> Floats:
    """The envelope where each of the 101 recall levels is reached first, 0 for those that are not; t x r."""
    thresholds, many = envelope_tc.shape
    levels = len(RECALL_LEVELS)
    wide = levels + 1
    rows_t = np.arange(thresholds)[:, None]
    at_tr = np.searchsorted((reached_tc + wide * rows_t).ravel(), wide * rows_t + np.arange(levels), "right")
    envelope_tr: Floats = np.pad(envelope_tc, ((0, 0), (0, 1)))[rows_t, at_tr - many * rows_t]
    return envelope_tr
