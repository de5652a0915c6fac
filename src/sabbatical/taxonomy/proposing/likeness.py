"""How alike the names of labels and classes are.

Each pair is of one kind, the first that fits; how much a kind tells is in `weights`.

Legend: l labels, k classes, a all names (of the labels, then every name of every class), g n-grams, w words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sabbatical.taxonomy.proposing.words import letters_of, same_word, shortens, slips, words_of
from sabbatical.taxonomy.tree import SuperTaxonomy

Floats = NDArray[np.float64]
Words = tuple[str, ...]
CLOSE, LIKE, FAINT = 0.55, 0.35, 0.2
"""Likeness from which on two names without a word in another's place are close, alike, or faintly so."""
LEAST_PART = 0.25
"""What share of the longer name's weight the shorter one must have to be a part of it that tells something."""
LEAST_LETTERS = 4  # of a name within another that is written in one word
GRAMS = (3, 4)
FEW = 4  # labels, with fewer of which a word in most of them may still be one that tells


class Kind(IntEnum):
    """How a label's name stands to a class's, from the most alike on."""

    EQUAL = 0
    REORDERED = 1
    SLIP = 2
    SHORT = 3
    MORE = 4
    BOTH = 5
    LESS = 6
    CLOSE = 7
    LIKE = 8
    FAINT = 9
    NONE = 10


WORDED = {
    Kind.EQUAL: "is the same name",
    Kind.REORDERED: "has the same words in another order",
    Kind.SLIP: "is spelled nearly alike",
    Kind.SHORT: "is short for it, or the reverse",
    Kind.MORE: "says more than it",
    Kind.BOTH: "is made of it and others",
    Kind.LESS: "says less than it",
    Kind.CLOSE: "is much like it",
    Kind.LIKE: "is somewhat like it",
    Kind.FAINT: "is faintly like it",
    Kind.NONE: "is nothing like it",
}
RANKED = {Kind.EQUAL: 1.0, Kind.REORDERED: 0.97, Kind.SLIP: 0.95, Kind.SHORT: 0.9}


@dataclass(frozen=True)
class Likeness:
    """int8 [l, k] kinds; bool [l, k], whether both are the other's nearest; float64 [l, k] likeness from 0 to 1.

    Of a label that says more than the class, nearest is one that no other label of the class's words stands beside.

    `name_lk` int64 [l, k]: which name of the class was compared, 0 its own, then its synonyms.
    """

    kind_lk: NDArray[np.int8]
    nearest_lk: NDArray[np.bool_]
    score_lk: Floats
    name_lk: NDArray[np.int64]


def likeness(labels: Sequence[str], tree: SuperTaxonomy) -> Likeness:
    """Every label's name beside every class's, its synonyms among them: the one that is most alike counts."""
    named = [(node.name, *node.synonyms) for node in tree.classes]
    owner_n = np.repeat(np.arange(len(named)), [len(names) for names in named])
    right = [words_of(name) for names in named for name in names]
    left = _without_affix([words_of(name) for name in labels], right)
    weight = _weights([*left, *right])
    score_ln = np.maximum(_shared(left, right, weight), _grams(left, right))
    kind_ln = np.full(score_ln.shape, Kind.NONE, np.int8)
    for kind, least in ((Kind.FAINT, FAINT), (Kind.LIKE, LIKE), (Kind.CLOSE, CLOSE)):
        kind_ln[score_ln >= least] = kind
    for row, one in enumerate(left):
        for place, other in enumerate(right):
            found = _kind(one, other, weight)
            if found is not None:
                kind_ln[row, place] = found
                score_ln[row, place] = RANKED.get(found, score_ln[row, place])
        _with_others(one, right, kind_ln[row], owner_n, tree)
    return _by_class(kind_ln, score_ln, owner_n, len(named))


def _with_others(
    label: Words, names: Sequence[Words], kind_n: NDArray[np.int8], owner_n: NDArray[np.int64], tree: SuperTaxonomy
) -> None:
    """Of the names that a label says more than: those to which it adds names above them only (`vehicle_car`) are the
    same, and several of which it is made and nothing else (`car_or_truck`) are parts of it."""
    parts = np.flatnonzero(kind_n == Kind.MORE).tolist()
    for n in parts:
        above = {word for k in np.flatnonzero(tree.ancestors_kk[owner_n[n]]) for word in words_of(tree.names[k])}
        if set(label) <= above | set(names[n]):
            kind_n[n] = Kind.REORDERED
    rest = [n for n in parts if kind_n[n] == Kind.MORE]
    words = set().union(*(names[n] for n in rest))
    if len(rest) > 1 and words >= set(label) and sum(len(names[n]) for n in rest) == len(words):
        kind_n[rest] = Kind.BOTH


def _without_affix(names: Sequence[Words], others: Sequence[Words]) -> list[Words]:
    """Names without the words that most of them have (`obj`, `class`), unless the others have them as often."""
    if len(names) < FEW:
        return list(names)
    own, theirs = (Counter(word for words in side for word in set(words)) for side in (names, others))
    affix = {word for word, many in own.items() if many > len(names) / 2 and theirs[word] <= len(others) / 2}
    return [tuple(word for word in words if word not in affix) or words for words in names]


