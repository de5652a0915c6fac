"""The mean of the linear model and the network: they err on different texts.

Chances of each class given its parent are averaged, so what holds of the tree holds of the mean.
Legend: n texts, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from sabbatical.core.progress import Part, Progress, Quiet
from sabbatical.learning.text import store
from sabbatical.learning.text.linear import LinearModel
from sabbatical.learning.text.network import NetworkModel
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.targets import Targets
from sabbatical.learning.text.texts import Floats, TextColumns

QUIET = Quiet()


class MeanModel:
    """A linear model and a network of the same texts; see `fit`."""

    kind = "mean"

    def __init__(self, linear: LinearModel, network: NetworkModel) -> None:
        self.tree = linear.tree
        self.linear = linear
        self.network = network

    @property
    def classes(self) -> tuple[str, ...]:
        return self.tree.names

    @classmethod
    def fit(
        cls,
        recipe: TextRecipe,
        columns: TextColumns,
        targets: Targets,
        progress: Progress = QUIET,
        checkpoint: Path | None = None,
    ) -> MeanModel:
        """Learn both from the same texts; the same input gives the same model.

        Raises:
            EmptyDataset: no text has a label or a word to learn from.
            Interrupted: `progress` asked to stop; the network's checkpoint is up to date.
            Conflict: the folder holds the checkpoint of another training.
        """
        linear = LinearModel.fit(recipe, columns, targets, Part(progress, 0.0, 0.3))
        network = NetworkModel.fit(recipe, columns, targets, Part(progress, 0.3, 1.0), checkpoint)
        return cls(linear, network)

    def chances(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the chance of each class given its parent."""
        chance_nk: Floats = 0.5 * (self.linear.chances(texts) + self.network.chances(texts))
        return chance_nk

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the probability of each class."""
        return self.tree.probabilities(self.chances(texts))

    def save(self, path: Path) -> None:
        """Write the whole model to one file."""
        store.write(path, self.kind, self.to_document(), self.tensors())

    def to_document(self) -> dict[str, Any]:
        return {"linear": self.linear.to_document(), "network": self.network.to_document()}

    def tensors(self) -> dict[str, NDArray[Any]]:
        parts = {"linear": self.linear.tensors(), "network": self.network.tensors()}
        return {f"{name}/{key}": value for name, tensors in parts.items() for key, value in tensors.items()}

    @classmethod
    def restore(cls, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> MeanModel:
        """The model that `save` wrote."""
        return cls(
            LinearModel.restore(document["linear"], store.beneath("linear", tensors)),
            NetworkModel.restore(document["network"], store.beneath("network", tensors)),
        )
