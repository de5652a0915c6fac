"""How a training went: curves, what taught which class, seconds; kept as plain values, so that a checkpoint holds it.

Legend: k classes; n boxes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import nn

from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.loader import Batch
from sabbatical.learning.losses import LossSums
from sabbatical.learning.masking import MaskTables
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.taught import untaught

WORSE = 2.0
TELL_EVERY = 10
"""Steps that one point of the curves stands for."""
CURVES = ("step", "loss", "classification", "box", "learning_rate")


@dataclass
class TrainingRecord:
    """How a training went; plain values, ready for JSON.

    Attributes:
        curves: means over ten steps: "step", "loss", "classification", "box", "learning_rate".
        taught: for each class, how many objects taught it, drawn or completed.
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


class Recorder:
    """Adds up what a training does; `facts` is everything it knows, and the same object all along."""

    def __init__(self, config: DetectorConfig, recipe: DetectorRecipe, tables: MaskTables) -> None:
        self.classes = config.classes
        self.class_c = config.class_c or tuple(range(len(config.classes)))
        self.recipe = recipe
        self.follow(tables)
        self.facts: dict[str, Any] = {
            "curves": {name: [] for name in CURVES},
            "sums": [0.0, 0.0, 0.0],
            "taught": [0.0] * len(config.classes),
            "seconds": 0.0,
            "waiting": 0.0,
            "epochs": [],
        }

    def follow(self, tables: MaskTables) -> None:
        """Count by these tables from now on."""
        self.target_trk = tables.target_trk.cpu()
        self.ignored_tl = tables.ignored_tl.cpu()

    def note(self, step: int, sums: LossSums, batch: Batch, rate: float, seconds: float, waited: float) -> None:
        """Add the step that was done as number `step` (from 1), on a batch that is still on the CPU."""
        facts = self.facts
        parts = (sums.classification.item(), sums.box.item(), sums.assigned.item())
        facts["sums"] = [old + new for old, new in zip(facts["sums"], parts, strict=True)]
        taxonomy_n, labels_n = batch.taxonomy_b[batch.image_n], batch.labels_n.clamp(min=0)
        drawn_n = (batch.labels_n >= 0) & ~self.ignored_tl[taxonomy_n, labels_n]
        taught_c = (self.target_trk[taxonomy_n, labels_n] * drawn_n[:, None]).sum(0).tolist()
        for k, new in zip(self.class_c, taught_c, strict=True):
            facts["taught"][k] += new
        facts["waiting"] += waited
        facts["seconds"] += seconds + waited
        if step % TELL_EVERY == 0:
            self._point(step, rate)

    def _point(self, step: int, rate: float) -> None:
        heat, box, assigned = self.facts["sums"]
        heat, box = heat / max(1.0, assigned), box / max(1.0, assigned)
        for name, value in zip(CURVES, (step, heat + self.recipe.box_gain * box, heat, box, rate), strict=True):
            self.facts["curves"][name].append(value)
        self.facts["sums"] = [0.0, 0.0, 0.0]

    def latest(self) -> dict[str, float]:
        """The last point of every curve."""
        return {name: values[-1] for name, values in self.facts["curves"].items()}

    def record(self, step: int, model: nn.Module) -> TrainingRecord:
        """The record of a training that ended after `step` steps."""
        taught = dict(zip(self.classes, self.facts["taught"], strict=True))
        return TrainingRecord(
            curves=self.facts["curves"],
            taught=taught,
            warnings=[*untaught(taught), *self._worse()],
            seconds=self.facts["seconds"],
            waiting=self.facts["waiting"],
            parameters=sum(each.numel() for each in model.parameters()),
            images=step * self.recipe.batch,
        )

    def _worse(self) -> list[str]:
        """That the loss rose instead of falling: what was made is a number, and knows nothing."""
        losses = self.facts["curves"]["loss"]
        if len(losses) < 2 or losses[-1] <= WORSE * losses[0]:
            return []
        told = f"The loss rose from {losses[0]:.3g} to {losses[-1]:.3g}"
        return [f"{told}: the model has learned nothing. Lower the learning rate (now {self.recipe.learning_rate:g})."]