def _by_class(kind_ln: NDArray[np.int8], score_ln: Floats, owner_n: NDArray[np.int64], classes: int) -> Likeness:
    first_k = np.searchsorted(owner_n, np.arange(classes))
    order_ln = kind_ln - np.clip(score_ln, 0.0, 0.999)  # the best kind, and of one kind the most alike
    best_lk = np.stack(
        [first + order_ln[:, owner_n == k].argmin(axis=1) for k, first in enumerate(first_k)], axis=1
    ).astype(np.int64)
    kind_lk = np.take_along_axis(kind_ln, best_lk, axis=1)
    score_lk = np.take_along_axis(score_ln, best_lk, axis=1)
    rank_lk = np.take_along_axis(order_ln, best_lk, axis=1)
    nearest_lk = (rank_lk <= rank_lk.min(axis=1, keepdims=True)) & (rank_lk <= rank_lk.min(axis=0, keepdims=True))
    alone_lk = (kind_lk <= Kind.MORE).sum(axis=0)[None, :] == 1
    nearest_lk &= (kind_lk < Kind.NONE) & (alone_lk | (kind_lk != Kind.MORE))
    return Likeness(kind_lk, nearest_lk, score_lk, best_lk - first_k)


def _weights(names: Sequence[Words]) -> dict[str, float]:
    """How much a word tells: the rarer among all names, the more (inverse document frequency)."""
    seen = Counter(word for words in names for word in set(words))
    return {word: float(np.log1p(len(names) / many)) for word, many in seen.items()}


def _kind(label: Words, name: Words, weight: dict[str, float]) -> Kind | None:
    """The kind of two names that have words or letters in common as wholes; None: their likeness says it."""
    one, other = letters_of(label), letters_of(name)
    kinds = (
        (Kind.EQUAL, label == name),
        (Kind.REORDERED, one == other or sorted(label) == sorted(name)),
        (Kind.SLIP, min(len(one), len(other)) >= LEAST_LETTERS and slips(one, other)),
        (Kind.SHORT, shortens(label, name) or shortens(name, label)),
        (Kind.MORE, _within(name, label, weight)),
        (Kind.LESS, _within(label, name, weight)),
    )
    return next((kind for kind, fits in kinds if fits), None)


def _within(part: Words, whole: Words, weight: dict[str, float]) -> bool:
    """Whether all words of a name are in another, as words or written together, and tell something of it."""
    if len(whole) == 1 or len(part) == len(whole) == 1:
        letters, joined = letters_of(part), letters_of(whole)
        return LEAST_LETTERS <= len(letters) < len(joined) and (joined.startswith(letters) or joined.endswith(letters))
    if len(part) >= len(whole) or not all(any(same_word(word, other) for other in whole) for word in part):
        return False
    return sum(weight[word] for word in part) >= LEAST_PART * sum(weight[word] for word in whole)


def _shared(left: Sequence[Words], right: Sequence[Words], weight: dict[str, float]) -> Floats:
    """[l, n]: the weight of the words that two names share, of the weight of all their words (Jaccard)."""
    place = {word: w for w, word in enumerate(weight)}
    weight_w = np.array([weight[word] for word in place])
    has_lw = _indicator([[place[word] for word in words] for words in left], len(place))
    has_nw = _indicator([[place[word] for word in words] for words in right], len(place))
    both_ln = (has_lw * weight_w) @ has_nw.T
    all_ln = (has_lw @ weight_w)[:, None] + (has_nw @ weight_w)[None, :] - both_ln
    shared_ln: Floats = both_ln / np.maximum(all_ln, 1e-9)
    return shared_ln


def _grams(left: Sequence[Words], right: Sequence[Words]) -> Floats:
    """[l, n]: the cosine of the n-grams of letters, each weighted by how rare it is among all names."""
    grams = [_grams_of(words) for words in (*left, *right)]
    seen = Counter(gram for one in grams for gram in one)
    place = {gram: g for g, gram in enumerate(seen)}
    rare_g = np.log1p(len(grams) / np.array([seen[gram] for gram in place], float)) if place else np.zeros(0)
    weighted_ag = _indicator([[place[gram] for gram in one] for one in grams], len(place)) * rare_g
    weighted_ag /= np.maximum(np.linalg.norm(weighted_ag, axis=1, keepdims=True), 1e-9)
    cosine_ln: Floats = weighted_ag[: len(left)] @ weighted_ag[len(left) :].T
    return cosine_ln


def _grams_of(words: Words) -> set[str]:
    padded = [f"<{word}>" for word in words]
    return {word[i : i + n] for word in padded for n in GRAMS for i in range(len(word) - n + 1)}


def _indicator(places: Sequence[Sequence[int]], size: int) -> Floats:
    """[rows, size]: 1 at the places of each row."""
    made = np.zeros((len(places), size))
    made[np.repeat(np.arange(len(places)), [len(one) for one in places]), [p for one in places for p in one]] = 1.0
    return made
