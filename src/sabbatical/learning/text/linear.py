"""A linear model on n-grams: one masked logistic regression a class, given its parent.

Legend: n texts, f features, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sabbatical.core.progress import Progress, Quiet, check
from sabbatical.learning.text import store
from sabbatical.learning.text.features import TextFeatures
from sabbatical.learning.text.loss import Doubles, balanced, log_odds, masked_logistic, sigmoid
from sabbatical.learning.text.recipe import LinearRecipe, TextRecipe
from sabbatical.learning.text.targets import TargetTables
from sabbatical.learning.text.texts import Floats, TextColumns

QUIET = Quiet()


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
    def fit(
        cls, recipe: TextRecipe, columns: TextColumns, targets: TargetTables, progress: Progress = QUIET
    ) -> LinearModel:
        """Learn from texts of any taxonomies; the same input gives the same model.

        Raises:
            EmptyDataset: no text has a label or a word to learn from.
            Interrupted: `progress` asked to stop.
        """
        target_nk, mask_nk = targets.rows(columns)
        features = TextFeatures.fit(recipe.features, columns.texts, targets)
        progress.tell(0.2, f"Counted {features.ngrams:,} n-grams in {len(columns):,} texts.")
        weight_fk, bias_k = _solve(
            recipe.linear,
            features.both(columns.texts),
            target_nk,
            balanced(target_nk, mask_nk, recipe.linear.balance),
            start_k=log_odds(targets.tree.even_chance()),
            progress=progress,
        )
        return cls(features, weight_fk, bias_k)

    def chances(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the chance of each class given its parent."""
        return sigmoid(self.features.both(texts) @ self.weight_fk + self.bias_k).astype(np.float32)

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
    """Weights float32[f,k] and biases float32[k] of the least penalised loss, by L-BFGS (Liu and Nocedal 1989).

    Biases begin at `start_k`, and stay there for classes of which nothing is known.
    """
    f, k = matrix_nf.shape[1], target_nk.shape[1]
    transposed_fn = matrix_nf.T.tocsr()
    done = 0

    def objective(flat: Doubles) -> tuple[float, Doubles]:
        weight_fk, bias_k = flat[: f * k].reshape(f, k), flat[f * k :]
        loss, slope_nk = masked_logistic(matrix_nf @ weight_fk + bias_k, target_nk, weight_nk)
        slope_fk = weight_fk + recipe.fit * (transposed_fn @ slope_nk)
        value = 0.5 * float((weight_fk**2).sum()) + recipe.fit * loss
        return value, np.concatenate([slope_fk.ravel(), recipe.fit * slope_nk.sum(axis=0)])

    def after_step(_: Doubles) -> None:
        nonlocal done
        done += 1
        check(progress)
        progress.tell(0.2 + 0.8 * min(done / recipe.steps, 1.0), f"Step {done} of at most {recipe.steps}.")

    options = {"maxiter": recipe.steps, "ftol": 1e-9, "gtol": 1e-6}
    start = np.concatenate([np.zeros(f * k), start_k])
    found = minimize(objective, start, jac=True, method="L-BFGS-B", callback=after_step, options=options).x
    return found[: f * k].reshape(f, k).astype(np.float32), found[f * k :].astype(np.float32)
