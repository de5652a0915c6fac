"""Whether scores are honest: of all guesses scored 0.8, are 80 in 100 right?

Bins hold equally many guesses, since equally wide ones leave most of a detector's scores in one bin.
Source: Nixon et al., Measuring calibration in deep learning, CVPR workshops 2019 (adaptive bins); Küppers et al.,
Multivariate confidence calibration for object detection, CVPR workshops 2020 (a detection is right when it is matched).

Shapes: s guesses, q bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sabbatical.metrics.columns import Bools, Floats, Ints

BINS = 15
LEAST_IN_BIN = 10
FLOOR = 0.05


@dataclass(frozen=True)
class Reliability:
    """Of `many_q` guesses with a mean score of `score_q`, the share `right_q` was right; the gap, overall and by class.

    `error_by_class` holds the classes with enough guesses for all bins.
    """

    error: float
    many_q: Ints
    score_q: Floats
    right_q: Floats
    error_by_class: dict[int, float]


def calibration_error(score_s: Floats, right_s: Bools, bins: int = BINS) -> float:
    """Mean gap between score and share of right guesses over bins of equal mass, weighted by their size."""
    many_q, score_q, right_q = _binned(score_s, right_s, bins)
    return float((many_q * np.abs(right_q - score_q)).sum() / many_q.sum())


def reliability(
    score_s: Floats, right_s: Bools, class_s: Ints, classes: int, *, floor: float = 0.0
) -> Reliability | None:
    """Error and reliability curve of probabilities; None with no guess of at least `floor`.

    A detector writes many boxes that nobody would ever see: `floor` leaves out scores below it.
    """
    kept = score_s >= floor
    score_s, right_s, class_s = score_s[kept], right_s[kept], class_s[kept]
    if not len(score_s):
        return None
    many_k = np.bincount(class_s, minlength=classes)
    by_class = {
        k: calibration_error(score_s[class_s == k], right_s[class_s == k])
        for k in np.flatnonzero(many_k >= BINS * LEAST_IN_BIN).tolist()
    }
    return Reliability(calibration_error(score_s, right_s), *_binned(score_s, right_s, BINS), by_class)


def _binned(score_s: Floats, right_s: Bools, bins: int) -> tuple[Ints, Floats, Floats]:
    """Size, mean score and share right of each bin; bins of fewer than 10 are merged into fewer bins."""
    order = np.argsort(score_s, kind="stable")
    bins = max(1, min(bins, len(order) // LEAST_IN_BIN))
    edges = np.linspace(0, len(order), bins + 1).astype(np.int64)
    many_q = np.diff(edges)
    score_q = np.add.reduceat(score_s[order], edges[:-1]) / many_q
    right_q = np.add.reduceat(right_s[order].astype(float), edges[:-1]) / many_q
    return many_q, score_q, right_q
