"""A small network: latent semantic embedding of n-grams, names of classes, and two hidden layers, with masked loss.

The embedding of all texts, also of those without a label, stays fixed, the layers above it learn. Names of classes
reach the output directly. Several members of different starts learn side by side, and their chances are averaged. Every
random choice of an epoch follows from the seed and the number of the epoch, so that a training that was stopped goes on
to the same result.
Legend: n texts, r of them that span the embedding, b batch, f n-grams, d dimensions of the embedding, k classes,
m members, i and o inputs and outputs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, gelu

from sabbatical.core.ids import content_id_of_chunks, document_id
from sabbatical.core.progress import Part, Progress, Quiet, check
from sabbatical.learning.checkpoint import State, load_checkpoint, save_checkpoint
from sabbatical.learning.divergence import check_loss, check_weights
from sabbatical.learning.text import store
from sabbatical.learning.text.embedding import Embedding
from sabbatical.learning.text.features import TextFeatures
from sabbatical.learning.text.loss import balanced, log_odds
from sabbatical.learning.text.recipe import NetworkRecipe, TextRecipe
from sabbatical.learning.text.targets import TargetTables
from sabbatical.learning.text.texts import Floats, TextColumns

QUIET = Quiet()
WARM_UP = 0.1  # share of the steps
SAVE_EVERY = 5  # epochs


class Layer(nn.Module):
    """One linear layer in each of m members: [m,b,i] to [m,b,o]."""

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight_mio = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias_m1o = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, input_mbi: Tensor) -> Tensor:
        return torch.baddbmm(self.bias_m1o, input_mbi, self.weight_mio)


class Network(nn.Module):
    """From an embedded text and its names of classes to the log odds of each class given its parent, by m members."""

    def __init__(self, recipe: NetworkRecipe, d: int, k: int) -> None:
        super().__init__()
        self.members = recipe.members
        self.drop = nn.Dropout(recipe.dropout)
        self.first = Layer(recipe.members, d + k, recipe.hidden)
        self.second = Layer(recipe.members, recipe.hidden, recipe.hidden)
        self.last = Layer(recipe.members, recipe.hidden, k)
        self.names = Layer(recipe.members, k, k)

    def forward(self, embedded_bd: Tensor, names_bk: Tensor) -> Tensor:
        names_mbk = names_bk.expand(self.members, -1, -1)
        embedded_mbd = self.drop(embedded_bd.expand(self.members, -1, -1))
        hidden = gelu(self.first(torch.cat([embedded_mbd, names_mbk], dim=2)))
        hidden = gelu(self.second(self.drop(hidden)))
        logits_mbk: Tensor = self.last(self.drop(hidden)) + self.names(names_mbk)
        return logits_mbk


def masked_loss(logits_mbk: Tensor, target_bk: Tensor, weight_bk: Tensor) -> Tensor:
    """Sum of weighted log losses over everything: a scalar; gradients are exactly zero where the weight is."""
    target_mbk = target_bk.expand_as(logits_mbk)
    return (weight_bk * binary_cross_entropy_with_logits(logits_mbk, target_mbk, reduction="none")).sum()


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
        targets: TargetTables,
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
            plan = {"recipe": document_id(recipe.to_dict()), "data": _fingerprint(columns)}
            _train(network, rows, recipe, Part(progress, 0.2, 1.0), checkpoint, plan)
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


def _train(
    network: Network,
    rows: tuple[Tensor, ...],
    recipe: TextRecipe,
    progress: Progress,
    checkpoint: Path | None,
    plan: dict[str, Any],
) -> None:
    """Run the epochs that are left; `rows` are embedded [n,d], names [n,k], target [n,k] and weight [n,k]."""
    own, n = recipe.network, len(rows[0])
    optimizer = torch.optim.AdamW(network.parameters(), lr=own.rate, weight_decay=own.decay)
    state = State(network, nn.Identity(), optimizer, 0, {})
    if checkpoint is not None:
        load_checkpoint(checkpoint, state, plan)
    steps_an_epoch = math.ceil(n / own.batch)
    network.train()
    for epoch in range(state.step // steps_an_epoch, own.epochs):
        check(progress)
        torch.manual_seed(int(np.random.SeedSequence([recipe.seed, epoch]).generate_state(1)[0]))
        total = 0.0
        for index_b in torch.split(torch.randperm(n), own.batch):
            embedded_bd, names_bk, target_bk, weight_bk = (each[index_b] for each in rows)
            for group in optimizer.param_groups:
                group["lr"] = own.rate * _pace(state.step / (own.epochs * steps_an_epoch))
            loss = masked_loss(network(embedded_bd, names_bk), target_bk, weight_bk) / own.batch
            total += check_loss(loss.item(), state.step, own.rate) * own.batch / own.members
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            state.step += 1
        check_weights((network,), state.step, own.rate)
        if checkpoint is not None and (progress.stopping() or epoch % SAVE_EVERY == SAVE_EVERY - 1):
            save_checkpoint(checkpoint, state, plan)
        progress.tell((epoch + 1) / own.epochs, f"Epoch {epoch + 1} of {own.epochs}.", loss=total / n)
    network.eval()


def _pace(share: float) -> float:
    """The learning rate's share of its height: up in a line, then down in half a cosine."""
    if share < WARM_UP:
        return share / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))
