"""One trial with boxes: a method learns from what the customers drew, and says what is on images it has not seen.

Legend: i judged images; m detections; 4 = x0 y0 x1 y1.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.progress import Part, Progress
from sabbatical.learning.images import read_scaled
from sabbatical.learning.parts import parts_of
from sabbatical.learning.recipe import DetectorRecipe, named
from sabbatical.metrics.columns import Detections, Floats, Ints
from sabbatical.metrics.thresholds import choose_thresholds
from sabbatical.stages.train.methods import GoingOn, Material, one_record, scored_finds, train_network
from sabbatical.study.boxes import BoxTask, Drawn, Split, labeled_only, labels_of, split
from sabbatical.study.methods import Method
from sabbatical.taxonomy import bank, masked_tables

if TYPE_CHECKING:
    from sabbatical.learning.joined import Network
    from sabbatical.learning.record import TrainingRecord

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

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All but the facts, as small as they can be kept."""
        found = self.detections
        return {
            "boxes_m4": found.boxes_m4.astype(np.float32),
            "image_m": found.image_m.astype(np.int32),
            "class_m": found.class_m.astype(np.int16),
            "score_m": found.score_m.astype(np.float32),
            "image_i": self.image_i,
            "threshold_k": self.threshold_k,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> BoxOutcome:
        """What `arrays` and the facts were taken from."""
        detections = Detections.of(arrays["boxes_m4"], arrays["image_m"], arrays["class_m"], arrays["score_m"])
        return cls(arrays["image_i"], detections, arrays["threshold_k"], facts)


def run_box_trial(
    task: BoxTask,
    method: Method,
    seed: int,
    folds: int,
    settings: Mapping[str, Any],
    folder: Path,
    progress: Progress,
    labeled: int | None = None,
) -> BoxOutcome:
    """Train and predict; killed and called again, it goes on from its checkpoints.

    Args:
        task: the images and who draws what.
        method: how to learn.
        seed: of everything that is random, and which fold judges.
        folds: parts of the images.
        settings: of the recipe, where they differ from the task's.
        folder: for checkpoints.
        progress: is told, and may ask to stop.
        labeled: so many images the newcomer has labeled; None for all.

    Raises as `train_network` does.
    """
    recipe = named("default").with_settings({**task.settings, **settings, **method.settings, "seed": seed})
    parts = split(task, seed, folds)
    if labeled is not None:
        parts = labeled_only(task, parts, labeled, seed)
    chosen_i = as_many(task, parts, seed) if method.fewer else _of(task, parts, method.only)
    training = material(task, parts, chosen_i, recipe, full=method.full)
    validation = material(task, parts, parts.validation_i, recipe, full=method.full)
    if method.finetune:
        last = material(task, parts, _of(task, parts, method.finetune), recipe, full=False)
        network, record = _finetuned(recipe, training, last, folder, Part(progress, 0, 0.95))
    else:
        network, record = train_network(
            recipe, training, folder, Part(progress, 0, 0.95), validation=validation if recipe.completion else None
        )
    progress.tell(0.95, "Predicting the images that judge")
    if method.own:
        network = _own(network, training, task.newcomer)
    drawn = Drawn(task, parts.validation_i, validation.row_i, recipe.canvas)
    chosen = choose_thresholds(scored_finds(_found(network, drawn, recipe), validation))
    began = time.perf_counter()
    detections = detections_of(network, task, parts.test_i, recipe)
    facts = {
        "train_seconds": round(record.seconds, 1),
        "predict_ms": round((time.perf_counter() - began) * 1000 / len(parts.test_i), 2),
        "parameters": record.parameters,
        "images": len(training.source),
        "boxes": int(sum(len(training.source[i].labels_n) for i in range(len(training.source)))),
        "losses": [round(loss, 4) for loss in record.curves["loss"]],
    }
    return BoxOutcome(parts.test_i, detections, chosen, facts)


def _of(task: BoxTask, parts: Split, customer: str) -> Ints:
    """The images to learn from: those of one customer, or all."""
    if not customer:
        return parts.training_i
    theirs_i: Ints = parts.training_i[parts.customer_i[parts.training_i] == task.row(customer)]
    return theirs_i


def as_many(task: BoxTask, parts: Split, seed: int) -> Ints:
    """Images at random, until everything drawn on them is as much as all customers drew together."""
    drawn, whole = (_counted(task, parts.training_i, parts, full=full) for full in (False, True))
    order = np.random.default_rng((4, seed)).permutation(len(parts.training_i))
    many = int(np.searchsorted(np.cumsum(whole[order]), drawn.sum())) + 1
    return np.sort(parts.training_i[order[:many]])


def _counted(task: BoxTask, chosen_i: Ints, parts: Split, *, full: bool) -> Ints:
    """How many boxes are drawn on each image, by its customer or in full."""
    labels = [labels_of(task.tree, taxonomy) for taxonomy in task.taxonomies]
    rows = [task.full_row(task.images[i].domain) if full else int(parts.customer_i[i]) for i in chosen_i]
    names = [task.images[i].names_n for i in chosen_i]
    return np.array([sum(name in labels[row] for name in own) for own, row in zip(names, rows, strict=True)], np.int64)


def _finetuned(
    recipe: DetectorRecipe, whole: Material, last: Material, folder: Path, progress: Progress
) -> tuple[Network, TrainingRecord]:
    """Two thirds of the steps on the whole, the rest on a part of it."""
    first = replace(recipe, steps=round(recipe.steps * 2 / 3))
    network, before = train_network(first, whole, folder / "whole", Part(progress, 0, 2 / 3))
    start = GoingOn(network, np.zeros(0, np.int64))
    rest = replace(recipe, steps=recipe.steps - first.steps)
    network, after = train_network(rest, last, folder / "part", Part(progress, 2 / 3, 1), start)
    return network, one_record([before, after], whole.tree.names, after.parameters)


def _own(network: Network, training: Material, customer: str) -> Network:
    """The network with the customer's own head alone, if it has one."""
    from sabbatical.learning.blocks import only_columns  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.detector import Detector  # noqa: PLC0415

    rows = np.unique(training.row_i).tolist()
    (part,) = parts_of("heads", training.bank, training.customer_t, training.tree.names, rows)
    own = part.blocks.get(customer)
    return only_columns(network, own) if own and isinstance(network, Detector) else network


def material(task: BoxTask, parts: Split, chosen_i: Ints, recipe: DetectorRecipe, *, full: bool) -> Material:
    """The chosen images as the customers drew them, or as the oracle sees them."""
    rows = [task.full_row(task.images[i].domain) if full else int(parts.customer_i[i]) for i in chosen_i]
    row_i = np.array(rows, np.int64)
    return Material(
        source=Drawn(task, chosen_i, row_i, recipe.canvas),
        row_i=row_i,
        bank=bank(
            [masked_tables(task.tree, each, recipe.masking, rule_weight=recipe.rule_weight) for each in task.taxonomies]
        ),
        customer_t=[each.name for each in task.taxonomies],
        tree=task.tree,
    )


def _found(network: Network, source: Drawn, recipe: DetectorRecipe) -> list[Any]:
    from sabbatical.learning.predict import predict  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.runners import TorchRunner  # noqa: PLC0415

    return predict(TorchRunner(network), (source[i].image_hwc for i in range(len(source))), least_score=LEAST_SCORE)


def detections_of(network: Network, task: BoxTask, image_i: Ints, recipe: DetectorRecipe) -> Detections:
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
