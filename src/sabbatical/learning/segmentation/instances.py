"""Things as a map of numbers: how deep each pixel lies in its own, and from depths back to things.

One thing touches the next where a mask of both has no border, but a map of depths has a valley: so the network learns
how deep a pixel lies, and a watershed parts the mask along the valleys (Beucher and Lantuejoul 1979; on learned
distances: Bai and Urtasun, Deep Watershed Transform, CVPR 2017). It floods in steps: the cores of things first, then
level by level what is less deep, each pixel to the nearest thing of the level above.

Legend: h, w height and width; n things.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
LEVELS = (0.65, 0.35, -1.0)
"""The steps of the flood, as parts of the depth of a core; the last is the whole mask."""
AROUND = np.ones((3, 3), np.int8)


class Things(NamedTuple):
    """Things of an image: int32 (h, w), 0 for none and n for the n-th; and float32 (n,), how sure each is."""

    thing_hw: Ints
    score_n: Floats


def border_distances(thing_hw: NDArray[np.integer]) -> Floats:
    """How far each pixel of a thing lies from what is not of that thing; float32 (h, w), 1 or more, 0 outside of all.

    Args:
        thing_hw: 0 for none, n for the n-th; touching ones are told apart.
    """
    padded = np.pad(thing_hw, 1, mode="edge")
    least, most = ndimage.minimum_filter(padded, 3)[1:-1, 1:-1], ndimage.maximum_filter(padded, 3)[1:-1, 1:-1]
    inner = np.pad((thing_hw > 0) & (least == most), 1, constant_values=False)
    far_hw: Floats = (ndimage.distance_transform_edt(inner)[1:-1, 1:-1] + (thing_hw > 0)).astype(np.float32)
    return far_hw


def depths(thing_hw: NDArray[np.integer]) -> NDArray[np.float16]:
    """How deep each pixel lies in its own thing, 1 at the deepest and 0 outside of all; float16 (h, w).

    Args:
        thing_hw: see `border_distances`.
    """
    far_hw = border_distances(thing_hw)
    deepest_n = np.ones(int(thing_hw.max(initial=0)) + 1, np.float32)
    np.maximum.at(deepest_n, thing_hw.ravel(), far_hw.ravel())
    depth_hw: NDArray[np.float16] = (far_hw / deepest_n[thing_hw]).astype(np.float16)
    return depth_hw


def things(chance_hw: Floats, depth_hw: Floats, *, least: float = 0.5, core: float = 0.6, pixels: int = 6) -> Things:
    """The things of an image: every core that is deep enough floods the mask around it, as far as the valleys.

    Args:
        chance_hw: float32, that a pixel belongs to some thing.
        depth_hw: float32, how deep it lies, as learned from `depths`.
        least: chance from which a pixel is of the mask.
        core: depth from which pixels are the core of a thing; a part of the mask without any is one thing.
        pixels: smaller things are left out.
    """
    mask_hw = chance_hw >= least
    core_hw, cores = ndimage.label(mask_hw & (depth_hw >= core), AROUND)
    part_hw, parts = ndimage.label(mask_hw, AROUND)
    cored = np.zeros(parts + 1, bool)
    cored[np.unique(part_hw[core_hw > 0])] = True
    lonely_hw = mask_hw & ~cored[part_hw]
    flooded_hw = np.where(lonely_hw, part_hw + cores, core_hw)
    for level in LEVELS:
        reached_hw = mask_hw & (depth_hw >= level * core) & (flooded_hw == 0)
        nearest = ndimage.distance_transform_edt(flooded_hw == 0, return_distances=False, return_indices=True)
        flooded_hw = np.where(reached_hw, flooded_hw[tuple(nearest)], flooded_hw)
    return _numbered(np.where(mask_hw, flooded_hw, 0), chance_hw, pixels)


def _numbered(flooded_hw: NDArray[np.integer], chance_hw: Floats, pixels: int) -> Things:
    """Things numbered 1, 2, ... without the small ones; a thing is as sure as its pixels in the mean."""
    count = np.bincount(flooded_hw.ravel())
    kept = count >= pixels
    kept[0] = False
    number = np.cumsum(kept) * kept
    thing_hw = number[flooded_hw].astype(np.int32)
    sums = np.bincount(thing_hw.ravel(), chance_hw.ravel(), int(kept.sum()) + 1)
    return Things(thing_hw, (sums[1:] / count[kept]).astype(np.float32))
