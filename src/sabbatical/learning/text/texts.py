"""What every text model is given and gives back.

Legend: n texts, l labels of one taxonomy, k classes of the super-taxonomy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Masking = Literal["none", "column", "tree"]
UNLABELED = -1


@dataclass(frozen=True, eq=False)
class TextColumns:
    """Texts as columns: `texts` (n strings), and int64[n] each of the taxonomy and the label in it.

    A label of -1 is no label: the text takes part in counting words and in nothing else.
    """

    texts: Sequence[str]
    taxonomy_n: Ints
    label_n: Ints

    def __post_init__(self) -> None:
        if not len(self.texts) == len(self.taxonomy_n) == len(self.label_n):
            raise BadInput(
                f"There are {len(self.texts)} texts, {len(self.taxonomy_n)} taxonomies and {len(self.label_n)} labels.",
                hint="Give one taxonomy and one label for each text.",
            )

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, index_m: NDArray[Any]) -> TextColumns:
        """The chosen rows (places, or a bool of each row), in the order given."""
        texts = [self.texts[i] for i in np.arange(len(self))[index_m]]
        return TextColumns(texts, self.taxonomy_n[index_m], self.label_n[index_m])

    def join(self, other: TextColumns) -> TextColumns:
        """These rows, then those of `other`."""
        return TextColumns(
            [*self.texts, *other.texts],
            np.concatenate([self.taxonomy_n, other.taxonomy_n]),
            np.concatenate([self.label_n, other.label_n]),
        )


def choose(probabilities_nk: Floats, class_l: Ints) -> tuple[Ints, Floats]:
    """The likeliest label of one taxonomy and its probability, for each text; ties go to the first label.

    Args:
        probabilities_nk: float32[n,k] of a model.
        class_l: int64[l], the class of each label; -1 for labels that mean no class (never chosen).

    Raises:
        BadInput: the taxonomy has no label that means a class.
    """
    if not (class_l >= 0).any():
        raise BadInput("None of the taxonomy's labels is mapped to a class.")
    score_nl = np.where(class_l >= 0, probabilities_nk[:, np.maximum(class_l, 0)], -1.0)
    label_n = score_nl.argmax(axis=1).astype(np.int64)
    return label_n, np.take_along_axis(score_nl, label_n[:, None], axis=1)[:, 0].astype(np.float32)


class TextModel(Protocol):
    """A trained model."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The k super-classes, in the order of the columns of `predict`."""

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the probability of each class; a class never stands above its parent."""

    def save(self, path: Path) -> None:
        """Write the whole model to one file; StorageFull leaves an older file of that name untouched."""
