"""Texts as rows of numbers: weighted n-grams of words and characters, and how often names of classes stand in them.

Term frequency on a log scale, times inverse document frequency, each row of unit length (Salton and Buckley 1988).
Character n-grams stay within words, so that typos and endings still share most of their features. Names of classes are
what people know before any text is labeled; as features they are trusted as far as the labels bear them out.
Legend: n texts, f features, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from sabbatical.core.errors import EmptyDataset
from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.phrases import PhraseMatcher
from sabbatical.learning.text.recipe import FeatureRecipe
from sabbatical.learning.text.targets import Targets
from sabbatical.learning.text.texts import Floats


class TextFeatures:
    """A vocabulary with its weights, and the names of the classes; see `fit`."""

    def __init__(self, recipe: FeatureRecipe, parts: Mapping[str, Any], matcher: PhraseMatcher) -> None:
        self.recipe = recipe
        self.parts = parts
        self.matcher = matcher

    @classmethod
    def fit(cls, recipe: FeatureRecipe, texts: Sequence[str], targets: Targets) -> TextFeatures:
        """Count n-grams; needs no labels.

        Raises:
            EmptyDataset: the texts hold no words.
        """
        parts = {kind: _vectorizer(recipe, kind) for kind in _kinds(recipe)}
        try:
            for part in parts.values():
                part.fit(texts)
        except ValueError as error:
            raise EmptyDataset("The texts hold no words to learn from.", hint=str(error)) from error
        return cls(recipe, parts, PhraseMatcher(targets.tree, targets.phrases))

    @property
    def ngrams(self) -> int:
        return sum(len(part.vocabulary_) for part in self.parts.values())

    def matrix(self, texts: Sequence[str]) -> Any:
        """Sparse float64[n,f] of n-grams."""
        return hstack([part.transform(texts) for part in self.parts.values()], format="csr")

    def names(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: matches of the names of each class, on a log scale."""
        result_nk: Floats = (self.recipe.names * np.log1p(self.matcher.counts(texts))).astype(np.float32)
        return result_nk

    def both(self, texts: Sequence[str]) -> Any:
        """Sparse float64[n,f+k]: n-grams, then names."""
        return hstack([self.matrix(texts), csr_matrix(self.names(texts).astype(np.float64))], format="csr")

    def to_document(self) -> dict[str, Any]:
        words = {kind: list(part.get_feature_names_out()) for kind, part in self.parts.items()}
        tree, phrases = self.matcher.tree.to_document(), self.matcher.phrases
        return {"recipe": vars(self.recipe), "words": words, "tree": tree, "phrases": phrases}

    def tensors(self) -> dict[str, NDArray[Any]]:
        """The inverse document frequencies float64 of each part, by name."""
        return {f"idf_{kind}": part.idf_ for kind, part in self.parts.items()}

    @classmethod
    def restore(cls, document: Mapping[str, Any], tensors: Mapping[str, NDArray[Any]]) -> TextFeatures:
        """The features that gave `to_document` and `tensors`."""
        recipe = FeatureRecipe(**document["recipe"])
        parts = {kind: _vectorizer(recipe, kind, document["words"][kind]) for kind in _kinds(recipe)}
        for kind, part in parts.items():
            part.idf_ = tensors[f"idf_{kind}"]
        return cls(recipe, parts, PhraseMatcher(ClassTree.from_document(document["tree"]), document["phrases"]))


def _kinds(recipe: FeatureRecipe) -> list[str]:
    return ["words"] * (recipe.words > 0) + ["chars"] * (recipe.chars_to > 0)


def _vectorizer(recipe: FeatureRecipe, kind: str, vocabulary: list[str] | None = None) -> Any:
    # Single characters count as words too: "C", "R" and the CJK scripts need them.
    shape: dict[str, Any] = {"analyzer": "word", "ngram_range": (1, recipe.words), "token_pattern": r"(?u)\b\w+\b"}
    if kind == "chars":
        shape = {"analyzer": "char_wb", "ngram_range": (recipe.chars_from, recipe.chars_to)}
    return TfidfVectorizer(
        sublinear_tf=True, min_df=recipe.seen_in, strip_accents="unicode", vocabulary=vocabulary, **shape
    )
