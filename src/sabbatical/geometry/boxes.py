"""Boxes as arrays: conversions, area, clipping and validity.

A box is (x1, y1, x2, y2) in pixels, x to the right and y downwards, its corners on pixel edges: a box over the whole of
a 640 x 480 image is (0, 0, 640, 480). Arrays of float64 stay float64 (for exact comparisons with other tools); all else
becomes float32.

Shapes: n boxes of 4 numbers; every function takes any leading dimensions and 0 boxes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sabbatical.core.errors import BadInput

Boxes = NDArray[Any]
"""float32 (or float64) [..., 4]."""


class Clipped(NamedTuple):
    """Boxes inside the image, and which of them were not inside before."""

    boxes_n4: Boxes
    changed_n: NDArray[np.bool_]


def as_boxes(values: ArrayLike) -> Boxes:
    """`values` as float boxes [..., 4]; an empty list becomes [0, 4]. Raises BadInput for what cannot be boxes."""
    try:
        boxes = np.asarray(values)
        boxes = boxes if boxes.dtype == np.float64 and isinstance(values, np.ndarray) else boxes.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise BadInput(f"Boxes should be numbers, four to a box: {error}.") from error
    if boxes.shape == (0,):
        return boxes.reshape(0, 4)
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        raise BadInput(f"A box has 4 numbers, but an array of shape {boxes.shape} was given.")
    return boxes


def from_xywh(boxes_n4: ArrayLike) -> Boxes:
    """(left, top, width, height), as COCO writes boxes, to (x1, y1, x2, y2)."""
    boxes = as_boxes(boxes_n4)
    return np.concatenate([boxes[..., :2], boxes[..., :2] + boxes[..., 2:]], axis=-1)


def to_xywh(boxes_n4: ArrayLike) -> Boxes:
    """(x1, y1, x2, y2) to (left, top, width, height)."""
    boxes = as_boxes(boxes_n4)
    return np.concatenate([boxes[..., :2], boxes[..., 2:] - boxes[..., :2]], axis=-1)


def from_cxcywh(boxes_n4: ArrayLike) -> Boxes:
    """(centre x, centre y, width, height) to (x1, y1, x2, y2)."""
    boxes = as_boxes(boxes_n4)
    half = boxes[..., 2:] / 2
    return np.concatenate([boxes[..., :2] - half, boxes[..., :2] + half], axis=-1)


def to_cxcywh(boxes_n4: ArrayLike) -> Boxes:
    """(x1, y1, x2, y2) to (centre x, centre y, width, height)."""
    boxes = as_boxes(boxes_n4)
    return np.concatenate([(boxes[..., :2] + boxes[..., 2:]) / 2, boxes[..., 2:] - boxes[..., :2]], axis=-1)


def scaled(boxes_n4: ArrayLike, x: float, y: float) -> Boxes:
    """Boxes of an image that was stretched by `x` and `y`."""
    boxes = as_boxes(boxes_n4)
    stretched: Boxes = boxes * np.array([x, y, x, y], dtype=boxes.dtype)
    return stretched


def from_normalised(boxes_n4: ArrayLike, width: float, height: float) -> Boxes:
    """Fractions of the image's sides (as YOLO writes them) to pixels, in whichever of the three forms."""
    return scaled(boxes_n4, width, height)


def to_normalised(boxes_n4: ArrayLike, width: float, height: float) -> Boxes:
    """Pixels to fractions of the image's sides. Raises BadInput for an image without extent."""
    if width <= 0 or height <= 0:
        raise BadInput(f"An image of {width} x {height} pixels has no extent to be a fraction of.")
    return scaled(boxes_n4, 1 / width, 1 / height)


def area(boxes_n4: ArrayLike) -> NDArray[Any]:
    """Area [...] in square pixels; 0 for a box without extent, also where its corners are swapped."""
    boxes = as_boxes(boxes_n4)
    sides: NDArray[Any] = np.maximum(boxes[..., 2:] - boxes[..., :2], 0).prod(axis=-1)
    return sides


def clip(boxes_n4: ArrayLike, width: float, height: float) -> Clipped:
    """Boxes cut to the image, with which were changed. One wholly outside keeps no area: see `valid`."""
    boxes = as_boxes(boxes_n4)
    inside = np.clip(boxes, 0, np.array([width, height, width, height], dtype=boxes.dtype))
    changed: NDArray[np.bool_] = np.logical_or.reduce(inside != boxes, axis=-1)
    return Clipped(inside, changed)


def valid(boxes_n4: ArrayLike, min_side: float = 0.0) -> NDArray[np.bool_]:
    """Which boxes are finite, have an extent, and have no side under `min_side` pixels."""
    boxes = as_boxes(boxes_n4)
    with np.errstate(invalid="ignore"):
        sides = boxes[..., 2:] - boxes[..., :2]
    wide_enough = np.logical_and.reduce((sides > 0) & (sides >= min_side), axis=-1)
    good: NDArray[np.bool_] = wide_enough & np.logical_and.reduce(np.isfinite(boxes), axis=-1)
    return good
