"""Score thresholds by class: chosen by F-beta, judged by precision and recall, matched to another model's precision.

Shapes: s scored guesses, by class and falling score; k classes; r recall levels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sabbatical.metrics.average_precision import RECALL_LEVELS
from sabbatical.metrics.columns import Bools, Floats, Ints
from sabbatical.metrics.matching import Matches

PLAIN = 0.5


@dataclass(frozen=True)
class Scored:
    """Guesses that count (detections, or a text's score for a class), right or wrong, and the truths to be found."""

    class_s: Ints
    score_s: Floats
    right_s: Bools
    truths_k: Ints

    @classmethod
    def of_matches(cls, matches: Matches, iou: float = 0.5, area: str = "all") -> Scored:
        a, t = matches.at(iou, area)
        outcome_d = matches.outcomes(a, t)
        counted = np.flatnonzero(outcome_d >= 0)
        return cls(matches.class_d[counted], matches.score_d[counted], outcome_d[counted] == 1, matches.truths(a))

    @classmethod
    def of_table(cls, score_ik: Floats, target_ik: Bools, known_ik: Bools) -> Scored:
        """Every known pair of item and class."""
        item, class_s = np.nonzero(known_ik)
        score_s = score_ik[item, class_s]
        order = np.lexsort((-score_s, class_s))
        truths_k = (target_ik & known_ik).sum(axis=0)
        return cls(class_s[order], score_s[order], target_ik[item, class_s][order], truths_k)

    def curves(self) -> Iterator[tuple[int, ClassCurve]]:
        """The curve of each class that has truths."""
        bounds = np.searchsorted(self.class_s, np.arange(len(self.truths_k) + 1))
        for k in np.flatnonzero(self.truths_k):
            rows = slice(bounds[k], bounds[k + 1])
            yield int(k), ClassCurve.of(self.score_s[rows], self.right_s[rows], int(self.truths_k[k]))


@dataclass(frozen=True)
class ClassCurve:
    """Precision and recall of one class, accepting all guesses of at least each distinct score, which falls."""

    score_s: Floats
    precision_s: Floats
    recall_s: Floats

    @classmethod
    def of(cls, score_s: Floats, right_s: Bools, truths: int) -> ClassCurve:
        last = np.flatnonzero(np.diff(score_s, append=-np.inf))
        tp_s = np.cumsum(right_s)[last]
        return cls(score_s[last], tp_s / (last + 1), tp_s / truths)

    def best(self, beta: float) -> float:
        """The threshold of the best F-beta, halfway to the next lower score; 0.5 without any right guess."""
        if not self.recall_s.any():
            return PLAIN
        bottom = beta**2 * self.precision_s + self.recall_s
        f_s = np.divide((1 + beta**2) * self.precision_s * self.recall_s, bottom, out=bottom * 0, where=bottom > 0)
        at = int(np.argmax(f_s))
        return float((self.score_s[at] + self.score_s[min(at + 1, len(f_s) - 1)]) / 2)

    def at(self, threshold: float) -> tuple[float | None, float]:
        """Precision (None where nothing is accepted) and recall, accepting scores of at least `threshold`."""
        accepted = int(np.searchsorted(-self.score_s, -threshold, "right"))
        if not accepted:
            return None, 0.0
        return float(self.precision_s[accepted - 1]), float(self.recall_s[accepted - 1])

    def recall_at_precision(self, precision: float) -> tuple[float, float | None]:
        """The highest recall at this precision or a better one, and the threshold for it (None if it is never met)."""
        good = np.flatnonzero(self.precision_s >= precision)
        if not len(good):
            return 0.0, None
        return float(self.recall_s[good[-1]]), float(self.score_s[good[-1]])

    def thinned(self) -> tuple[Floats, Floats, Floats]:
        """Recall, best precision at this recall or a higher one, and score, at no more than 101 levels of recall."""
        if not len(self.recall_s):
            return self.recall_s, self.precision_s, self.score_s
        envelope_s = np.maximum.accumulate(self.precision_s[::-1])[::-1]
        levels_r = RECALL_LEVELS[: np.searchsorted(RECALL_LEVELS, self.recall_s[-1], "right")]
        at = np.searchsorted(self.recall_s, levels_r)
        return levels_r, envelope_s[at], self.score_s[at]


def choose_thresholds(scored: Scored, beta: float = 1.0) -> Floats:
    """The threshold of the best F-beta of each class, on validation data; 0.5 for a class without truths; shape k.

    `beta` above 1 favours recall, below 1 precision.
    """
    threshold_k = np.full(len(scored.truths_k), PLAIN)
    for k, curve in scored.curves():
        threshold_k[k] = curve.best(beta)
    return threshold_k


def f_score(precision: float | None, recall: float | None) -> float | None:
    """F1; 0 where nothing right was accepted, None without truths."""
    if recall is None:
        return None
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0
