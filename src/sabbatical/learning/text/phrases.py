"""Names of classes, found in texts.

Legend: n texts, k classes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.texts import Floats


class PhraseMatcher:
    """Counts how often any of the names of each class stands in a text."""

    def __init__(self, tree: ClassTree, phrases: Sequence[Sequence[str]]) -> None:
        self.tree = tree
        self.phrases = [list(own) for own in phrases]
        self._patterns = [_pattern(own) for own in phrases]

    def counts(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: matches of each class, and of those beneath it, as whole words in any case and number."""
        plain = [_plain(text) for text in texts]
        own_nk = np.array([[len(found.findall(text)) for found in self._patterns] for text in plain], dtype=np.float32)
        return self.tree.with_beneath(own_nk.reshape(len(plain), len(self.tree)))


def _plain(text: str) -> str:
    return " ".join(re.split(r"[\W_]+", text.casefold())).strip()


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, with or without an `s`; longer phrases first. None: matches nothing."""
    plain = sorted({_plain(phrase) for phrase in phrases} - {""}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(phrase) for phrase in plain)})s?\b" if plain else r"(?!)")
