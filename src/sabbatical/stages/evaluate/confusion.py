"""What is taken for what: every box that the model shows, matched to every truth without regard to class.

Detections of at least their class's threshold are taken; of a class and its ancestor found at the same place, the finer
one. What a label is too coarse to tell is rolled up to what it can tell: an `adult` found on a `person` is right.

Shapes: d shown detections, n truths, k classes, i images, p pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sabbatical.geometry.iou import iou
from sabbatical.metrics.columns import Bools, Detections, Floats, Ints, Truths
from sabbatical.metrics.matching import Matches, match, runs
from sabbatical.metrics.tree import deepest, rolled_up
from sabbatical.schemas.evaluate import Confusion

ALL_SIZES = {"all": (0.0, 1e10)}
SAME_PLACE = 0.5
PAIRS_AT_ONCE = 2_000_000
MISSED, GHOST = "missed", "ghost"


@dataclass(frozen=True)
class Taken:
    """Each shown detection and each truth once: what it is, and what it was taken for.

    `true_p`, `predicted_p`: classes, -1 for nothing (a ghost has no true class, a missed truth no predicted one).
    `truth_p`, `detection_p`: positions in the columns given, -1 for none.
    """

    true_p: Ints
    predicted_p: Ints
    truth_p: Ints
    detection_p: Ints


def taken_for(
    detections: Detections, truths: Truths, judged_ik: Bools, threshold_k: Floats, closure_kk: Bools
) -> Taken:
    """Match without regard to class at IoU 0.5."""
    shown = np.flatnonzero(
        (detections.score_m >= threshold_k[detections.class_m]) & judged_ik[detections.image_m, detections.class_m]
    )
    shown = shown[_finest(detections.take(shown), closure_kk)]
    true_n = deepest(truths.positive_nk & judged_ik[truths.image_n], closure_kk)
    matches = _match_places(detections.take(shown), truths, true_n >= 0, len(judged_ik))
    found_d, outcome_d = matches.found(0, 0), matches.outcomes(0, 0)
    right, ghost = np.flatnonzero(outcome_d == 1), np.flatnonzero(outcome_d == 0)
    truth_p = matches.truth_g[found_d[right]]
    detection_p, ghost_p = shown[matches.detection_d[right]], shown[matches.detection_d[ghost]]
    missed_p = matches.truth_g[matches.missed(0, 0)]
    told = rolled_up(detections.class_m[detection_p], truths.known_nk[truth_p], closure_kk)
    predicted_p = np.where(told >= 0, told, detections.class_m[detection_p])
    none_ghost, none_missed = np.full(len(ghost_p), -1), np.full(len(missed_p), -1)
    return Taken(
        true_p=np.concatenate([true_n[truth_p], none_ghost, true_n[missed_p]]),
        predicted_p=np.concatenate([predicted_p, detections.class_m[ghost_p], none_missed]),
        truth_p=np.concatenate([truth_p, none_ghost, missed_p]),
        detection_p=np.concatenate([detection_p, ghost_p, none_missed]),
    )


def confusion_of(true_p: Ints, predicted_p: Ints, classes: list[str], *, nothing: bool) -> Confusion:
    """Counts of true by predicted class, for the classes that occur; `nothing` adds the missed and the ghosts."""
    size = len(classes) + 1
    counts = np.zeros((size, size), np.int64)
    np.add.at(counts, (true_p, predicted_p), 1)  # -1, for nothing, is the last row and column
    occurs = np.flatnonzero((counts.sum(axis=0) + counts.sum(axis=1))[:-1])
    kept = [*occurs.tolist(), size - 1] if nothing else occurs.tolist()
    names = [classes[k] for k in occurs]
    return Confusion(
        rows=[*names, GHOST] if nothing else names,
        columns=[*names, MISSED] if nothing else names,
        counts=counts[np.ix_(kept, kept)].tolist(),
    )


def _match_places(detections: Detections, truths: Truths, counts_n: Bools, images: int) -> Matches:
    """Match as if there were one class; truths that do not count are ignored where they stand."""
    plain = Detections(detections.boxes_m4, detections.image_m, np.zeros_like(detections.class_m), detections.score_m)
    places = Truths.of(
        truths.boxes_n4, truths.image_n, counts_n[:, None], counts_n[:, None], crowd=truths.crowd_n, area=truths.area_n
    )
    everywhere = np.ones((images, 1), bool)
    return match(plain, places, everywhere, ious=[SAME_PLACE], areas=ALL_SIZES, max_detections=len(plain.score_m) + 1)


def _finest(detections: Detections, closure_kk: Bools) -> Bools:
    """False for a detection that stands where one of a finer class of the same branch stands; shape d."""
    kept_d = np.ones(len(detections.score_m), bool)
    if closure_kk.sum() == len(closure_kk):
        return kept_d
    for coarse, fine in _neighbours(detections.image_m):
        class_coarse, class_fine = detections.class_m[coarse], detections.class_m[fine]
        related = (class_coarse != class_fine) & closure_kk[class_fine, class_coarse]
        one, other = coarse[related], fine[related]
        near = iou(detections.boxes_m4[one], detections.boxes_m4[other]) >= SAME_PLACE
        kept_d[one[near]] = False
    return kept_d


def _neighbours(image_d: Ints) -> Iterator[tuple[Ints, Ints]]:
    """All ordered pairs of detections of one image, some images at a time."""
    order = np.argsort(image_d, kind="stable")
    many_i = np.unique(image_d, return_counts=True)[1]
    start_d = np.repeat(np.cumsum(many_i) - many_i, many_i)
    many_d = np.repeat(many_i, many_i)
    for rows in runs(many_d, PAIRS_AT_ONCE):
        many = many_d[rows]
        one = np.repeat(np.arange(rows.start, rows.stop), many)
        other = np.arange(many.sum()) + np.repeat(start_d[rows] - (np.cumsum(many) - many), many)
        yield order[one], order[other]
