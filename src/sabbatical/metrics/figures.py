"""The figures of one model on one part of the data, whatever the task, each with its resamples.

Slices, intervals, comparisons and sentences work on these alone, and so serve boxes and texts alike.

Shapes: b resamples (row 0 whole data), k classes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sabbatical.metrics.columns import Bools, Floats, Ints
from sabbatical.metrics.resampling import LEAST_UNITS, Span, bootstrap_interval, proportion_interval

PROPORTIONS = frozenset({"recall", "precision", "accuracy"})
UNBOUNDED = frozenset({"log_loss"})


@dataclass(frozen=True)
class Figures:
    """`overall` by name, shape b; `by_class` by name, shape b x k; NaN where nothing could be judged.

    `n` truths in all, `n_k` of each class (a truth counts for its class and the ancestors of it); `images` that judge
    something, `units` they belong to. `trials` and `trials_by_class` say out of how many a proportion was counted.
    `mean_k` marks the classes that enter means, `lead` names the figure that stands for all (overall, by class).
    """

    overall: dict[str, Floats]
    by_class: dict[str, Floats]
    n: int
    n_k: Ints
    mean_k: Bools
    images: int
    units: int
    lead: tuple[str, str]
    trials: dict[str, float] = field(default_factory=dict)
    trials_by_class: dict[str, Floats] = field(default_factory=dict)

    def value(self, name: str) -> float | None:
        return _known(self.overall[name][0])

    def class_value(self, name: str, k: int) -> float | None:
        return _known(self.by_class[name][0, k])

    def interval(self, name: str) -> Span | None:
        """95 % interval of an overall figure; None with too few units to resample."""
        return self._interval(name, self.overall[name], self.trials.get(name))

    def class_interval(self, name: str, k: int) -> Span | None:
        """95 % interval of a figure of class k; None with too few units to resample."""
        trials_k = self.trials_by_class.get(name)
        return self._interval(name, self.by_class[name][:, k], None if trials_k is None else float(trials_k[k]))

    def intervals(self) -> dict[str, Span]:
        found = {name: self.interval(name) for name in self.overall}
        return {name: span for name, span in found.items() if span}

    def class_intervals(self, k: int) -> dict[str, Span]:
        found = {name: self.class_interval(name, k) for name in self.by_class}
        return {name: span for name, span in found.items() if span}

    def _interval(self, name: str, values_b: Floats, trials: float | None) -> Span | None:
        if self.units < LEAST_UNITS or np.isnan(values_b[0]):
            return None
        span = bootstrap_interval(values_b)
        collapsed = span is not None and span[0] == span[1]
        if trials and (collapsed or name in PROPORTIONS):
            span = proportion_interval(values_b, trials)
        elif collapsed:
            return None
        return span and self._inside(name, span)

    @staticmethod
    def _inside(name: str, span: Span) -> Span:
        return span if name in UNBOUNDED else (max(0.0, span[0]), min(1.0, span[1]))


def mean_over_classes(values_bk: Floats, mean_k: Bools) -> Floats:
    """Mean of those of the classes `mean_k` that are known in each resample; shape b, NaN where none is."""
    known_bk = ~np.isnan(values_bk) & mean_k
    count_b = known_bk.sum(axis=1)
    total_b = np.where(known_bk, values_bk, 0.0).sum(axis=1)
    return over(total_b, count_b)


def over(part: Floats, whole: Floats | Ints) -> Floats:
    """`part / whole`, NaN where there is no whole."""
    share: Floats = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
    return share


def rates(tp_bk: Floats, guessed_bk: Floats, truths_bk: Floats) -> dict[str, Floats]:
    """Recall, precision and F1 by class from counts; a class without truths has none of them."""
    judged_bk = np.where(truths_bk > 0, truths_bk, 0)
    return {
        "recall": over(tp_bk, truths_bk),
        "precision": np.where(judged_bk > 0, over(tp_bk, guessed_bk), np.nan),
        "f1": np.where(judged_bk > 0, over(2 * tp_bk, guessed_bk + truths_bk), np.nan),
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
