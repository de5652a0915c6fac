"""The training of a detector, from a source of samples to averaged weights and a record of how it went.

Legend: k classes; n boxes.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Progress, check
from sabbatical.learning.cache import Cached
from sabbatical.learning.checkpoint import State, load_checkpoint, save_checkpoint
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.detector import Detector
from sabbatical.learning.ema import Average
from sabbatical.learning.loader import Batch, Loader
from sabbatical.learning.losses import LossSums
from sabbatical.learning.masking import MaskTables, mask_tables
from sabbatical.learning.optimizer import Muon
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.samples import SampleSource
from sabbatical.taxonomy import TableBank

FREE = ("threads", "workers", "device", "cache_mb", "save_every")
"""Fields of a recipe that a continued run may change: they do not change what is computed."""
TELL_EVERY = 10
"""Steps that one point of the curves stands for."""


@dataclass
class TrainingRecord:
    """How a training went; plain values, ready for JSON.

    Attributes:
        curves: means over ten steps: "step", "loss", "classification", "box", "learning_rate".
        taught: for each class, how many drawn objects taught it.
        warnings: sentences a person should read.
        seconds: spent on steps, over all parts of a run that was continued.
        waiting: seconds of them spent waiting for data.
        parameters: numbers in the network.
        images: images seen.
    """

    curves: dict[str, list[float]] = field(default_factory=dict)
    taught: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    seconds: float = 0.0
    waiting: float = 0.0
    parameters: int = 0
    images: int = 0


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
    init: dict[str, Tensor] | None = None,
) -> TrainedDetector:
    """Train a detector, or go on where a checkpoint in `folder` stands; on the CPU both end in the same bits.

    Args:
        source: samples of the training part, of any mix of taxonomies.
        bank: the tables of those taxonomies, over the classes of `config`.
        config: the detector, usually `recipe.detector(super_.names, super_.parent_k)`.
        recipe: how to train.
        folder: where checkpoints go; it is the caller's to remove.
        progress: is told of every ten steps, and may ask to stop.
        init: weights to start from, such as `detector.state_dict()` of an earlier model; by default random ones.

    Raises:
        EmptyDataset: the source holds no samples.
        BadInput: the tables are for other classes, `init` does not fit, or the loss is no number any more.
        Conflict: the folder holds the checkpoint of another training.
        Interrupted: it was asked to stop; the checkpoint is kept.
        StorageFull: a checkpoint could not be written.
    """
    with computing(recipe) as device:
        plan = _plan(config, recipe)
        tables = mask_tables(_fitting(bank, config), recipe.masking, config.group_k).to(device)
        model = _start(config, recipe, init).to(device)
        average = Average(model, recipe.ema)
        optimizer = Muon(model, recipe.learning_rate, recipe.weight_decay, orthogonal=recipe.optimizer == "muon")
        state = State(model, average.model, optimizer, 0, _fresh_facts(config))
        load_checkpoint(folder, state, plan)
        loader = _loader(source, recipe)

        for batch in loader.stream(state.step, recipe.steps):
            began = time.perf_counter()
            rate = set_rate(state.optimizer, recipe, state.step)
            sums = learn(model, state.optimizer, batch.to(device), tables, recipe, state.step)
            average.update(model, state.step)
            state.step += 1
            _note(state, sums, batch, tables, recipe, rate, began, loader)
            if state.step % TELL_EVERY == 0:
                _tell(progress, state, recipe)
            if progress.stopping() or (recipe.save_every and state.step % recipe.save_every == 0):
                save_checkpoint(folder, state, plan)
            check(progress)
    return TrainedDetector(average.model.cpu().eval(), recipe, _record(state, config, recipe))


def learn(
    model: Detector,
    optimizer: torch.optim.Optimizer,
    batch: Batch,
    tables: MaskTables,
    recipe: DetectorRecipe,
    step: int,
) -> LossSums:
    """One step: forward, masked loss, backward, update. Raises BadInput when the loss is no number."""
    device = batch.images_bhwc.device.type
    with torch.autocast(device, torch.bfloat16, enabled=recipe.precision == "bfloat16" and device == "cuda"):
        outputs = model(batch.images_bhwc)
    sums = model.head.loss(outputs, batch, tables)
    loss = sums.mean(recipe.box_gain)
    if not math.isfinite(loss.item()):
        raise BadInput(
            f"The loss is no number any more at step {step}: the training diverged.",
            hint=f"Lower the learning rate (now {recipe.learning_rate:g}), or look for damaged images and boxes.",
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
    optimizer.step()
    return sums


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


def _plan(config: DetectorConfig, recipe: DetectorRecipe) -> dict[str, Any]:
    """What two parts of one run must have in common, as it reads back from JSON."""
    kept = {name: value for name, value in recipe.to_dict().items() if name not in FREE}
    plan: dict[str, Any] = json.loads(json.dumps({"config": config.to_dict(), "recipe": kept}))
    return plan


def _fitting(bank: TableBank, config: DetectorConfig) -> TableBank:
    if bank.covered_tk.shape[1] != len(config.classes):
        raise BadInput(
            f"The tables are for {bank.covered_tk.shape[1]} classes, the detector has {len(config.classes)}.",
            hint="Make both from one version of the super-taxonomy.",
        )
    return bank


def _start(config: DetectorConfig, recipe: DetectorRecipe, init: dict[str, Tensor] | None) -> Detector:
    model = Detector(config).train()
    if init is not None:
        try:
            model.load_state_dict(init)
        except RuntimeError as error:
            raise BadInput(f"The weights to start from do not fit the detector: {error}") from error
    return model


def _loader(source: SampleSource, recipe: DetectorRecipe) -> Loader:
    zoom = max(1.0, recipe.augmentation.zoom[1])
    room = (recipe.canvas[0] * zoom, recipe.canvas[1] * zoom)
    return Loader(
        Cached(source, room, recipe.cache_mb),
        batch=recipe.batch,
        canvas=recipe.canvas,
        augmentation=recipe.augmentation,
        seed=recipe.seed,
        workers=recipe.workers,
    )


def _fresh_facts(config: DetectorConfig) -> dict[str, Any]:
    names = ("step", "loss", "classification", "box", "learning_rate")
    return {
        "curves": {name: [] for name in names},
        "sums": [0.0, 0.0, 0.0],
        "taught": [0.0] * len(config.classes),
        "seconds": 0.0,
        "waiting": 0.0,
    }


def _note(
    state: State,
    sums: LossSums,
    batch: Batch,
    tables: MaskTables,
    recipe: DetectorRecipe,
    rate: float,
    began: float,
    loader: Loader,
) -> None:
    """Add a step to the record."""
    facts = state.facts
    step_sums = (sums.classification.item(), sums.box.item(), sums.assigned.item())
    facts["sums"] = [old + new for old, new in zip(facts["sums"], step_sums, strict=True)]
    taxonomy_n = batch.taxonomy_b[batch.image_n]
    rows_nk = tables.target_trk.cpu()[taxonomy_n, batch.labels_n.clamp(min=0)]
    drawn_n = (batch.labels_n >= 0) & ~tables.ignored_tl.cpu()[taxonomy_n, batch.labels_n.clamp(min=0)]
    taught_k = (rows_nk * drawn_n[:, None]).sum(0).tolist()
    facts["taught"] = [old + new for old, new in zip(facts["taught"], taught_k, strict=True)]
    facts["waiting"] += loader.waited
    facts["seconds"] += time.perf_counter() - began + loader.waited
    loader.waited = 0.0
    if state.step % TELL_EVERY == 0:
        heat, box, assigned = facts["sums"]
        assigned = max(1.0, assigned)
        point = (state.step, heat / assigned + recipe.box_gain * box / assigned, heat / assigned, box / assigned, rate)
        for name, value in zip(facts["curves"], point, strict=True):
            facts["curves"][name].append(value)
        facts["sums"] = [0.0, 0.0, 0.0]


def _tell(progress: Progress, state: State, recipe: DetectorRecipe) -> None:
    curves = state.facts["curves"]
    numbers = {name: values[-1] for name, values in curves.items()}
    progress.tell(state.step / recipe.steps, f"step {state.step} of {recipe.steps}", **numbers)


def _record(state: State, config: DetectorConfig, recipe: DetectorRecipe) -> TrainingRecord:
    facts = state.facts
    taught = dict(zip(config.classes, facts["taught"], strict=True))
    return TrainingRecord(
        curves=facts["curves"],
        taught=taught,
        warnings=[
            f"No sample taught the class '{name}': what the model says of it means nothing."
            for name, count in taught.items()
            if count == 0
        ],
        seconds=facts["seconds"],
        waiting=facts["waiting"],
        parameters=sum(each.numel() for each in state.model.parameters()),
        images=state.step * recipe.batch,
    )
