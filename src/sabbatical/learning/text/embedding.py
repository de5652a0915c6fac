"""Texts as points: the truncated singular value decomposition of their n-grams (Deerwester et al. 1990). Free of torch.

Legend: n texts, r of them that span the embedding, f n-grams, d dimensions of the embedding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh
from scipy.sparse import csr_matrix

from sabbatical.learning.text.texts import Floats

BASIS_TEXTS = 3000
LENGTH = 3.0  # of an embedded text


@dataclass(frozen=True, eq=False)
class Embedding:
    """Texts by what they share with `rows_rf` (sparse float32, some of the texts learned from), turned by `turn_rd`.

    The same as the first right singular vectors of the rows, float32[d,f], which would fill a hundred times the room.
    """

    rows_rf: Any
    turn_rd: Floats

    @classmethod
    def fit(cls, matrix_nf: Any, d: int, seed: int) -> Embedding:
        """Of at most `BASIS_TEXTS` rows; fewer dimensions where they span fewer.

        By the eigenvectors of the products of rows, since there are far fewer texts than n-grams.
        """
        n = matrix_nf.shape[0]
        chosen = np.arange(n)
        if n > BASIS_TEXTS:
            chosen = np.sort(np.random.default_rng(seed).choice(n, BASIS_TEXTS, replace=False))
        rows_rf = matrix_nf[chosen].astype(np.float32)
        square_d, vector_rd = eigh((rows_rf @ rows_rf.T).toarray().astype(np.float64))
        kept = np.flatnonzero(square_d > 1e-6 * square_d[-1])[::-1][:d]
        return cls(rows_rf, (vector_rd[:, kept] / np.sqrt(square_d[kept])).astype(np.float32))

    @cached_property
    def _rows_fr(self) -> Any:
        """Turned once: a product would turn them again for each text."""
        return self.rows_rf.T.tocsr()

    def __len__(self) -> int:
        return int(self.turn_rd.shape[1])

    def of(self, matrix_nf: Any) -> Floats:
        """float32[n,d]."""
        embedded_nd: Floats = np.asarray((matrix_nf @ self._rows_fr) @ self.turn_rd, dtype=np.float32)
        return embedded_nd

    def of_length(self, matrix_nf: Any) -> Floats:
        """float32[n,d]: as the network sees it, each text of length `LENGTH`."""
        embedded_nd = self.of(matrix_nf)
        length_n1 = np.linalg.norm(embedded_nd, axis=1, keepdims=True)
        embedded_nd *= LENGTH / np.maximum(length_n1, 1e-9)
        return embedded_nd

    def tensors(self) -> dict[str, NDArray[Any]]:
        rows = {"data": self.rows_rf.data, "indices": self.rows_rf.indices, "starts": self.rows_rf.indptr}
        return {"turn_rd": self.turn_rd, **{f"rows_rf.{name}": value for name, value in rows.items()}}

    @classmethod
    def restore(cls, tensors: Mapping[str, NDArray[Any]], features: int) -> Embedding:
        """The embedding, over so many `features`, that gave `tensors`."""
        turn_rd = tensors["turn_rd"]
        parts = tuple(tensors[f"rows_rf.{name}"] for name in ("data", "indices", "starts"))
        return cls(csr_matrix(parts, shape=(len(turn_rd), features)), turn_rd)
