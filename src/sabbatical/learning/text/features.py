"""Texts as weighted counts of word and character n-grams.

Term frequency on a log scale, times inverse document frequency, each row of unit length (Salton and Buckley 1988).
Character n-grams stay within words, so that typos and endings still share most of their features.
Legend: n texts, f features.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from sabbatical.core.errors import EmptyDataset
from sabbatical.learning.text.recipe import FeatureRecipe


class NgramFeatures:
    """A vocabulary and its weights; `parts` are one vectorizer of words and one of characters."""

    def __init__(self, recipe: FeatureRecipe, parts: list[Any]) -> None:
        self.recipe = recipe
        self.parts = parts

    @classmethod
    def fit(cls, recipe: FeatureRecipe, texts: Sequence[str]) -> NgramFeatures:
        """Count n-grams; needs no labels.

        Raises:
            EmptyDataset: the texts hold no words.
        """
        parts = [_vectorizer(recipe, kind) for kind in _kinds(recipe)]
        try:
            for part in parts:
                part.fit(texts)
        except ValueError as error:
            raise EmptyDataset("The texts hold no words to learn from.", hint=str(error)) from error
        return cls(recipe, parts)

    def matrix(self, texts: Sequence[str]) -> Any:
        """Sparse float64[n,f]."""
        return hstack([part.transform(texts) for part in self.parts], format="csr")

    def words(self) -> list[list[str]]:
        """The n-grams of each part, in the order of its columns."""
        return [list(part.get_feature_names_out()) for part in self.parts]

    def weights(self) -> dict[str, NDArray[np.float64]]:
        """The inverse document frequencies of each part, by name."""
        return {f"idf_{kind}": part.idf_ for kind, part in zip(_kinds(self.recipe), self.parts, strict=True)}

    @classmethod
    def restore(cls, recipe: FeatureRecipe, words: list[list[str]], weights: dict[str, NDArray[Any]]) -> NgramFeatures:
        """The features that gave `words` and `weights`."""
        parts = []
        for kind, vocabulary in zip(_kinds(recipe), words, strict=True):
            part = _vectorizer(recipe, kind, vocabulary)
            part.idf_ = weights[f"idf_{kind}"].astype(np.float64)
            parts.append(part)
        return cls(recipe, parts)


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
