"""The figures of a classifier of items (texts), on trees as on flat sets of classes.

A guess speaks for a class and all its ancestors, and so does a label; they are compared class by class, wherever the
label can tell. On a flat set these are the usual precision, recall, F1 and accuracy.

Source: Kiritchenko et al., Learning and evaluation in the presence of class hierarchies, Canadian AI 2006 (ancestors on
both sides).

Shapes: i items, k classes, b resamples (row 0 whole data), u units.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sabbatical.core.errors import BadInput
from sabbatical.metrics.columns import Bools, Floats, Ints
from sabbatical.metrics.figures import Figures, mean_over_classes, over, rates
from sabbatical.metrics.resampling import Resamples
from sabbatical.metrics.tree import checked_closure, deepest, rolled_up

LEAST_PROBABILITY = 1e-15
LEAD = ("accuracy", "f1")


@dataclass(frozen=True)
class Answers:
    """A model's answers beside the labels.

    `score_ik`: probabilities of each class (an inner class holds those of its children). `guess_i`: the class answered.
    `target_ik`: the label's class and its ancestors. `known_ik`: 0 where the label is too coarse, or its taxonomy too
    narrow, to tell. `closure_kk`: each class and its ancestors.
    """

    score_ik: Floats
    guess_i: Ints
    target_ik: Bools
    known_ik: Bools
    closure_kk: Bools

    @classmethod
    def of(
        cls,
        score: object,
        target: object,
        known: object | None = None,
        *,
        guess: object | None = None,
        closure: object | None = None,
    ) -> Answers:
        """Check and complete the columns. Without `guess`, the answer is the likeliest class that has no children.

        Raises `BadInput` for shapes that differ, scores that are no numbers, or a guess outside the classes.
        """
        score_ik, target_ik = np.asarray(score, np.float64), np.asarray(target, bool)
        if score_ik.ndim != 2 or score_ik.shape != target_ik.shape:
            raise BadInput(f"scores {score_ik.shape} and targets {target_ik.shape} differ in shape", where="answers")
        known_ik = np.ones_like(target_ik) if known is None else np.asarray(known, bool)
        if known_ik.shape != target_ik.shape:
            raise BadInput(f"known {known_ik.shape} and targets {target_ik.shape} differ in shape", where="answers")
        bad = np.argwhere(~np.isfinite(score_ik))
        if len(bad):
            raise BadInput(f"the score of item {bad[0][0]} is not a finite number", where="answers.score")
        classes = score_ik.shape[1]
        closure_kk = checked_closure(closure, classes)
        inner_k = closure_kk.sum(axis=0) > 1
        likeliest = np.where(inner_k, -np.inf, score_ik).argmax(axis=1) if classes else np.zeros(0, np.int64)
        guess_i = likeliest if guess is None else np.asarray(guess, np.int64).reshape(-1)
        if len(guess_i) != len(score_ik) or (len(guess_i) and not 0 <= guess_i.min() <= guess_i.max() < classes):
            raise BadInput(f"there must be one guess in 0..{classes - 1} for each item", where="answers.guess")
        return cls(score_ik, guess_i, target_ik, known_ik | target_ik, closure_kk)

    @property
    def said_ik(self) -> Bools:
        """The guess and its ancestors."""
        return self.closure_kk[self.guess_i]

    @property
    def label_i(self) -> Ints:
        """The class of the label, -1 for an item without one."""
        return deepest(self.target_ik, self.closure_kk)

    @property
    def judged_i(self) -> Bools:
        """Items with a label, whose guess that label can judge in part at least."""
        told_ik, labeled_i = self.said_ik & self.known_ik, self.label_i >= 0
        judged_i: Bools = labeled_i & told_ik.any(axis=1)
        return judged_i

    @property
    def right_i(self) -> Bools:
        """What was said agrees with the label wherever the label can tell."""
        differs_i: Bools = ((self.said_ik != self.target_ik) & self.known_ik).any(axis=1)
        return self.judged_i & ~differs_i

    @property
    def confidence_i(self) -> Floats:
        """The score of the guess."""
        return self.score_ik[np.arange(len(self.guess_i)), self.guess_i]

    @property
    def loss_i(self) -> Floats:
        """Negative logarithm of the score of the label's class; NaN without a label."""
        label_i = self.label_i
        score_i = self.score_ik[np.arange(len(label_i)), label_i]
        return np.where(label_i >= 0, -np.log(np.clip(score_i, LEAST_PROBABILITY, 1.0)), np.nan)

    def pairs(self) -> tuple[Ints, Ints]:
        """Class of the label and of the guess (as far as the label can tell) of the judged items, for a confusion."""
        judged = np.flatnonzero(self.judged_i)
        told = rolled_up(self.guess_i[judged], self.known_ik[judged], self.closure_kk)
        return self.label_i[judged], told


def classification_figures(
    answers: Answers, resamples: Resamples, mask_i: Bools | None = None, least: int = 1
) -> Figures:
    """Accuracy, log loss, and precision, recall and F1 by class and in macro, micro and weighted means.

    `mask_i` restricts to a part of the items; classes with fewer than `least` truths do not enter macro means.
    """
    judged_i = answers.judged_i if mask_i is None else answers.judged_i & mask_i
    counts_ik = judged_i[:, None] & answers.known_ik
    said_ik, target_ik = answers.said_ik & counts_ik, answers.target_ik & counts_ik
    truths_bk = _weighed(target_ik, resamples)
    guessed_bk = _weighed(said_ik, resamples)
    right_bk = _weighed(said_ik & target_ik, resamples)
    by_class = rates(right_bk, guessed_bk, truths_bk)
    items_b = _weighed(judged_i[:, None], resamples)[:, 0]
    losses_i = np.where(judged_i, np.nan_to_num(answers.loss_i), 0.0)
    share_bk = over(truths_bk, truths_bk.sum(axis=1, keepdims=True))
    mean_k = truths_bk[0] >= least
    overall = {
        "accuracy": over(_weighed((answers.right_i & judged_i)[:, None], resamples)[:, 0], items_b),
        "f1": mean_over_classes(by_class["f1"], mean_k),
        "f1_micro": over(2 * right_bk.sum(axis=1), (guessed_bk + truths_bk).sum(axis=1)),
        "f1_weighted": (share_bk * np.nan_to_num(by_class["f1"])).sum(axis=1),
        "recall": mean_over_classes(by_class["recall"], mean_k),
        "precision": mean_over_classes(by_class["precision"], mean_k),
        "log_loss": over(_weighed(losses_i[:, None], resamples)[:, 0], items_b),
    }
    truths_k = truths_bk[0]
    return Figures(
        overall=overall,
        by_class=by_class,
        n=int(judged_i.sum()),
        n_k=truths_k.astype(np.int64),
        mean_k=mean_k,
        images=int(judged_i.sum()),
        units=len(np.unique(resamples.unit_i[judged_i])),
        lead=LEAD,
        trials={name: float(items_b[0]) for name in overall if name != "log_loss"},
        trials_by_class={"recall": truths_k, "f1": truths_k, "precision": guessed_bk[0]},
    )


def _weighed(values_ik: Bools | Floats, resamples: Resamples) -> Floats:
    """Sums over items in every resample; b x k."""
    table_uk = np.zeros((resamples.units, values_ik.shape[1]))
    np.add.at(table_uk, resamples.unit_i, values_ik)
    width = max(1, resamples.units)
    return np.concatenate([weights_bu.astype(np.float64) @ table_uk for weights_bu in resamples.blocks(width)])
