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
from sabbatical.learning.text.targets import TargetTables
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
        targets: TargetTables,
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

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the probability of each class."""
        chance_nk: Floats = 0.5 * (self.linear.chances(texts) + self.network.chances(texts))
        return self.tree.probabilities(chance_nk)

    def save(self, path: Path) -> None:
        """Write the whole model to one file."""
        parts: dict[str, LinearModel | NetworkModel] = {"linear": self.linear, "network": self.network}
        document = {name: part.to_document() for name, part in parts.items()}
        tensors = {f"{name}/{key}": value for name, part in parts.items() for key, value in part.tensors().items()}
        store.write(path, self.kind, document, tensors)

    @classmethod
    def restore(cls, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> MeanModel:
        """The model that `save` wrote."""
        return cls(
            LinearModel.restore(document["linear"], store.beneath("linear", tensors)),
            NetworkModel.restore(document["network"], store.beneath("network", tensors)),
        )
