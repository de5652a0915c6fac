"""Text models that only answer: any file that a model saved, without torch.

The layers of a network are few and small, so that NumPy computes them as fast as torch would.
Legend: n texts, k classes, m members, i and o inputs and outputs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit

from sabbatical.core.errors import BadFile
from sabbatical.learning.text import store
from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.embedding import Embedding
from sabbatical.learning.text.features import TextFeatures
from sabbatical.learning.text.joined import JoinedModel
from sabbatical.learning.text.linear import LinearModel
from sabbatical.learning.text.rules import RuleModel
from sabbatical.learning.text.texts import Floats

HALF = np.float32(0.5)
ROOT_HALF = np.float32(np.sqrt(0.5))


class Answering(Protocol):
    """A model that can be asked, and nothing else."""

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the probability of each class."""


class AnsweringNetwork:
    """The network of `NetworkModel`, its layers as arrays: `weight_mio` and `bias_m1o` by the name of the layer."""

    def __init__(self, features: TextFeatures, embedding: Embedding, layers: Mapping[str, NDArray[Any]]) -> None:
        self.tree = features.matcher.tree
        self.features = features
        self.embedding = embedding
        self.layers = layers

    @classmethod
    def restore(cls, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> AnsweringNetwork:
        """The network that `NetworkModel.save` wrote."""
        features = TextFeatures.restore(document["features"], tensors)
        layers = {key.removeprefix("network."): value for key, value in tensors.items() if key.startswith("network.")}
        return cls(features, Embedding.restore(tensors, features.ngrams), layers)

    def chances(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the chance of each class given its parent, the mean of all members."""
        names_nk = self.features.names(texts)
        embedded_nd = self.embedding.of_length(self.features.matrix(texts))
        hidden = _gelu(self._layer("first", np.concatenate([embedded_nd, names_nk], axis=1)))
        hidden = _gelu(self._layer("second", hidden))
        logits_mnk = self._layer("last", hidden) + self._layer("names", names_nk)
        chance_nk: Floats = expit(logits_mnk).mean(axis=0, dtype=np.float32)
        return chance_nk

    def predict(self, texts: Sequence[str]) -> Floats:
        return self.tree.probabilities(self.chances(texts))

    def _layer(self, name: str, inputs: Floats) -> Floats:
        """[n,i] or [m,n,i] to [m,n,o]."""
        outputs: Floats = inputs @ self.layers[f"{name}.weight_mio"] + self.layers[f"{name}.bias_m1o"]
        return outputs


class AnsweringMean:
    """The mean of `MeanModel`."""

    def __init__(self, linear: LinearModel, network: AnsweringNetwork) -> None:
        self.tree: ClassTree = linear.tree
        self.linear = linear
        self.network = network

    def chances(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the chance of each class given its parent."""
        chance_nk: Floats = HALF * (self.linear.chances(texts) + self.network.chances(texts))
        return chance_nk

    def predict(self, texts: Sequence[str]) -> Floats:
        return self.tree.probabilities(self.chances(texts))


def load(path: Path) -> Answering:
    """The model in a file that any text model saved; torch is not loaded.

    Raises:
        NotFound: there is no such file.
        BadFile: it is damaged, or holds no text model.
    """
    kind, document, tensors = store.read(path)
    if kind == JoinedModel.kind:
        return JoinedModel.read(document, tensors, _restore)
    return _restore(kind, document, tensors, where=str(path))


def _restore(
    kind: str, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]], where: str | None = None
) -> Answering:
    if kind == "rules":
        return RuleModel.restore(document, tensors)
    if kind == "linear":
        return LinearModel.restore(document, tensors)
    if kind == "network":
        return AnsweringNetwork.restore(document, tensors)
    if kind == "mean":
        parts = {name: store.beneath(name, tensors) for name in ("linear", "network")}
        linear = LinearModel.restore(document["linear"], parts["linear"])
        return AnsweringMean(linear, AnsweringNetwork.restore(document["network"], parts["network"]))
    raise BadFile(f"It holds a model of the unknown kind '{kind}'.", where=where)


def _gelu(x: Floats) -> Floats:
    """x times the share of a normal distribution beneath it (Hendrycks and Gimpel, arXiv 1606.08415)."""
    result: Floats = HALF * x * (1 + erf(x * ROOT_HALF))
    return result
