"""The training of a detector, from a source of samples to averaged weights and a record of how it went."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Progress, check
from sabbatical.learning.cache import Cached
from sabbatical.learning.checkpoint import State, load_checkpoint, save_checkpoint
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.detector import Detector
from sabbatical.learning.divergence import check_loss, check_weights
from sabbatical.learning.ema import Average
from sabbatical.learning.loader import Batch, Loader, Visits
from sabbatical.learning.losses import LossSums
from sabbatical.learning.masking import MaskTables, mask_tables
from sabbatical.learning.optimizer import Muon
from sabbatical.learning.order import Order
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.record import TELL_EVERY, Recorder, TrainingRecord
from sabbatical.learning.samples import SampleSource
from sabbatical.learning.shards import Stream
from sabbatical.learning.start import carry
from sabbatical.learning.weights import checksum, load_detector, save_detector
from sabbatical.taxonomy import TableBank

FREE = ("threads", "workers", "device", "cache_mb", "save_every")
"""Fields of a recipe that a continued run may change: they do not change what is computed."""


COMPLETE_AT = 0.5
"""The part of the steps after which labels are completed: the model must know something before it is believed."""
TEACHER = "teacher.safetensors"

Completing = Callable[[Detector], tuple[SampleSource, TableBank]]
"""The samples and tables of a training with its labels completed by what its own average finds half-way."""


@dataclass
class TrainedDetector:
    """The averaged detector, ready to predict, the recipe it was made by, and the record."""

    detector: Detector
    recipe: DetectorRecipe
    record: TrainingRecord


def train_detector(
    source: SampleSource,
    bank: TableBank,
    config: DetectorConfig,
    recipe: DetectorRecipe,
    *,
    folder: Path,
    progress: Progress,
    start: Detector | None = None,
    fresh_n: NDArray[np.int64] | None = None,
    completing: Completing | None = None,
) -> TrainedDetector:
    """Train a detector, or go on where a checkpoint in `folder` stands; on the CPU both end in the same bits.

    Args:
        source: samples of the training part, of any mix of taxonomies; a `Stream` may grow meanwhile.
        bank: the tables of those taxonomies, masked as the recipe says, over the classes of `config`.
        config: the detector, usually `recipe.detector(super_.names, super_.parent_k)`.
        recipe: how to train.
        folder: where checkpoints go; it is the caller's to remove.
        progress: is told of every ten steps, and may ask to stop.
        start: an earlier detector to go on from; by default weights are random. Its classes are matched by name.
        fresh_n: places of the samples that `start` has not learned from, drawn `recipe.fresh_weight` times as often.
        completing: completes the labels on the way; without it they stay as they are.

    Raises:
        EmptyDataset: the source holds no samples.
        BadInput: the tables are for other classes, or `start` does not fit.
        Diverged: the loss or a weight is no number any more; the last checkpoint before is kept.
        Conflict: the folder holds the checkpoint of another training.
        Interrupted: it was asked to stop; the checkpoint is kept.
        StorageFull: a checkpoint could not be written.
    """
    with computing(recipe) as device:
        plan = _plan(config, recipe, start, fresh_n)
        tables = mask_tables(_fitting(bank, config), config.group_k, recipe.recalibrate or 1.0).to(device)
        model = _model(config, recipe, start).to(device)
        average = Average(model, recipe.ema)
        optimizer = Muon(model, recipe.learning_rate, recipe.weight_decay, orthogonal=recipe.optimizer == "muon")
        recorder = Recorder(config, recipe, tables)
        state = State(model, average.model, optimizer, 0, recorder.facts)
        load_checkpoint(folder, state, plan)

        for samples, rows, stop in _lessons(source, tables, recipe, state, folder, completing):
            loader = _loader(samples, recipe, fresh_n, recorder.facts["epochs"])
            recorder.follow(rows)
            for batch in loader.stream(state.step, stop):
                began = time.perf_counter()
                rate = set_rate(optimizer, recipe, state.step)
                sums = learn(model, optimizer, batch.to(device), rows, recipe, state.step)
                average.update(model, state.step)
                state.step += 1
                recorder.note(state.step, sums, batch, rate, time.perf_counter() - began, loader.take_waited())
                if state.step % TELL_EVERY == 0:
                    message = f"step {state.step} of {recipe.steps}"
                    progress.tell(state.step / recipe.steps, message, **recorder.latest())
                _pause(progress, folder, state, plan, recipe)
        check_weights((model, average.model), state.step, recipe.learning_rate)
    return TrainedDetector(average.model.cpu().eval(), recipe, recorder.record(state.step, model))


def learn(
    model: Detector,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    tables: MaskTables,
    recipe: DetectorRecipe,
    step: int,
) -> LossSums:
    """One step: forward, masked loss, backward, update. Raises Diverged when the loss is no number."""
    device = batch.images_bhwc.device.type
    with torch.autocast(device, torch.bfloat16, enabled=recipe.precision == "bfloat16" and device == "cuda"):
        outputs = model(batch.images_bhwc, model.head.hints(batch, tables))
    sums = model.head.loss(outputs, batch, tables)
    loss = sums.mean(recipe.box_gain)
    check_loss(loss.item(), step, recipe.learning_rate)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
    optimizer.step()
    return sums


def _pause(progress: Progress, folder: Path, state: State, plan: dict[str, Any], recipe: DetectorRecipe) -> None:
    """Save what there is when it is time to, and end here if it was asked to."""
    stopping = progress.stopping()
    if stopping or (recipe.save_every and state.step % recipe.save_every == 0):
        check_weights((state.model, state.average), state.step, recipe.learning_rate)
        save_checkpoint(folder, state, plan)
    if stopping:
        check(progress)


def _lessons(
    source: SampleSource,
    tables: MaskTables,
    recipe: DetectorRecipe,
    state: State,
    folder: Path,
    completing: Completing | None,
) -> Iterator[tuple[SampleSource, MaskTables, int]]:
    """What is learned from, and up to which step."""
    half = round(COMPLETE_AT * recipe.steps) if completing else recipe.steps
    if state.step < half:
        yield source, tables, half
    if completing:
        teacher = _teacher(folder, state.average)
        filled, completed = completing(teacher)
        rows = mask_tables(completed, teacher.config.group_k).to(tables.target_trk.device)
        yield filled, rows, recipe.steps


def _teacher(folder: Path, average: nn.Module) -> Detector:
    """The average as it was when labels were completed; a training that goes on completes them by the same."""
    file = folder / TEACHER
    if not file.is_file():
        assert isinstance(average, Detector)
        save_detector(file, average)
    found = load_detector(file)
    assert isinstance(found, Detector)
    return found


def set_rate(optimizer: torch.optim.Optimizer, recipe: DetectorRecipe, step: int) -> float:
    """Set the learning rate of a step: up along a line, then down along a cosine to a hundredth."""
    warm = max(1, round(recipe.warmup * recipe.steps))
    if step < warm:
        part = (step + 1) / warm
    else:
        along = (step - warm) / max(1, recipe.steps - warm)
        part = 0.01 + 0.99 * (1 + math.cos(math.pi * along)) / 2
    for group in optimizer.param_groups:
        group["lr"] = recipe.learning_rate * part
    return recipe.learning_rate * part


@contextmanager
def computing(recipe: DetectorRecipe) -> Iterator[torch.device]:
    """The device of a recipe; torch's threads, random state and exactness are as they were afterwards."""
    threads, exact, random = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_rng_state(),
    )
    try:
        torch.set_num_threads(recipe.threads or threads)
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.manual_seed(recipe.seed)
        name = "cuda" if recipe.device == "auto" and torch.cuda.is_available() else recipe.device
        yield torch.device("cpu" if name == "auto" else name)
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(exact)
        torch.set_rng_state(random)


