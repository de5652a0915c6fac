"""A small network: latent semantic embedding of n-grams, names of classes, and two hidden layers, with masked loss.

The embedding of all texts, also of those without a label, stays fixed, the layers above it learn. Names of classes
reach the output directly. Several members of different starts learn side by side, and their chances are averaged. Every
random choice of an epoch follows from the seed and the number of the epoch, so that a training that was stopped goes on
to the same result.
Legend: n texts, r of them that span the embedding, b batch, f n-grams, d dimensions of the embedding, k classes,
m members, i and o inputs and outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sabbatical.core.ids import content_id_of_chunks, document_id
from sabbatical.core.progress import Part, Progress, Quiet
from sabbatical.learning.text import store
from sabbatical.learning.text.embedding import Embedding
from sabbatical.learning.text.epochs import run_epochs
from sabbatical.learning.text.features import TextFeatures
from sabbatical.learning.text.layers import Network
from sabbatical.learning.text.loss import balanced, log_odds
from sabbatical.learning.text.recipe import NetworkRecipe, TextRecipe
from sabbatical.learning.text.targets import Targets
from sabbatical.learning.text.texts import Floats, TextColumns

QUIET = Quiet()


class NetworkModel:
    """Features, their embedding, and the layers above; see `fit`."""

    kind = "network"

    def __init__(self, recipe: NetworkRecipe, features: TextFeatures, embedding: Embedding, network: Network) -> None:
        self.recipe = recipe
        self.tree = features.matcher.tree
        self.features = features
        self.embedding = embedding
        self.network = network.eval()

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
    ) -> NetworkModel:
        """Learn from texts of any taxonomies; the same input gives the same model.

        With a `checkpoint` folder, a training that was stopped goes on where it stood, to the same result.

        Raises:
            EmptyDataset: no text has a label or a word to learn from.
            Interrupted: `progress` asked to stop; the checkpoint is up to date.
            Conflict: the folder holds the checkpoint of another training.
            Diverged: the loss or a weight is no number any more; the last checkpoint before is kept.
        """
        target_nk, mask_nk = targets.rows(columns)
        features = TextFeatures.fit(recipe.features, columns.texts, targets)
        progress.tell(0.05, f"Counted {features.ngrams:,} n-grams in {len(columns):,} texts.")
        embedding = Embedding.fit(features.matrix(columns.texts), recipe.network.embedding, recipe.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            network = Network(recipe.network, len(embedding), len(targets.tree))
            network.last.bias_m1o.data[:] = torch.from_numpy(log_odds(targets.tree.even_chance())).float()
            model = cls(recipe.network, features, embedding, network)
            used = np.flatnonzero(mask_nk.any(axis=1))
            weight_nk = balanced(target_nk, mask_nk, recipe.network.balance)[used]
            rows = (*model._inputs(columns.take(used).texts), *map(torch.from_numpy, (target_nk[used], weight_nk)))
            if recipe.recalibrate:
                rows = (*rows, torch.from_numpy(targets.doubtful(columns)[used]))
            plan = {"recipe": document_id(recipe.to_dict()), "data": _fingerprint(columns)}
            run_epochs(network, rows, recipe, Part(progress, 0.2, 1.0), checkpoint, plan)
        return model

    def chances(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the chance of each class given its parent."""
        with torch.inference_mode():
            chance_nk: Floats = self.network(*self._inputs(texts)).sigmoid().mean(dim=0).numpy()
        return chance_nk

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the probability of each class."""
        return self.tree.probabilities(self.chances(texts))

    def _inputs(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        embedded_nd = self.embedding.of_length(self.features.matrix(texts))
        return torch.from_numpy(embedded_nd), torch.from_numpy(self.features.names(texts))

    def save(self, path: Path) -> None:
        """Write the whole model to one file."""
        store.write(path, self.kind, self.to_document(), self.tensors())

    def to_document(self) -> dict[str, Any]:
        return {"features": self.features.to_document(), "network": vars(self.recipe)}

    def tensors(self) -> dict[str, NDArray[Any]]:
        layers = {f"network.{name}": value.numpy() for name, value in self.network.state_dict().items()}
        return {**self.embedding.tensors(), **layers, **self.features.tensors()}

    @classmethod
    def restore(cls, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> NetworkModel:
        """The model that `save` wrote."""
        features = TextFeatures.restore(document["features"], tensors)
        recipe = NetworkRecipe(**document["network"])
        embedding = Embedding.restore(tensors, features.ngrams)
        network = Network(recipe, len(embedding), len(features.matcher.tree))
        own = {name: value for name, value in tensors.items() if name.startswith("network.")}
        network.load_state_dict({name.removeprefix("network."): torch.from_numpy(own[name]) for name in own})
        return cls(recipe, features, embedding, network)


def _fingerprint(columns: TextColumns) -> str:
    labels = (columns.taxonomy_n.tobytes(), columns.label_n.tobytes())
    return content_id_of_chunks((*(text.encode() + b"\0" for text in columns.texts), *labels))
