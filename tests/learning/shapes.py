"""A world to learn in seconds: bright squares and dark discs on noise, and customers who draw parts of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from sabbatical.learning.augmentation import NONE
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.heads import Outputs
from sabbatical.learning.loader import Batch
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.samples import Sample
from sabbatical.taxonomy import Masking, SuperTaxonomy, TableBank, Taxonomy, bank, masked_tables

SUPER = SuperTaxonomy.from_yaml(
    """
super-taxonomy: shapes
classes:
  flat: {children: {square: {}, tile: {}}}
  disc: {}
  star: {}
"""
)
FLAT, SQUARE, TILE, DISC, STAR = (SUPER.index(name) for name in ("flat", "square", "tile", "disc", "star"))
TINY = DetectorRecipe(
    canvas=(64, 64),
    widths=(8, 12, 16, 24, 32),
    depths=(0, 0, 0, 0),
    pyramid=(16, 16, 24, 32),
    steps=60,
    batch=4,
    learning_rate=5e-3,
    ema=0.9,
    augmentation=replace(NONE, flip=0.5),
    threads=1,
    save_every=0,
    anchor=2.0,
)


def taxonomy(name: str, labels: dict[str, str]) -> Taxonomy:
    return Taxonomy.from_document({"taxonomy": name, "super-taxonomy": "shapes", "labels": labels})


COARSE = taxonomy("coarse", {"Flat": "flat", "Smudge": "ignore"})
FINE = taxonomy("fine", {"Disc": "disc", "Square": "square"})
ALL = taxonomy("all", {"Square": "square", "Tile": "tile", "Disc": "disc", "Star": "star", "Flat": "flat"})


def bank_of(*customers: Taxonomy, masking: Masking = "tree") -> TableBank:
    return bank([masked_tables(SUPER, each, masking) for each in customers])


@dataclass(frozen=True)
class Shapes:
    """A source of n images; each taxonomy row draws its own part of the squares and discs of an image.

    Attributes:
        count: images.
        label_of: for each taxonomy row, the label row of squares and of discs, or None where it does not draw them.
        size: (height, width) of the images.
    """

    count: int
    label_of: Sequence[tuple[int | None, int | None]]
    size: tuple[int, int] = (64, 64)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Sample:
        image_hwc, boxes_n4, discs_n = draw(index, self.size)
        customer = index % len(self.label_of)
        labels = [self.label_of[customer][int(disc)] for disc in discs_n]
        drawn_n = np.array([label is not None for label in labels], dtype=bool)
        labels_n = np.array([label for label in labels if label is not None], dtype=np.int64)
        return Sample(image_hwc, boxes_n4[drawn_n], labels_n, customer, f"shapes-{index}")


def draw(index: int, size: tuple[int, int] = (64, 64)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Image (uint8 hwc), boxes (float32 n4) and whether each is a disc (bool n); one shape in each half."""
    random = np.random.default_rng(index)
    height, width = size
    image_hwc = random.integers(90, 150, (height, width, 3)).astype(np.uint8)
    y_hw, x_hw = np.mgrid[:height, :width]
    boxes, discs = [], []
    for half in range(2):
        side = int(random.integers(14, 24))
        x = int(random.integers(0, width // 2 - side)) + half * width // 2
        y = int(random.integers(0, height - side))
        disc = bool(random.integers(2))
        if disc:
            centre = (x + side / 2 - 0.5, y + side / 2 - 0.5)
            image_hwc[(x_hw - centre[0]) ** 2 + (y_hw - centre[1]) ** 2 <= (side / 2) ** 2] = 20
        else:
            image_hwc[y : y + side, x : x + side] = 235
        boxes.append((x, y, x + side, y + side))
        discs.append(disc)
    return image_hwc, np.array(boxes, np.float32), np.array(discs)


def config_of(recipe: DetectorRecipe = TINY) -> DetectorConfig:
    return recipe.detector(SUPER.names, [int(parent) for parent in SUPER.parent_k])


def batch_of(
    boxes: Sequence[Sequence[float]], labels: Sequence[int], images: Sequence[int], taxonomies: Sequence[int]
) -> Batch:
    """A batch of grey 64 x 64 images with the boxes given."""
    return Batch(
        images_bhwc=torch.full((len(taxonomies), 64, 64, 3), 128, dtype=torch.uint8),
        boxes_n4=torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        labels_n=torch.tensor(labels, dtype=torch.int64),
        image_n=torch.tensor(images, dtype=torch.int64),
        taxonomy_b=torch.tensor(taxonomies, dtype=torch.int64),
    )


def part(batch: Batch, outputs: Outputs, images: Sequence[int]) -> tuple[Batch, Outputs]:
    """Some images of a batch with their outputs, in the order given."""
    chosen_b = torch.tensor(images)
    places = [(batch.image_n == image).nonzero()[:, 0] for image in images]
    boxes_n = torch.cat(places)
    image_n = torch.cat([torch.full_like(place, new) for new, place in enumerate(places)])
    smaller = Batch(
        batch.images_bhwc[chosen_b],
        batch.boxes_n4[boxes_n],
        batch.labels_n[boxes_n],
        image_n,
        batch.taxonomy_b[chosen_b],
    )
    return smaller, Outputs(outputs.logits[chosen_b], outputs.boxes[chosen_b])