def _plan(
    config: DetectorConfig, recipe: DetectorRecipe, start: Detector | None, fresh_n: NDArray[np.int64] | None
) -> dict[str, Any]:
    """What two parts of one run must have in common, as it reads back from JSON."""
    kept = {name: value for name, value in recipe.to_dict().items() if name not in FREE}
    plan: dict[str, Any] = json.loads(json.dumps({"config": config.to_dict(), "recipe": kept}))
    if start is not None:
        plan |= {"start": checksum(start.state_dict()), "fresh": [] if fresh_n is None else fresh_n.tolist()}
    return plan


def _fitting(bank: TableBank, config: DetectorConfig) -> TableBank:
    columns = len(config.class_c or config.classes)
    if bank.covered_tk.shape[1] != columns:
        raise BadInput(
            f"The tables are for {bank.covered_tk.shape[1]} classes, the detector has {columns}.",
            hint="Make both from one version of the super-taxonomy.",
        )
    return bank


def _model(config: DetectorConfig, recipe: DetectorRecipe, start: Detector | None) -> Detector:
    model = Detector(config).train()
    if start is None and recipe.pretrained:
        from sabbatical.learning.hf.pretrained import pretrained_detector  # noqa: PLC0415 - an optional extra

        start = pretrained_detector(recipe.pretrained, config)
    if start is not None:
        carry(start, model)
    return model


def _loader(
    source: SampleSource, recipe: DetectorRecipe, fresh_n: NDArray[np.int64] | None, begun: list[dict[str, Any]]
) -> Loader:
    order: Visits = Order(len(source), recipe.seed, fresh_n, recipe.fresh_weight)
    if isinstance(source, Stream):
        order = source.order(recipe.seed, begun)
    zoom = max(1.0, recipe.augmentation.zoom[1])
    room = (recipe.canvas[0] * zoom, recipe.canvas[1] * zoom)
    return Loader(
        Cached(source, room, recipe.cache_mb),
        batch=recipe.batch,
        canvas=recipe.canvas,
        augmentation=recipe.augmentation,
        seed=recipe.seed,
        workers=recipe.workers,
        order=order,
    )
