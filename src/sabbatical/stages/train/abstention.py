"""When a model should rather ask a person: how much doubt lies in an answer, and from which doubt on it asks.

The doubt of a text is what its likeliest leaf lacks to 1. That of an image is the mean of what each shown object lacks
to 1, with one more object that lacks all of it: an image in which little is found is much in doubt, and one in which
nothing is found wholly. (On the built-in world, with a model of the day, this has a rank correlation of -0.80 with the
F1 of an image; where it asks about 10 % by day, it asks about 77 % by night. How far scores are from their threshold
says less, -0.20 and 23 %, since what is missed at night lies far below.) The cut-off is chosen on validation, where a
model would ask about one item in ten.
Legend: n objects, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.train.runtime import Answer

ASKED = 0.1  # share of the validation items
PLAIN_THRESHOLD = 0.5
PLAIN_CUT = 0.5  # without validation


@dataclass(frozen=True, eq=False)
class Abstention:
    """The doubt of one model: `threshold_k` float64, `leaves` the columns of classes without children."""

    boxes: bool
    threshold_k: NDArray[np.float64]
    leaves: NDArray[np.int64]
    cut: float

    @classmethod
    def of(cls, model: ModelVersion, facts: Mapping[str, Any]) -> Abstention:
        """From a model's thresholds, and the `abstention` among the facts of its artifact, if it has one."""
        thresholds = model.record.get("thresholds", {})
        threshold_k = np.array([thresholds.get(name, PLAIN_THRESHOLD) for name in model.classes])
        chosen = facts.get("abstention", {})
        leaves = np.array(chosen.get("leaves", range(len(model.classes))), np.int64)
        return cls(model.family == "detector", threshold_k, leaves, float(chosen.get("cut", PLAIN_CUT)))

    def sure_n(self, answer: Answer) -> NDArray[np.bool_]:
        """bool[n]: which objects (or classes of a text) reach the threshold of their class."""
        return np.asarray(answer.scores_n >= self.threshold_k[answer.classes_n])

    def doubt(self, answer: Answer) -> float:
        """0..1."""
        if not self.boxes:
            return float(1 - answer.scores_n[self.leaves].max(initial=0.0))
        shown_n = answer.scores_n >= self.threshold_k[answer.classes_n]
        lacking = float((1 - answer.scores_n[shown_n]).sum())
        return (1 + lacking) / (1 + int(shown_n.sum()))


def cut_of(doubts: Sequence[float]) -> float:
    """The doubt that one item in ten goes beyond."""
    return float(np.quantile(doubts, 1 - ASKED, method="higher")) if doubts else PLAIN_CUT
