"""Random changes of a training image: flips, zoom and crop, colours; drawn from one generator, so repeatable.

Legend: h, w height and width; c colour channels; n boxes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.learning.images import Placement, place, place_map
from sabbatical.learning.samples import CUT, Pixels, Sample


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How strongly training images are changed.

    Attributes:
        flip: chance of exchanging left and right.
        flip_vertical: chance of exchanging top and bottom; for images without an up (microscopes, aerial views).
        zoom: least and most zoom; 1 is the whole image.
        colour: half width of the random gain of each colour and of the overall brightness; 0 leaves colours alone.
        keep_visible: an object of which less than this part is left by a crop becomes a region that says nothing.
    """

    flip: float = 0.5
    flip_vertical: float = 0.0
    zoom: tuple[float, float] = (0.8, 1.4)
    colour: float = 0.15
    keep_visible: float = 0.35


NONE = Augmentation(flip=0.0, zoom=(1.0, 1.0), colour=0.0)
"""Only fits the image onto the canvas."""


def augment(sample: Sample, canvas: tuple[int, int], how: Augmentation, random: np.random.Generator) -> Sample:
    """The sample as a canvas of (height, width) pixels, changed at random; boxes and pixels follow."""
    zoom = float(np.exp(random.uniform(*np.log(how.zoom))))
    shift_x, shift_y, side, top = (float(value) for value in random.random(4))
    flip = (side < how.flip, top < how.flip_vertical)
    tables = _colour_tables(how.colour, random)
    image_hwc, placement = place(
        sample.image_hwc, canvas, zoom=zoom, shift=(shift_x, shift_y), flip=flip, tables=tables
    )
    boxes_n4, labels_n = _visible(sample, placement, canvas, how.keep_visible)
    pixels = sample.pixels and moved(sample.pixels, canvas, placement)
    return Sample(image_hwc, boxes_n4, labels_n, sample.taxonomy, sample.key, pixels)


def moved(pixels: Pixels, canvas: tuple[int, int], placement: Placement) -> Pixels:
    """What was drawn, on a canvas; beside the image nothing is said."""
    rows_hw = place_map(pixels.rows_hw, canvas, placement, CUT)
    if pixels.depth_hw is None:
        return Pixels(rows_hw)
    return Pixels(rows_hw, place_map(pixels.depth_hw, canvas, placement, np.nan))


def _colour_tables(strength: float, random: np.random.Generator) -> list[int] | None:
    """New values for the 256 old ones of each colour: a gain a colour, a common gain, contrast and gamma."""
    if strength == 0:
        return None
    gain_3 = np.exp(random.uniform(-strength, strength, 3) * 0.5 + random.uniform(-strength, strength))
    gamma = np.exp(random.uniform(-strength, strength))
    level_v = (np.arange(256) / 255.0) ** gamma
    values: list[int] = np.rint(np.clip(gain_3[:, None] * level_v * 255.0, 0, 255)).astype(int).ravel().tolist()
    return values


def _visible(
    sample: Sample, placement: Placement, canvas: tuple[int, int], keep: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Boxes on the canvas, clipped; those mostly outside as `CUT`, those wholly outside gone."""
    moved_n4 = placement.to_canvas(sample.boxes_n4.reshape(-1, 4))
    moved_n4 = np.concatenate(
        [np.minimum(moved_n4[:, :2], moved_n4[:, 2:]), np.maximum(moved_n4[:, :2], moved_n4[:, 2:])], axis=1
    )
    height, width = canvas
    limit_4 = np.array([width, height, width, height], dtype=np.float32)
    clipped_n4 = np.clip(moved_n4, 0, limit_4)
    whole_n = np.prod(moved_n4[:, 2:] - moved_n4[:, :2], axis=1)
    sides_n2 = clipped_n4[:, 2:] - clipped_n4[:, :2]
    left_n = np.prod(sides_n2, axis=1)
    labels_n = np.where(left_n >= keep * whole_n, sample.labels_n, CUT)
    seen_n = (sides_n2 >= 1.0).all(axis=1)
    return clipped_n4[seen_n].astype(np.float32), labels_n[seen_n].astype(np.int64)
