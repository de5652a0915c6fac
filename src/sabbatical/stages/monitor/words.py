"""What texts say, without a model: their words as vectors to compare, and how many of them are known.

Words are numbered by a hash of 64 bits, so that a vocabulary needs no names.

Shapes: i texts, t words of all texts one after the other, w different words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from sabbatical.metrics.columns import Bools, Floats, Ints

MOST_WORDS = 4096
"""Of a comparison: those that the most texts use, but not only one."""
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Words:
    """The words of each text: `word_t`, numbers of words, and `text_t`, the text of each; both by text."""

    word_t: Ints
    text_t: Ints
    texts: int

    @classmethod
    def of(cls, texts: Sequence[str]) -> Words:
        said = [WORD.findall(unicodedata.normalize("NFKC", text).casefold()) for text in texts]
        numbers = {word: _number(word) for word in dict.fromkeys(word for words in said for word in words)}
        hashed_t = np.array([numbers[word] for words in said for word in words], np.uint64)
        text_t = np.repeat(np.arange(len(texts)), [len(words) for words in said])
        return cls(np.unique(hashed_t, return_inverse=True)[1].astype(np.int64), text_t, len(texts))

    def known(self, reference_i: Bools, group_i: Ints) -> Floats:
        """The share of each text's words that another group of the reference uses; NaN for a text without words."""
        if not len(self.word_t):
            return np.full(self.texts, np.nan)
        pair_t = self.word_t * (group_i.max() + 1) + group_i[self.text_t]
        there_t = reference_i[self.text_t]
        pairs_p = np.unique(pair_t[there_t])
        groups_w = np.bincount(pairs_p // (group_i.max() + 1), minlength=int(self.word_t.max()) + 1)
        known_t = groups_w[self.word_t] > np.isin(pair_t, pairs_p)
        many_i = np.bincount(self.text_t, minlength=self.texts)
        known_i = np.bincount(self.text_t, known_t, self.texts)
        return np.asarray(np.divide(known_i, many_i, out=np.full(self.texts, np.nan), where=many_i > 0), np.float64)

    def vectors(self, places_i: Ints) -> NDArray[np.float32]:
        """The texts at some places as vectors of length 1: words by their count, rare ones weighing more.

        Rarity is that among these texts (tf-idf with a damped count, Salton and Buckley, IPM 1988).
        """
        place_i = np.full(self.texts, -1)
        place_i[places_i] = np.arange(len(places_i))
        row_t = place_i[self.text_t]
        words_t, rows_t = self.word_t[row_t >= 0], row_t[row_t >= 0]
        pair_p, count_p = np.unique(words_t * max(len(places_i), 1) + rows_t, return_counts=True)
        word_p, row_p = pair_p // max(len(places_i), 1), pair_p % max(len(places_i), 1)
        texts_w = np.bincount(word_p)
        kept_w = np.argsort(-texts_w, kind="stable")[:MOST_WORDS]
        kept_w = kept_w[texts_w[kept_w] > 1]
        column_w = np.full(len(texts_w), -1)
        column_w[kept_w] = np.arange(len(kept_w))
        here_p = column_w[word_p] >= 0
        vectors_iw = np.zeros((len(places_i), max(len(kept_w), 1)), np.float32)
        rarity_p = np.log(len(places_i) / texts_w[word_p[here_p]]) + 1
        vectors_iw[row_p[here_p], column_w[word_p[here_p]]] = np.sqrt(count_p[here_p]) * rarity_p
        lengths_i1 = np.maximum(np.linalg.norm(vectors_iw, axis=1, keepdims=True), 1e-9)
        return np.asarray(vectors_iw / lengths_i1, np.float32)


def _number(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest())
