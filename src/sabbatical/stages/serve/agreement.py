"""Whether two models say the same of an item: the same classes of a text, most objects at the same places.

Legend: n objects of one answer, m of another.
"""

from __future__ import annotations

import numpy as np

from sabbatical.geometry import pairwise_iou
from sabbatical.stages.train.actions import Abstention, Answer

SAME_PLACE = 0.5  # IoU


def agree(one: Answer, sure_of_one: Abstention, other: Answer, sure_of_other: Abstention) -> bool:
    """Whether what the first is sure of is what the other is sure of: the class of a text, most objects of an image.

    Of an image it is at least half of the objects that either shows: two detectors hardly ever draw all the same.
    """
    first_n, second_m = sure_of_one.sure_n(one), sure_of_other.sure_n(other)
    classes_n, classes_m = one.classes_n[first_n], other.classes_n[second_m]
    if not sure_of_one.boxes:
        return np.array_equal(np.sort(classes_n), np.sort(classes_m))
    if not len(classes_n) or not len(classes_m):
        return len(classes_n) == len(classes_m)
    overlap_nm = pairwise_iou(one.boxes_n4[first_n], other.boxes_n4[second_m])
    same_nm = (overlap_nm >= SAME_PLACE) & (classes_n[:, None] == classes_m[None, :])
    shared = int(same_nm.any(axis=1).sum() + same_nm.any(axis=0).sum())
    return 2 * shared >= len(classes_n) + len(classes_m)
