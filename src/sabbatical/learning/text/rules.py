"""Rules first: a class is believed where its name or one of its other names stands in the text.

The measure that every learned model has to beat, and a model for the first day, when nothing is labeled.
Legend: n texts, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.progress import Progress, Quiet
from sabbatical.learning.text import store
from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.phrases import PhraseMatcher
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.targets import Targets
from sabbatical.learning.text.texts import Floats, TextColumns

QUIET = Quiet()
DOUBT = 0.5  # how many matches the prior weighs


class RuleModel:
    """Phrases of each class, and `prior_k` float32[k]: how common each class is given its parent."""

    kind = "rules"

    def __init__(self, matcher: PhraseMatcher, prior_k: Floats) -> None:
        self.tree = matcher.tree
        self.matcher = matcher
        self.prior_k = prior_k

    @property
    def classes(self) -> tuple[str, ...]:
        return self.tree.names

    @classmethod
    def fit(cls, recipe: TextRecipe, columns: TextColumns, targets: Targets, progress: Progress = QUIET) -> RuleModel:
        """Take the phrases from names and synonyms, and count how common each class is where that is known.

        Without any text the classes count as equally common, so that rules need no label at all.
        """
        prior_k = targets.tree.even_chance()
        if len(columns):
            target_nk, mask_nk = targets.rows(columns)
            prior_k = ((mask_nk * target_nk).sum(axis=0) + prior_k) / (mask_nk.sum(axis=0) + 1)
        progress.tell(1.0, "Counted how common each class is.")
        return cls(PhraseMatcher(targets.tree, targets.phrases), prior_k.astype(np.float32))

    def predict(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: the share of each class among the matches of its siblings, drawn to how common it is."""
        count_nk = self.matcher.counts(texts)
        chance_nk = (count_nk + DOUBT * self.prior_k) / (count_nk @ self.tree.siblings() + DOUBT)
        return self.tree.probabilities(chance_nk.astype(np.float32))

    def save(self, path: Path) -> None:
        """Write the whole model to one file."""
        document = {"tree": self.tree.to_document(), "phrases": self.matcher.phrases}
        store.write(path, self.kind, document, {"prior_k": self.prior_k})

    @classmethod
    def restore(cls, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> RuleModel:
        """The model that `save` wrote."""
        matcher = PhraseMatcher(ClassTree.from_document(document["tree"]), document["phrases"])
        return cls(matcher, tensors["prior_k"])
