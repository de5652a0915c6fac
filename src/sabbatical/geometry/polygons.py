"""Polygons to masks, pixel for pixel as COCO's tools do it.

The outline is drawn as a chain of grid points on a grid five times finer than the pixels; wherever the chain steps from
one fine column to the next in the middle of a column of pixels, the mask turns over from that row downwards.
(Source: the behaviour of `rleFrPoly` in the COCO API, https://github.com/cocodataset/cocoapi.)

Shapes: p points of a polygon, e edges, s steps along them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sabbatical.core.errors import BadInput
from sabbatical.geometry.rle import Rle, merge, toggled

Ints = NDArray[np.int64]

FINER = 5
FARTHEST = 100_000
"""Pixels from the image's corner beyond which a corner of a polygon is taken for damage."""


def as_polygon(values: ArrayLike) -> NDArray[np.float64]:
    """`[x, y, x, y, ...]` or pairs as points [p, 2], p at least 3. Raises BadInput."""
    try:
        numbers = np.asarray(values, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError) as error:
        raise BadInput(f"A polygon should be numbers, x and y in turn: {error}.") from error
    if numbers.size % 2 or numbers.size < 6:
        raise BadInput(f"A polygon needs x and y of at least 3 points, but has {numbers.size} numbers.")
    if not (np.abs(numbers) <= FARTHEST).all():
        raise BadInput(f"A polygon has a corner that is not a number, or is over {FARTHEST:,} pixels away.")
    return numbers.reshape(-1, 2)


def polygon_rle(polygon: ArrayLike, height: int, width: int) -> Rle:
    """The mask of one polygon; parts outside of the image are cut off. Raises BadInput (see `as_polygon`)."""
    points = np.trunc(FINER * as_polygon(polygon) + 0.5).astype(np.int64)
    x, y = _crossings(points, np.roll(points, -1, axis=0))
    column = (x - FINER // 2) // FINER
    row = np.clip(-((FINER // 2 - y) // FINER), 0, height)
    edges = toggled((column * height + row)[column >= 0])
    return Rle.from_edges(height, width, edges[edges < height * width])


def polygons_rle(polygons: Sequence[ArrayLike], height: int, width: int) -> Rle:
    """The mask of one object drawn as several polygons (parts of it may be hidden): their union."""
    if not polygons:
        return Rle.from_edges(height, width, np.empty(0, dtype=np.int64))
    return merge([polygon_rle(polygon, height, width) for polygon in polygons])


def box_rle(box_4: ArrayLike, height: int, width: int) -> Rle:
    """The mask of a box (x1, y1, x2, y2)."""
    x1, y1, x2, y2 = np.asarray(box_4, dtype=np.float64).reshape(4)
    return polygon_rle([x1, y1, x1, y2, x2, y2, x2, y1], height, width)


def _crossings(start_e2: Ints, end_e2: Ints) -> tuple[Ints, Ints]:
    """Where the chain along each edge steps over the middle of a column of pixels: fine column before, upper fine row.

    Along the longer axis of an edge the chain meets every fine place; the other coordinate is rounded, counted from the
    end with the lower one, so that an edge has the same points from either side.
    """
    extent_e2 = np.abs(end_e2 - start_e2)
    long_e = np.where(extent_e2[:, 0] >= extent_e2[:, 1], 0, 1)
    edges = np.arange(len(long_e))
    length_e = extent_e2[edges, long_e]
    flip_e = start_e2[edges, long_e] > end_e2[edges, long_e]
    low_e2, high_e2 = np.where(flip_e[:, None], end_e2, start_e2), np.where(flip_e[:, None], start_e2, end_e2)
    rise_e2 = (high_e2 - low_e2) / np.maximum(length_e, 1)[:, None]
    edge_s = np.repeat(edges, length_e + 1)
    first_e = np.cumsum(length_e + 1) - (length_e + 1)
    along_s = np.arange(len(edge_s)) - first_e[edge_s]

    def place(s: Ints, axis: int) -> Ints:
        """The coordinate of steps `s`; the long axis has a rise of one, so one formula serves both."""
        e = edge_s[s]
        exact: NDArray[np.float64] = low_e2[e, axis] + rise_e2[e, axis] * along_s[s] + 0.5
        return np.trunc(exact).astype(np.int64)

    x = place(np.arange(len(edge_s)), 0)
    before = np.flatnonzero((np.diff(x) != 0) & (np.diff(edge_s) == 0))
    left = np.minimum(x[before], x[before + 1])
    middle = left % FINER == FINER // 2
    before, left = before[middle], left[middle]
    return left, np.minimum(place(before, 1), place(before + 1, 1))
