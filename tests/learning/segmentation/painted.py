"""The world of `shapes` with its masks, and customers who draw parts of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sabbatical.learning.augmentation import NONE
from sabbatical.learning.samples import EMPTY, Pixels, Sample
from sabbatical.learning.segmentation.instances import depths
from sabbatical.learning.segmentation.recipe import MaskRecipe
from tests.learning.shapes import draw

TINY = MaskRecipe(
    canvas=(64, 64),
    widths=(8, 12, 16, 24, 32),
    depths=(0, 0, 0, 0),
    pyramid=(16, 16, 24, 32),
    steps=60,
    batch=4,
    learning_rate=2e-2,
    ema=0.9,
    augmentation=replace(NONE, flip=0.5),
    threads=1,
    save_every=0,
)


@dataclass(frozen=True)
class Painted:
    """A source of n images; each taxonomy row draws its own part of the squares and discs, as `shapes.Shapes`."""

    count: int
    label_of: Sequence[tuple[int | None, int | None]]
    instances: bool = False

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        image_hwc, discs_n, thing_hw = paint(index)
        customer = index % len(self.label_of)
        drawn = [self.label_of[customer][int(disc)] for disc in discs_n]
        row_n = np.array([EMPTY, *(EMPTY if label is None else label for label in drawn)], np.int16)
        labels_n = np.array([label for label in drawn if label is not None], np.int64)
        depth_hw = depths(np.where(row_n[thing_hw] >= 0, thing_hw, 0)) if self.instances else None
        boxes_n4 = np.tile(np.array([0, 0, 64, 64], np.float32), (len(labels_n), 1))
        return Sample(image_hwc, boxes_n4, labels_n, customer, f"painted-{index}", Pixels(row_n[thing_hw], depth_hw))


def paint(index: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image, whether each of its shapes is a disc, and a map of their numbers (1, 2)."""
    image_hwc, _, discs_n = draw(index)
    inside_hw = (image_hwc[..., 0] == 20) | (image_hwc[..., 0] == 235)
    thing_hw = np.where(inside_hw, np.where(np.arange(64) < 32, 1, 2), 0).astype(np.int32)
    return image_hwc, discs_n, thing_hw
