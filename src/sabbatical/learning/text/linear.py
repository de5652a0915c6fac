"""A linear model on n-grams: one masked logistic regression a class, given its parent.

Legend: n texts, m of them, f features, c of them, g features and the bias, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import vstack
from sklearn.linear_model import LogisticRegression

from sabbatical.core.progress import Part, Progress, Quiet, check
from sabbatical.learning.text import store
from sabbatical.learning.text.features import TextFeatures
from sabbatical.learning.text.loss import Doubles, balanced, log_odds, sigmoid
from sabbatical.learning.text.offsets import choices, halves, of_unseen, offsets
from sabbatical.learning.text.recalibration import spared
from sabbatical.learning.text.recipe import LinearRecipe, TextRecipe
from sabbatical.learning.text.targets import Bools, Targets
from sabbatical.learning.text.texts import Floats, Ints, TextColumns

QUIET = Quiet()
BIAS_SCALE = 10.0  # the bias is a feature of this size, which hardly penalises it
TOLERANCE = 1e-3


class LinearModel:
    """Weights float32[f,k] over n-grams and names, and biases float32[k]; see `fit`."""

    kind = "linear"

    def __init__(self, features: TextFeatures, weight_fk: Floats, bias_k: Floats) -> None:
        self.tree = features.matcher.tree
        self.features = features
        self.weight_fk = weight_fk
        self.bias_k = bias_k

    @property
    def classes(self) -> tuple[str, ...]:
        return self.tree.names

    @classmethod
    def fit(cls, recipe: TextRecipe, columns: TextColumns, targets: Targets, progress: Progress = QUIET) -> LinearModel:
        """Learn from texts of any taxonomies; the same input gives the same model.

        Raises:
            EmptyDataset: no text has a label or a word to learn from.
            Interrupted: `progress` asked to stop.
        """
        target_nk, mask_nk = targets.rows(columns)
        features = TextFeatures.fit(recipe.features, columns.texts, targets)
        progress.tell(0.2, f"Counted {features.ngrams:,} n-grams in {len(columns):,} texts.")
        matrix_nf, start_k = features.both(columns.texts), log_odds(targets.tree.even_chance())

        def solved(mask_nk: Floats, progress: Progress) -> LinearModel:
            weight_nk = balanced(target_nk, mask_nk, recipe.linear.balance)
            found = _solve(recipe.linear, matrix_nf, target_nk, weight_nk, start_k=start_k, progress=progress)
            return cls(features, *found)

        def logits_of(seen_n: Bools, asked_n: Bools) -> Floats:
            return solved(mask_nk * seen_n[:, None], Part(progress, 0.2, 0.6))._logits(matrix_nf[asked_n])

        if not recipe.recalibrate and not recipe.linear.offsets:
            return solved(mask_nk, Part(progress, 0.2, 1.0))
        unseen_nk = of_unseen(logits_of, halves(columns))
        if recipe.recalibrate:
            mask_nk = spared(mask_nk, sigmoid(unseen_nk), targets.doubtful(columns), recipe.recalibrate)
        model = solved(mask_nk, Part(progress, 0.6, 1.0))
        if recipe.linear.offsets:
            model.bias_k += offsets(unseen_nk, choices(columns, targets.path_tlk), recipe.linear.offsets)
        return model

    def chances(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the chance of each class given its parent."""
        return sigmoid(self._logits(self.features.both(texts))).astype(np.float32)

    def _logits(self, matrix_nf: Any) -> Floats:
        logits_nk: Floats = np.asarray(matrix_nf @ self.weight_fk + self.bias_k, np.float32)
        return logits_nk

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the probability of each class."""
        return self.tree.probabilities(self.chances(texts))

    def save(self, path: Path) -> None:
        """Write the whole model to one file."""
        store.write(path, self.kind, self.to_document(), self.tensors())

    def to_document(self) -> dict[str, Any]:
        return {"features": self.features.to_document()}

    def tensors(self) -> dict[str, NDArray[Any]]:
        return {"weight_fk": self.weight_fk, "bias_k": self.bias_k, **self.features.tensors()}

    @classmethod
    def restore(cls, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> LinearModel:
        """The model that `save` wrote."""
        return cls(TextFeatures.restore(document["features"], tensors), tensors["weight_fk"], tensors["bias_k"])


def _solve(
    recipe: LinearRecipe, matrix_nf: Any, target_nk: Floats, weight_nk: Floats, *, start_k: Doubles, progress: Progress
) -> tuple[Floats, Floats]:
    """Weights float32[f,k] and biases float32[k]; classes do not depend on one another, so each is solved alone."""
    found_gk = np.zeros((matrix_nf.shape[1] + 1, len(start_k)), np.float32)
    learned: dict[bytes, tuple[Any, Ints]] = {}
    for k, start in enumerate(start_k):
        check(progress)
        progress.tell(k / len(start_k), f"Class {k + 1} of {len(start_k)}.")
        known_n = weight_nk[:, k] > 0
        which = np.packbits(known_n).tobytes()  # siblings learn from the same texts
        if which not in learned:
            learned[which] = _used(matrix_nf, known_n)
        rows_mc, column_c = learned[which]
        found = _solve_one(recipe, rows_mc, target_nk[known_n, k], weight_nk[known_n, k], float(start))
        found_gk[column_c, k], found_gk[-1, k] = found[:-1], found[-1]
    progress.tell(1.0, "Solved.")
    return found_gk[:-1], found_gk[-1]


def _used(matrix_nf: Any, known_n: Bools) -> tuple[Any, Ints]:
    """The rows that are known, and of them the columns that are not all zero: the weights of the others stay zero."""
    rows_mf = matrix_nf[np.flatnonzero(known_n)]
    column_c: Ints = np.unique(rows_mf.indices).astype(np.int64)
    return rows_mf[:, column_c], column_c


def _solve_one(recipe: LinearRecipe, rows_mc: Any, target_m: Floats, weight_m: Floats, start: float) -> Doubles:
    """float64[c+1]: weights and bias of the least penalised loss, by a trust-region Newton method.

    LIBLINEAR (Fan et al., JMLR 2008), Newton method of Lin, Weng and Keerthi (JMLR 2008). Where texts show one side
    only, there is nothing to tell apart: the bias is the share of that side, beside one text at `start`.
    """
    soft_m = np.flatnonzero((target_m > 0) & (target_m < 1))  # a soft target is both sides, by its share
    sides, shares = np.append(target_m > 0, np.zeros(len(soft_m), np.bool_)), np.append(target_m, 1 - target_m[soft_m])
    weights = np.append(weight_m, weight_m[soft_m]) * np.where(np.append(target_m, target_m[soft_m]) == 0, 1, shares)
    if sides.all() or not sides.any():
        share = (weight_m @ target_m + sigmoid(np.array(start))) / (weight_m.sum() + 1)
        return np.append(np.zeros(rows_mc.shape[1]), log_odds(np.array(share)))
    found = LogisticRegression(
        C=recipe.fit, solver="liblinear", intercept_scaling=BIAS_SCALE, tol=TOLERANCE, max_iter=recipe.steps
    ).fit(vstack([rows_mc, rows_mc[soft_m]], format="csr") if len(soft_m) else rows_mc, sides, weights)
    return np.append(found.coef_[0], found.intercept_)
