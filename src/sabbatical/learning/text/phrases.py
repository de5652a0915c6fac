"""Names of classes, found in texts.

Legend: n texts, k classes.
"""

from __future__ import annotations

import re
from collections import defaultdict
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
        self._starting: defaultdict[str, set[int]] = defaultdict(set)
        for k, own in enumerate(phrases):
            for word in _first_words(own):
                self._starting[word].add(k)

    def counts(self, texts: Sequence[str]) -> Floats:
        """float32[n,k]: matches of each class, and of those beneath it, as whole words in any case and number."""
        own_nk = np.zeros((len(texts), len(self.tree)), np.float32)
        for n, text in enumerate(map(_plain, texts)):
            words = self._starting.keys() & text.split()  # most texts begin few of the phrases
            for k in set().union(*(self._starting[word] for word in words)):
                own_nk[n, k] = len(self._patterns[k].findall(text))
        return self.tree.with_beneath(own_nk)


def _plain(text: str) -> str:
    return " ".join(re.split(r"[\W_]+", text.casefold())).strip()


def _first_words(phrases: Sequence[str]) -> set[str]:
    """What a match of any of the phrases may begin with."""
    firsts = [_plain(phrase).split() for phrase in phrases]
    return {word for words in firsts if words for word in (words[0], *([f"{words[0]}s"] if len(words) == 1 else []))}


def _pattern(phrases: Sequence[str]) -> re.Pattern[str]:
    """Any of the phrases as whole words, with or without an `s`; longer phrases first. None: matches nothing."""
    plain = sorted({_plain(phrase) for phrase in phrases} - {""}, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(re.escape(phrase) for phrase in plain)})s?\b" if plain else r"(?!)")
