"""Non-maximum suppression: of boxes that overlap, the best one stays.

Shapes: n boxes, of any number of classes and images.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sabbatical.core.errors import BadInput
from sabbatical.geometry.boxes import Boxes, as_boxes
from sabbatical.geometry.iou import iou

Ints = NDArray[np.int64]


def nms(
    boxes_n4: Boxes,
    scores_n: ArrayLike,
    iou_threshold: float = 0.5,
    *,
    class_n: ArrayLike | None = None,
    image_n: ArrayLike | None = None,
    limit: int | None = None,
) -> Ints:
    """Indices (int64) of the boxes that stay: by image, then by score from high to low, ties in the order given.

    A box goes when a better one of its class and image has an IoU above the threshold with it and stays itself. `limit`
    is the most that stay in one image. Raises BadInput for lengths that differ, or scores that are not finite.

    All classes and images go on at once: in every round the best box left of each (image, class) is kept and sends off
    what it overlaps, so there are as many rounds as the fullest group keeps boxes.
    """
    boxes = as_boxes(boxes_n4)
    scores = np.asarray(scores_n, dtype=np.float64)
    classes, images = _groups(class_n, len(boxes)), _groups(image_n, len(boxes))
    if scores.shape != (len(boxes),) or not np.isfinite(scores).all():
        raise BadInput(f"{len(boxes)} boxes need as many finite scores, not {scores.size} of shape {scores.shape}.")
    left = np.lexsort((-scores, classes, images))
    best = [left[:0]]
    while left.size:
        new_group = np.ones(left.size, dtype=np.bool_)
        new_group[1:] = (classes[left[1:]] != classes[left[:-1]]) | (images[left[1:]] != images[left[:-1]])
        heads = left[new_group]
        best.append(heads)
        head_of = heads[np.cumsum(new_group) - 1]
        left = left[~new_group & (iou(boxes[left], boxes[head_of]) <= iou_threshold)]
    kept = np.concatenate(best)
    kept = kept[np.lexsort((kept, -scores[kept], images[kept]))]
    return kept if limit is None else kept[_rank_in(images[kept]) < limit]


def _groups(values: ArrayLike | None, count: int) -> Ints:
    groups = np.zeros(count, dtype=np.int64) if values is None else np.asarray(values, dtype=np.int64)
    if groups.shape != (count,):
        raise BadInput(f"{count} boxes have {groups.size} classes or images.")
    return groups


def _rank_in(sorted_groups: Ints) -> Ints:
    """0, 1, 2, ... within each run of equal values."""
    starts = np.searchsorted(sorted_groups, sorted_groups, side="left")
    return np.arange(len(sorted_groups)) - starts
