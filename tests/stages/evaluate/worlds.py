"""Made-up scenes with known truth for tests of the evaluation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sabbatical.metrics.columns import Detections, Truths

CLASSES = ["car", "light", "stop"]
SHARES = [0.6, 0.25, 0.15]


@dataclass(frozen=True)
class Scenes:
    """`truths` in `images` images; `night_i` marks the dark ones, `scene_i` the scene of each (4 images a scene)."""

    images: int
    truths: Truths
    class_n: np.ndarray
    night_i: np.ndarray
    scene_i: np.ndarray


def scenes(images: int, seed: int = 0, boxes: float = 4.0) -> Scenes:
    """Boxes of 20 to 120 px that do not touch each other."""
    rng = np.random.default_rng(seed)
    many = rng.poisson(boxes, images)
    n = int(many.sum())
    slot = np.concatenate([np.arange(count) for count in many]) if n else np.zeros(0)
    side = rng.uniform(20, 120, n)
    corner = np.stack([slot * 150, np.full(n, 10.0)], axis=1)
    class_n = rng.choice(len(CLASSES), n, p=SHARES)
    image_n = np.repeat(np.arange(images), many)
    truths = Truths.of_classes(np.concatenate([corner, corner + side[:, None]], axis=1), image_n, class_n, len(CLASSES))
    return Scenes(images, truths, class_n, rng.random(images) < 0.4, np.arange(images) // 4)


def found(
    world: Scenes, seed: int, recall: float = 0.85, lost_stops_at_night: float = 0.0, ghosts: int = 1
) -> Detections:
    """A model that finds truths with chance `recall`, fewer stop signs at night, and some ghosts an image."""
    rng = np.random.default_rng(seed)
    truths = world.truths
    dark_stop = (world.class_n == 2) & world.night_i[truths.image_n]
    hit = np.flatnonzero(rng.random(len(world.class_n)) < recall - lost_stops_at_night * dark_stop)
    side = (truths.boxes_n4[hit, 2] - truths.boxes_n4[hit, 0])[:, None]
    boxes = truths.boxes_n4[hit] + np.tile(rng.normal(0, 0.05, (len(hit), 2)) * side, 2)
    g = world.images * ghosts
    corner = np.stack([rng.uniform(0, 1000, g), np.full(g, 500.0)], axis=1)
    return Detections.of(
        np.concatenate([boxes, np.concatenate([corner, corner + 50], axis=1)]),
        np.concatenate([truths.image_n[hit], np.repeat(np.arange(world.images), ghosts)]),
        np.concatenate([world.class_n[hit], rng.choice(3, g, p=SHARES)]),
        np.concatenate([rng.beta(6, 2, len(hit)), rng.beta(2, 5, g)]),
    )
