"""Rules first: a class is believed where its name or one of its other names stands in the text.

The measure that every learned model has to beat, and a model for the first day, when nothing is labeled.
Legend: n texts, k classes, p phrases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.progress import Progress, Quiet
from sabbatical.learning.text import store
from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.targets import TargetTables
from sabbatical.learning.text.texts import Floats, TextColumns

QUIET = Quiet()
DOUBT = 0.5  # how many matches the prior weighs


class RuleModel:
    """Phrases of each class, and `prior_k` float32[k]: how common each class is given its parent."""

    kind = "rules"

    def __init__(self, tree: ClassTree, phrases: tuple[tuple[str, ...], ...], prior_k: Floats) -> None:
        self.tree = tree
        self.phrases = phrases
        self.prior_k = prior_k
        self._patterns = [_pattern(own) for own in phrases]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.tree.names

    @classmethod
    def fit(
        cls, recipe: TextRecipe, columns: TextColumns, targets: TargetTables, progress: Progress = QUIET
    ) -> RuleModel:
        """Take the phrases from names and synonyms, and count how common each class is where that is known.

        Without any text the classes count as equally common, so that rules need no label at all.
        """
        prior_k = targets.tree.even_chance()
        if len(columns):
            target_nk, mask_nk = targets.rows(columns)
            prior_k = ((mask_nk * target_nk).sum(axis=0) + prior_k) / (mask_nk.sum(axis=0) + 1)
        progress.tell(1.0, "Counted how common each class is.")
        return cls(targets.tree, targets.phrases, prior_k.astype(np.float32))

    def matches(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: how many phrases of each class, or of a class beneath it, stand in each text."""
        plain = [_plain(text) for text in texts]
        own_nk = np.array([[len(found.findall(text)) for found in self._patterns] for text in plain], dtype=np.float32)
        return self.tree.with_beneath(own_nk.reshape(len(plain), len(self.tree)))

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the share of each class among the matches of its siblings, drawn to how common it is."""
        count_nk = self.matches(texts)
        chance_nk = (count_nk + DOUBT * self.prior_k) / (count_nk @ self.tree.siblings() + DOUBT)
        return self.tree.probabilities(chance_nk.astype(np.float32))

    def save(self, path: Path) -> None:
        """Write the whole model to one file."""
        document = {"tree": self.tree.to_document(), "phrases": [list(own) for own in self.phrases]}
        store.write(path, self.kind, document, {"prior_k": self.prior_k})

    @classmethod
    def restore(cls, document: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> RuleModel:
        """The model that `save` wrote."""
        phrases = tuple(tuple(own) for own in document["phrases"])
        return cls(ClassTree.from_document(document["tree"]), phrases, tensors["prior_k"])


def _plain(text: str) -> str:
    return " ".join(re.split(r"[\W_]+", text.casefold())).strip()


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, with or without an `s`; longer phrases first. None: matches nothing."""
    plain = sorted({_plain(phrase) for phrase in phrases} - {""}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(phrase) for phrase in plain)})s?\b" if plain else r"(?!)")
