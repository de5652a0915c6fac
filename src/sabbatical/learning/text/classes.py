"""The classes that a text model speaks of, and how chances combine along their tree.

Models learn the chance of each class *given its parent*; the product along the tree is a probability that never exceeds
the parent's. A flat model (the naive super-dataset) learns every class by itself; a class above is then as likely as
the likeliest class beneath it.
Legend: n texts, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from sabbatical.learning.text.texts import Floats, Ints
from sabbatical.taxonomy import SuperTaxonomy


@dataclass(frozen=True, eq=False)
class ClassTree:
    """`names` of k classes, and `parent_k` int64[k]: the parent's place, -1 for a root; parents stand first."""

    names: tuple[str, ...]
    parent_k: Ints
    flat: bool = False

    @classmethod
    def of(cls, super_taxonomy: SuperTaxonomy, *, flat: bool = False) -> ClassTree:
        return cls(super_taxonomy.names, super_taxonomy.parent_k, flat)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def given_k(self) -> Ints:
        """int64[k]: the class given which the chance of each class is learned, -1 for none."""
        return np.full_like(self.parent_k, -1) if self.flat else self.parent_k

    def siblings(self) -> Floats:
        """float32[k,k]: 1 where two classes are given the same parent; a class is a sibling of itself."""
        result_kk: Floats = (self.given_k[:, None] == self.given_k[None, :]).astype(np.float32)
        return result_kk

    def even_chance(self) -> Floats:
        """float32[k]: what to believe of a class given its parent before any text: one over the number of siblings."""
        result_k: Floats = (1.0 / np.maximum(self.siblings().sum(axis=1), 2)).astype(np.float32)
        return result_k

    def learnable(self, target_nk: Floats, known_nk: Floats) -> Floats:
        """float32[n,k]: 1 where a class given its parent can be learned: it is known, and the parent is there."""
        given_k = self.given_k
        parent_there_nk = np.where(given_k >= 0, target_nk[:, np.maximum(given_k, 0)], 1.0)
        return (known_nk * parent_there_nk).astype(np.float32)

    def probabilities(self, chance_nk: Floats) -> Floats:
        """float32[n,k]: the probability of each class, from its chance given its parent."""
        result_nk = chance_nk.astype(np.float32, copy=True)
        if self.flat:
            for k in range(len(self) - 1, -1, -1):
                if self.parent_k[k] >= 0:
                    above = self.parent_k[k]
                    result_nk[:, above] = np.maximum(result_nk[:, above], result_nk[:, k])
            return result_nk
        for k in range(len(self)):
            if self.parent_k[k] >= 0:
                result_nk[:, k] *= result_nk[:, self.parent_k[k]]
        return result_nk

    def with_beneath(self, count_nk: Floats) -> Floats:
        """float32[n,k]: the sum over each class and all classes beneath it."""
        total_nk = count_nk.copy()
        for k in range(len(self) - 1, -1, -1):
            if self.parent_k[k] >= 0:
                total_nk[:, self.parent_k[k]] += total_nk[:, k]
        return total_nk

    def to_document(self) -> dict[str, Any]:
        return {"names": list(self.names), "parents": self.parent_k.tolist(), "flat": self.flat}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> ClassTree:
        return cls(tuple(document["names"]), np.array(document["parents"], np.int64), bool(document["flat"]))
