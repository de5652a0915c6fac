"""Masks as arrays: their boxes.

Shapes: n masks of h x w pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sabbatical.core.errors import BadInput


def mask_boxes(masks_nhw: ArrayLike) -> NDArray[np.float32]:
    """The smallest box (x1, y1, x2, y2) [n, 4] around the set pixels of each mask; zeros for one without any."""
    masks = np.asarray(masks_nhw).astype(np.bool_)
    if masks.ndim != 3:
        raise BadInput(f"Masks have shape n, height, width, but an array of shape {masks.shape} was given.")
    x1, x2 = _extent(np.logical_or.reduce(masks, axis=1))
    y1, y2 = _extent(np.logical_or.reduce(masks, axis=2))
    return np.stack([x1, y1, x2, y2], axis=1).astype(np.float32)


def instance_boxes(instances_hw: ArrayLike) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The ids (without 0, the background) of a map of instances, ascending, and the box [n, 4] of each."""
    instances = np.asarray(instances_hw)
    if instances.ndim != 2:
        raise BadInput(f"A map of instances has height and width, but its shape is {instances.shape}.")
    rows, columns = np.nonzero(instances)
    ids, index = np.unique(instances[rows, columns], return_inverse=True)
    boxes = np.empty((len(ids), 4), dtype=np.float32)
    for low, high, places in ((0, 2, columns), (1, 3, rows)):
        least, most = np.full(len(ids), np.iinfo(np.int64).max), np.zeros(len(ids), dtype=np.int64)
        np.minimum.at(least, index, places)
        np.maximum.at(most, index, places)
        boxes[:, low], boxes[:, high] = least, most + 1
    return ids.astype(np.int64), boxes


def _extent(set_nx: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and one past the last set place of each row; 0 and 0 where none is."""
    size = set_nx.shape[1]
    any_n = np.logical_or.reduce(set_nx, axis=1)
    if not size:
        return np.zeros(len(set_nx), np.int64), np.zeros(len(set_nx), np.int64)
    first = set_nx.argmax(axis=1)
    end = size - set_nx[:, ::-1].argmax(axis=1)
    return np.where(any_n, first, 0), np.where(any_n, end, 0)
