"""One trial with boxes: a method learns from what the customers drew, and says what is on images it has not seen.

Legend: i judged images; m detections; 4 = x0 y0 x1 y1.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sabbatical.core.progress import Part, Progress
from sabbatical.learning.images import read_scaled
from sabbatical.learning.recipe import DetectorRecipe, named
from sabbatical.metrics.columns import Detections, Floats, Ints
from sabbatical.metrics.thresholds import choose_thresholds
from sabbatical.stages.train.methods import Material, scored_finds, train_network
from sabbatical.study.boxes import BoxTask, Drawn, Split, split
from sabbatical.study.methods import Method
from sabbatical.taxonomy import bank, masked_tables

if TYPE_CHECKING:
    from sabbatical.learning.joined import Network

LEAST_SCORE = 0.005


@dataclass(frozen=True)
class BoxOutcome:
    """What is kept of a trial: detections on the judged images, and how they came about.

    Attributes:
        image_i: positions in the task's images that were judged.
        detections: their `image_m` are positions in the task's images.
        threshold_k: of the best F1 on validation images.
        facts: seconds of training, parameters, milliseconds an image, images and boxes learned from.
    """

    image_i: Ints
    detections: Detections
    threshold_k: Floats
    facts: dict[str, Any]


def run_box_trial(
    task: BoxTask,
    method: Method,
    seed: int,
    folds: int,
    settings: Mapping[str, Any],
    folder: Path,
    progress: Progress,
) -> BoxOutcome:
    """Train and predict; killed and called again, it goes on from its checkpoints.

    Raises as `train_network` does.
    """
    recipe = named("default").with_settings({**task.settings, **settings, **method.settings, "seed": seed})
    parts = split(task, seed, folds)
    training = material(task, parts, parts.training_i, recipe, full=method.full)
    validation = material(task, parts, parts.validation_i, recipe, full=method.full)
    network, record = train_network(
        recipe, training, folder, Part(progress, 0, 0.95), validation=validation if recipe.completion else None
    )
    progress.tell(0.95, "Predicting the images that judge")
    drawn = Drawn(task, parts.validation_i, validation.row_i, recipe.canvas)
    chosen = choose_thresholds(scored_finds(_found(network, drawn, recipe), validation))
    began = time.perf_counter()
    detections = _detections(network, task, parts.test_i, recipe)
    facts = {
        "train_seconds": round(record.seconds, 1),
        "predict_ms": round((time.perf_counter() - began) * 1000 / len(parts.test_i), 2),
        "parameters": record.parameters,
        "images": len(parts.training_i),
        "boxes": int(sum(len(training.source[i].labels_n) for i in range(len(parts.training_i)))),
        "losses": [round(loss, 4) for loss in record.curves["loss"]],
    }
    return BoxOutcome(parts.test_i, detections, chosen, facts)


def material(task: BoxTask, parts: Split, chosen_i: Ints, recipe: DetectorRecipe, *, full: bool) -> Material:
    """The chosen images as the customers drew them, or as the oracle sees them."""
    rows = [task.full_row(task.images[i].domain) if full else int(parts.customer_i[i]) for i in chosen_i]
    row_i = np.array(rows, np.int64)
    return Material(
        source=Drawn(task, chosen_i, row_i, recipe.canvas),
        row_i=row_i,
        bank=bank([masked_tables(task.tree, each, recipe.masking) for each in task.taxonomies]),
        customer_t=[each.name for each in task.taxonomies],
        tree=task.tree,
    )


def _found(network: Network, source: Drawn, recipe: DetectorRecipe) -> list[Any]:
    from sabbatical.learning.predict import predict  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.runners import TorchRunner  # noqa: PLC0415

    return predict(TorchRunner(network), (source[i].image_hwc for i in range(len(source))), least_score=LEAST_SCORE)


def _detections(network: Network, task: BoxTask, image_i: Ints, recipe: DetectorRecipe) -> Detections:
    """What the network finds, in pixels of the files."""
    from sabbatical.learning.predict import predict  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.runners import TorchRunner  # noqa: PLC0415

    read = [read_scaled(task.images[i].file, recipe.canvas) for i in image_i]
    found = predict(TorchRunner(network), (image_hwc for image_hwc, _ in read), least_score=LEAST_SCORE)
    scale_i4 = np.array([[size[0] / pixels.shape[1], size[1] / pixels.shape[0]] * 2 for pixels, size in read])
    many_i = [len(one) for one in found]
    return Detections.of(
        np.concatenate([one.boxes_n4 for one in found]) * np.repeat(scale_i4, many_i, axis=0),
        np.repeat(image_i, many_i),
        np.concatenate([one.classes_n for one in found]),
        np.concatenate([one.scores_n for one in found]),
    )
