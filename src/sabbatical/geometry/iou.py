"""Overlap of boxes (x1, y1, x2, y2): IoU as COCO defines it, and the generalised and distance forms.

`iou`, `giou` and `diou` are elementwise and broadcast: `giou(a_n4[:, None], b_m4)` compares all pairs. All compute and
return float64, so that thresholds fall as in other tools.

Shapes: n and m boxes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sabbatical.core.errors import BadInput
from sabbatical.geometry.boxes import Boxes, area, as_boxes

Floats = NDArray[np.float64]


class _Overlap(NamedTuple):
    inter: Floats
    union: Floats


def iou(a: Boxes, b: Boxes) -> Floats:
    """Intersection over union [...] in [0, 1]; 0 where both boxes have no area."""
    inter, union = _overlap(_exact(a), _exact(b))
    return _ratio(inter, union)


def pairwise_iou(a_n4: Boxes, b_m4: Boxes, crowd_m: ArrayLike | None = None) -> Floats:
    """IoU [n, m] of every pair. Where `crowd_m` marks b as a crowd, the intersection is divided by the area of a alone.

    A crowd region stands for many objects, so a detection inside it overlaps it wholly (COCO evaluation, `iscrowd`).
    Raises BadInput if `crowd_m` has another length than `b_m4`.
    """
    a, b = _exact(a_n4)[:, None], _exact(b_m4)[None]
    inter, union = _overlap(a, b)
    if crowd_m is None:
        return _ratio(inter, union)
    crowd = np.asarray(crowd_m, dtype=np.bool_)
    if crowd.shape != (b.shape[1],):
        raise BadInput(f"{b.shape[1]} boxes have {crowd.size} crowd flags.")
    return _ratio(inter, np.where(crowd, area(a), union))


def giou(a: Boxes, b: Boxes) -> Floats:
    """Generalised IoU [...] in [-1, 1]: less the share of the hull that neither covers (Rezatofighi et al., 2019)."""
    a, b = _exact(a), _exact(b)
    inter, union = _overlap(a, b)
    hull = area(_hull(a, b))
    return _ratio(inter, union) - _ratio(hull - union, hull)


def diou(a: Boxes, b: Boxes) -> Floats:
    """Distance IoU [...] in [-1, 1]: less the squared distance of centres over that of the hull's corners
    (Zheng et al., 2020)."""
    a, b = _exact(a), _exact(b)
    inter, union = _overlap(a, b)
    hull = _hull(a, b)
    apart = ((a[..., :2] + a[..., 2:] - b[..., :2] - b[..., 2:]) ** 2).sum(axis=-1) / 4
    diagonal = ((hull[..., 2:] - hull[..., :2]) ** 2).sum(axis=-1)
    return _ratio(inter, union) - _ratio(apart, diagonal)


def _exact(boxes: Boxes) -> Floats:
    return as_boxes(boxes).astype(np.float64, copy=False)


def _overlap(a: Floats, b: Floats) -> _Overlap:
    meet = np.concatenate([np.maximum(a[..., :2], b[..., :2]), np.minimum(a[..., 2:], b[..., 2:])], axis=-1)
    inter = area(meet)
    return _Overlap(inter, area(a) + area(b) - inter)


def _hull(a: Floats, b: Floats) -> Floats:
    return np.concatenate([np.minimum(a[..., :2], b[..., :2]), np.maximum(a[..., 2:], b[..., 2:])], axis=-1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)
