"""When a model should rather ask a person: how much doubt lies in an answer, and from which doubt on it asks.

The doubt of a text is what its likeliest leaf lacks to 1. That of an image is the mean over all it may hold: an object
whose score is the threshold of its class is all doubt, one far above it none, one far below it is not there. The
cut-off is chosen on validation, where a model would ask about one item in ten.
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
UNDER = 0.5  # of the threshold: lower scores are no objects
OVER = 0.3  # of the way from the threshold to 1: higher scores are sure


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
        threshold_n, score_n = self.threshold_k[answer.classes_n], answer.scores_n
        reach_n = np.where(score_n < threshold_n, UNDER * threshold_n, OVER * (1 - threshold_n))
        near_n = 1 - np.abs(score_n - threshold_n) / np.maximum(reach_n, 1e-9)
        there_n = (score_n >= threshold_n) | (near_n > 0)
        return float(np.clip(near_n[there_n], 0, None).mean()) if there_n.any() else 0.0


def cut_of(doubts: Sequence[float]) -> float:
    """The doubt that one item in ten goes beyond."""
    return float(np.quantile(doubts, 1 - ASKED, method="higher")) if doubts else PLAIN_CUT
