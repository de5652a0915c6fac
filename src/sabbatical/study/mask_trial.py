"""One trial with masks: a method learns from what the customers painted, and says what unseen images show.

Legend: i judged images; k classes; m found things, n true ones, q pairs that share pixels; t truth (2); v chances.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.progress import Part, Progress
from sabbatical.metrics.columns import Floats, Ints
from sabbatical.metrics.instances import MaskPairs
from sabbatical.metrics.segmentation import best_thresholds, pixel_counts
from sabbatical.stages.train.methods import Material, train_network
from sabbatical.study.boxes import Split, split
from sabbatical.study.masks import MaskTask, Painted
from sabbatical.study.methods import Method
from sabbatical.taxonomy import bank, masked_tables

if TYPE_CHECKING:
    from sabbatical.learning.joined import Network
    from sabbatical.learning.segmentation.predict import Segmented
    from sabbatical.learning.segmentation.recipe import MaskRecipe


TIMED = 32
"""Images by which the time of a prediction is told."""


@dataclass(frozen=True)
class Found:
    """Things of the judged images, one image after the other, and how they meet the true ones.

    `image_m`, `image_n`: places among the judged images. `score_m`: how sure each found thing is.
    """

    image_m: Ints
    score_m: Floats
    image_n: Ints
    pairs: MaskPairs


@dataclass(frozen=True)
class MaskOutcome:
    """What is kept of a trial: counted pixels and met things of the judged images, and how they came about.

    Attributes:
        image_i: positions in the task's images that were judged.
        counts_ik2v: see `metrics.segmentation.pixel_counts`, by the full truth of each image.
        threshold_k: of the best IoU on validation images, by what the customers painted there.
        found: where things were asked for.
        facts: seconds of training, parameters, milliseconds an image, images learned from.
    """

    image_i: Ints
    counts_ik2v: Ints
    threshold_k: Floats
    found: Found | None
    facts: dict[str, Any]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """All but the facts, as small as they can be kept."""
        kept: dict[str, NDArray[np.generic]] = {
            "image_i": self.image_i,
            "counts_ik2v": self.counts_ik2v.astype(np.int32),
            "threshold_k": self.threshold_k,
        }
        if self.found is None:
            return kept
        pairs = {f"pairs_{each.name}": getattr(self.found.pairs, each.name) for each in fields(MaskPairs)}
        own = {name: getattr(self.found, name) for name in ("image_m", "score_m", "image_n")}
        return kept | own | pairs

    @classmethod
    def of(cls, arrays: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> MaskOutcome:
        """What `arrays` and the facts were taken from."""
        found = None
        if "image_m" in arrays:
            pairs = MaskPairs(*(arrays[f"pairs_{each.name}"] for each in fields(MaskPairs)))
            found = Found(arrays["image_m"], arrays["score_m"], arrays["image_n"], pairs)
        return cls(arrays["image_i"], arrays["counts_ik2v"].astype(np.int64), arrays["threshold_k"], found, facts)


def run_mask_trial(
    task: MaskTask,
    method: Method,
    seed: int,
    folds: int,
    settings: Mapping[str, Any],
    folder: Path,
    progress: Progress,
) -> MaskOutcome:
    """Train and predict; killed and called again, it goes on from its checkpoints.

    Raises as `train_network` does.
    """
    from sabbatical.learning.segmentation.recipe import MaskRecipe  # noqa: PLC0415 - torch loads in a step only

    recipe = MaskRecipe().with_settings({**task.settings, **settings, **method.settings, "seed": seed})
    parts = split(task, seed, folds)
    training = material(task, parts, parts.training_i, recipe, full=method.full)
    network, record = train_network(recipe, training, folder, Part(progress, 0, 0.9))
    progress.tell(0.9, "Predicting the images that judge")
    validation_i, validation_row_i = parts.validation_i, rows_of(task, parts, parts.validation_i, full=method.full)
    chosen = best_thresholds(
        np.stack(
            [_counted(task, i, row, seen) for i, row, seen in _seen(network, task, validation_i, validation_row_i)]
        )
    )
    judged = [_judged(task, i, row, seen, chosen) for i, row, seen in _seen(network, task, *_full(task, parts.test_i))]
    facts = {
        "train_seconds": round(record.seconds, 1),
        "predict_ms": _milliseconds(network, task, parts.test_i[:TIMED]),
        "parameters": record.parameters,
        "images": len(parts.training_i),
        "losses": [round(loss, 4) for loss in record.curves["loss"]],
    }
    counts_ik2v = np.stack([counts for counts, _ in judged])
    return MaskOutcome(parts.test_i, counts_ik2v, chosen, _joined([each for _, each in judged if each]), facts)


def _milliseconds(network: Network, task: MaskTask, image_i: Ints) -> float:
    """Of one image, from its pixels to the chances of its pixels."""
    from sabbatical.learning.segmentation.predict import segment  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.segmentation.runners import TorchMasks  # noqa: PLC0415

    images = [task.images[i].image() for i in image_i]
    began = time.perf_counter()
    for _ in segment(TorchMasks(network), images):
        pass
    return round((time.perf_counter() - began) * 1000 / len(images), 2)


def material(task: MaskTask, parts: Split, chosen_i: Ints, recipe: MaskRecipe, *, full: bool) -> Material:
    """The chosen images as the customers painted them, or as the oracle sees them."""
    row_i = rows_of(task, parts, chosen_i, full=full)
    return Material(
        source=Painted(task, chosen_i, row_i, apart=recipe.masking == "none"),
        row_i=row_i,
        bank=bank([masked_tables(task.tree, each, recipe.masking) for each in task.taxonomies]),
        customer_t=[each.name for each in task.taxonomies],
        tree=task.tree,
    )


def rows_of(task: MaskTask, parts: Split, chosen_i: Ints, *, full: bool) -> Ints:
    """The taxonomy (row) by which each of the chosen images is painted."""
    rows = [task.full_row(task.images[i].domain) if full else int(parts.customer_i[i]) for i in chosen_i]
    return np.array(rows, np.int64)


def _full(task: MaskTask, chosen_i: Ints) -> tuple[Ints, Ints]:
    return chosen_i, np.array([task.full_row(task.images[i].domain) for i in chosen_i], np.int64)


def _seen(network: Network, task: MaskTask, image_i: Ints, row_i: Ints) -> Iterator[tuple[int, int, Segmented]]:
    """Each image, the row that judges it, and what the network says of it."""
    from sabbatical.learning.segmentation.predict import segment  # noqa: PLC0415
    from sabbatical.learning.segmentation.runners import TorchMasks  # noqa: PLC0415 - torch loads in a step only

    said = segment(TorchMasks(network), (task.images[i].image() for i in image_i))
    yield from zip(image_i.tolist(), row_i.tolist(), said, strict=True)


def _counted(task: MaskTask, image: int, row: int, seen: Segmented) -> Ints:
    row_hw = task.rows_of_classes(row)[task.images[image].painting().class_hw]
    return pixel_counts(seen.chance_khw, row_hw, *task.shown_rk(row))


def _judged(task: MaskTask, image: int, row: int, seen: Segmented, threshold_k: Floats) -> tuple[Ints, _Met | None]:
    """Counted pixels of an image, and its things where they are asked for."""
    counts = _counted(task, image, row, seen)
    if seen.depth_hw is None:
        return counts, None
    from sabbatical.learning.segmentation.instances import things  # noqa: PLC0415 - scipy loads in a step only

    k = task.tree.index(task.thing)
    found = things(seen.chance_khw[k], seen.depth_hw, least=float(threshold_k[k]))
    true_hw = task.images[image].painting().thing_hw
    numbered = np.unique(true_hw, return_inverse=True)[1].reshape(true_hw.shape) + (true_hw.min() > 0)
    return counts, (found.score_n.astype(np.float64), MaskPairs.of(found.thing_hw, numbered))


_Met = tuple[Floats, MaskPairs]


def _joined(met: list[_Met]) -> Found | None:
    if not met:
        return None
    images = np.arange(len(met))
    return Found(
        np.repeat(images, [len(score_m) for score_m, _ in met]),
        np.concatenate([score_m for score_m, _ in met]),
        np.repeat(images, [len(pairs.area_n) for _, pairs in met]),
        MaskPairs.joined([pairs for _, pairs in met]),
    )
