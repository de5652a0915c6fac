"""Non-maximum suppression: of boxes that overlap, the best one stays.

Shapes: n boxes, of any number of classes and images; g groups, each of one class and image; p pairs of a group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sabbatical.core.errors import BadInput
from sabbatical.geometry.boxes import Boxes, as_boxes
from sabbatical.geometry.iou import iou

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
BEST = 256
"""Of a group so many are compared with one another at once."""


def nms(
    boxes_n4: Boxes,
    scores_n: ArrayLike,
    iou_threshold: float = 0.5,
    *,
    class_n: ArrayLike | None = None,
    image_n: ArrayLike | None = None,
) -> Ints:
    """Indices (int64) of the boxes that stay: by image, then by score from high to low, ties in the order given.

    A box goes when a better one of its class and image has an IoU above the threshold with it and stays itself. Raises
    BadInput for lengths that differ, or scores that are not finite.

    All classes and images go on at once. Of every (image, class) the best that are left are decided among themselves;
    those that stay send off what they overlap of the rest.
    """
    boxes = as_boxes(boxes_n4)
    scores = np.asarray(scores_n, dtype=np.float64)
    classes, images = _groups(class_n, len(boxes)), _groups(image_n, len(boxes))
    if scores.shape != (len(boxes),) or not np.isfinite(scores).all():
        raise BadInput(f"{len(boxes)} boxes need as many finite scores, not {scores.size} of shape {scores.shape}.")
    left = np.lexsort((-scores, classes, images))
    stay = [left[:0]]
    while left.size:
        start_n = _starts(classes[left], images[left])
        rank_n = np.arange(left.size) - start_n
        first_p, second_p = _meeting(boxes[left], *_pairs(start_n, np.minimum(rank_n, BEST)))
        over_p = iou(boxes[left[first_p]], boxes[left[second_p]]) > iou_threshold
        first_p, second_p = first_p[over_p], second_p[over_p]
        among_p = rank_n[second_p] < BEST
        stay_n = _decided(left.size, first_p[among_p], second_p[among_p]) & (rank_n < BEST)
        stay.append(left[stay_n])
        rest_n = rank_n >= BEST
        rest_n[second_p[stay_n[first_p]]] = False
        left = left[rest_n]
    kept = np.concatenate(stay)
    return kept[np.lexsort((kept, -scores[kept], images[kept]))]


def _starts(classes_n: Ints, images_n: Ints) -> Ints:
    """Where the group of each begins, of what is sorted by groups."""
    new_n = np.ones(len(classes_n), dtype=np.bool_)
    new_n[1:] = (classes_n[1:] != classes_n[:-1]) | (images_n[1:] != images_n[:-1])
    begins_g = np.flatnonzero(new_n)
    start_n: Ints = begins_g[np.cumsum(new_n) - 1]
    return start_n


def _pairs(start_n: Ints, before_n: Ints) -> tuple[Ints, Ints]:
    """Each with each of the first `before_n` of its group."""
    second_p = np.repeat(np.arange(len(start_n)), before_n)
    ends_n = np.cumsum(before_n)
    first_p = start_n[second_p] + np.arange(len(second_p)) - (ends_n - before_n)[second_p]
    return first_p, second_p


def _meeting(boxes_n4: Boxes, first_p: Ints, second_p: Ints) -> tuple[Ints, Ints]:
    """The pairs that share some x and some y, which most do not: cheaper than their IoU."""
    for low, high in ((0, 2), (1, 3)):
        low_n, high_n = boxes_n4[:, low].copy(), boxes_n4[:, high].copy()
        shared_p = np.minimum(high_n[first_p], high_n[second_p]) > np.maximum(low_n[first_p], low_n[second_p])
        first_p, second_p = first_p[shared_p], second_p[shared_p]
    return first_p, second_p


def _decided(count: int, first_p: Ints, second_p: Ints) -> Bools:
    """Who stays, if the first of a pair sends off the second unless it is sent off itself.

    Who waits for nobody stays, and whom that sends off makes others wait for nobody: a few rounds, for chains of boxes
    that overlap are short.
    """
    stays_n = np.ones(count, dtype=np.bool_)
    while first_p.size:
        waits_n = np.zeros(count, dtype=np.bool_)
        waits_n[second_p] = True
        gone_p = ~waits_n[first_p]
        stays_n[second_p[gone_p]] = False
        open_p = stays_n[first_p] & stays_n[second_p] & ~gone_p
        first_p, second_p = first_p[open_p], second_p[open_p]
    return stays_n


def _groups(values: ArrayLike | None, count: int) -> Ints:
    groups = np.zeros(count, dtype=np.int64) if values is None else np.asarray(values, dtype=np.int64)
    if groups.shape != (count,):
        raise BadInput(f"{count} boxes have {groups.size} classes or images.")
    return groups
