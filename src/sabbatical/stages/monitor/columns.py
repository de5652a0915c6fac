"""Items and answers as columns to compare: what can be measured, what is known, and what the model says.

Shapes: i rows of the table, k classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sabbatical.metrics.columns import Bools, Floats, Ints
from sabbatical.metrics.drift import (
    Categories,
    Numbers,
    Vectors,
    compare_categories,
    compare_numbers,
    compare_shares,
    compare_vectors,
)
from sabbatical.metrics.groups import Rows
from sabbatical.schemas.monitor import About
from sabbatical.stages.monitor.facts import Facts
from sabbatical.stages.monitor.words import Words
from sabbatical.stages.train.actions import Abstention, Answer

MOST_VALUES = 24
"""An attribute with more different words than this tells nothing; with more numbers it is a column of numbers."""
COUNTERS = frozenset({"frame", "frame_id", "id", "index", "number", "scene", "split"})
"""Attributes that count items rather than describe them."""
NOTHING = "nothing found"
Compared = Numbers | Categories | Vectors


@dataclass(frozen=True, slots=True)
class Seen:
    """One row: an item, and what the model says of it where it was asked."""

    item_id: str
    group: str
    at: datetime | None
    customer: str | None
    attributes: dict[str, Any]
    facts: Facts
    text: str | None = None
    answer: Answer | None = None


@dataclass(frozen=True)
class NumberColumn:
    name: str
    about: About
    values_i: Floats
    kind: Literal["number"] = "number"
    test: Literal["ks"] = "ks"

    def compare(self, places_i: Ints, rows: Rows, permutations: int) -> Numbers:
        return compare_numbers(self.values_i[places_i], rows, permutations)

    def varies(self) -> bool:
        known_i = self.values_i[~np.isnan(self.values_i)]
        return len(known_i) > 0 and bool(known_i.min() < known_i.max())


@dataclass(frozen=True)
class CategoryColumn:
    """Codes of values; -1 is unknown."""

    name: str
    about: About
    codes_i: Ints
    values: list[str]
    kind: Literal["category"] = "category"
    test: Literal["chi2"] = "chi2"

    def compare(self, places_i: Ints, rows: Rows, permutations: int) -> Categories:
        return compare_categories(self.codes_i[places_i], len(self.values), rows, permutations)

    def varies(self) -> bool:
        return len(np.unique(self.codes_i[self.codes_i >= 0])) > 1


@dataclass(frozen=True)
class ShareColumn:
    """How each row divides among values."""

    name: str
    about: About
    shares_ik: Floats
    values: list[str]
    kind: Literal["category"] = "category"
    test: Literal["chi2"] = "chi2"

    def compare(self, places_i: Ints, rows: Rows, permutations: int) -> Categories:
        return compare_shares(self.shares_ik[places_i], rows, permutations)

    def varies(self) -> bool:
        return int((np.nan_to_num(self.shares_ik) > 0).any(axis=0).sum()) > 1


@dataclass(frozen=True)
class WordColumn:
    """The words of each row's text."""

    name: str
    about: About
    words: Words
    kind: Literal["vector"] = "vector"
    test: Literal["mmd"] = "mmd"

    def compare(self, places_i: Ints, rows: Rows, permutations: int) -> Vectors:
        return compare_vectors(self.words.vectors(places_i), rows, permutations)

    def varies(self) -> bool:
        return len(np.unique(self.words.word_t)) > 1


@dataclass(frozen=True)
class VectorColumn:
    """A vector a row, i x d; NaN where it is not known."""

    name: str
    about: About
    vectors_id: NDArray[np.float32]
    kind: Literal["vector"] = "vector"
    test: Literal["mmd"] = "mmd"

    def compare(self, places_i: Ints, rows: Rows, permutations: int) -> Vectors:
        vectors_id = self.vectors_id[places_i]
        known_i = ~np.isnan(vectors_id[:, 0])
        return compare_vectors(vectors_id[known_i], rows.take(known_i), permutations)

    def varies(self) -> bool:
        known_id = self.vectors_id[~np.isnan(self.vectors_id[:, 0])]
        return bool((known_id != known_id[:1]).any())


Column = NumberColumn | CategoryColumn | ShareColumn | WordColumn | VectorColumn


@dataclass(frozen=True)
class Says:
    """How a model's answers are read: its classes, and what it is sure of."""

    classes: Sequence[str]
    abstention: Abstention


@dataclass(frozen=True)
class Table:
    """Rows as columns. `reference_i` are the rows that others are compared with."""

    seen: Sequence[Seen]
    reference_i: Bools
    group_i: Ints
    columns: list[Column] = field(default_factory=list)

    @classmethod
    def of(cls, seen: Sequence[Seen], reference: int, says: Says) -> Table:
        """The first `reference` rows are the reference.

        A column whose known values are all the same tells nothing and is left out.
        """
        reference_i = np.arange(len(seen)) < reference
        group_i = np.unique([one.group for one in seen], return_inverse=True)[1].astype(np.int64)
        columns = [*_facts(seen), *_texts(seen, reference_i, group_i), *_attributes(seen), *_answers(seen, says)]
        return cls(seen, reference_i, group_i, [column for column in columns if column.varies()])


def _facts(seen: Sequence[Seen]) -> list[Column]:
    names = dict.fromkeys(name for one in seen for name in one.facts.numbers)
    columns: list[Column] = [
        NumberColumn(n, "input", np.array([one.facts.numbers.get(n, np.nan) for one in seen])) for n in names
    ]
    for name in dict.fromkeys(name for one in seen for name in one.facts.vectors):
        known = next(one.facts.vectors[name] for one in seen if name in one.facts.vectors)
        lacking = np.full(len(known), np.nan, np.float32)
        vectors_id = np.stack([one.facts.vectors.get(name, lacking) for one in seen]).astype(np.float32)
        columns.append(VectorColumn(name, "input", vectors_id))
    return columns


def _texts(seen: Sequence[Seen], reference_i: Bools, group_i: Ints) -> list[Column]:
    if not any(one.text is not None for one in seen):
        return []
    words = Words.of([one.text or "" for one in seen])
    return [
        NumberColumn("known words", "input", words.known(reference_i, group_i)),
        WordColumn("vocabulary", "input", words),
    ]


def _attributes(seen: Sequence[Seen]) -> list[Column]:
    names = sorted({name for one in seen for name in one.attributes} - COUNTERS)
    columns = [_attribute(name, [one.attributes.get(name) for one in seen]) for name in names]
    if any(one.customer is not None for one in seen):
        columns.append(_attribute("customer", [one.customer for one in seen]))
    return [column for column in columns if column is not None]


def _attribute(name: str, values: list[Any]) -> Column | None:
    known = [value for value in values if value is not None]
    different = Counter(str(value) for value in known)
    if len(different) <= MOST_VALUES:
        places = {value: place for place, (value, _) in enumerate(different.most_common())}
        codes = [-1 if value is None else places[str(value)] for value in values]
        return CategoryColumn(name, "attribute", np.array(codes, np.int64), list(places))
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in known):
        numbers = np.array([np.nan if value is None else float(value) for value in values])
        return NumberColumn(name, "attribute", numbers)
    return None


def _answers(seen: Sequence[Seen], says: Says) -> list[Column]:
    abstention = says.abstention
    columns = _objects(seen, says) if abstention.boxes else _labels(seen, says)
    doubt_i = np.array([np.nan if one.answer is None else abstention.doubt(one.answer) for one in seen])
    unsure_i = np.where(np.isnan(doubt_i), -1, doubt_i > abstention.cut).astype(np.int64)
    if abstention.boxes:  # of a text, it is what the top score lacks
        columns.append(NumberColumn("doubt", "answer", doubt_i))
    return [*columns, CategoryColumn("unsure", "answer", unsure_i, ["sure", "unsure"])]


def _labels(seen: Sequence[Seen], says: Says) -> list[Column]:
    """Of texts: the best class without children, its score, and how far it is before the next."""
    leaves = says.abstention.leaves
    scores_ik = np.full((len(seen), len(leaves)), np.nan)
    for scores_k, one in zip(scores_ik, seen, strict=True):
        if one.answer is not None:
            scores_k[:] = one.answer.scores_n[leaves]
    codes_i = np.where(np.isnan(scores_ik).any(axis=1), -1, np.argmax(scores_ik, axis=1))
    ordered_ik = np.sort(scores_ik, axis=1)
    columns: list[Column] = [NumberColumn("top score", "answer", ordered_ik[:, -1])]
    if len(leaves) > 1:
        columns.append(NumberColumn("margin", "answer", ordered_ik[:, -1] - ordered_ik[:, -2]))
    return [*columns, CategoryColumn("class", "answer", codes_i, [says.classes[k] for k in leaves.tolist()])]


def _objects(seen: Sequence[Seen], says: Says) -> list[Column]:
    """Of images: what is found and how surely. An image in which nothing is found has a top score of 0."""
    found_ik = np.full((len(seen), len(says.classes) + 1), np.nan)
    numbers_i4 = np.full((len(seen), 4), np.nan)
    for place, one in enumerate(seen):
        if one.answer is None:
            continue
        scores_n, sure_n = one.answer.scores_n.astype(np.float64), says.abstention.sure_n(one.answer)
        found = int(sure_n.sum())
        mean = scores_n[sure_n].mean() if found else np.nan
        numbers_i4[place] = scores_n.max(initial=0.0), mean, found, scores_n.sum()
        found_ik[place] = np.bincount(one.answer.classes_n[sure_n], minlength=len(says.classes) + 1) / max(found, 1)
        found_ik[place, -1] = found == 0
    names = ("top score", "mean score", "objects found", "sum of scores")
    columns: list[Column] = [NumberColumn(n, "answer", numbers_i4[:, at]) for at, n in enumerate(names)]
    return [*columns, ShareColumn("class", "answer", found_ik, [*says.classes, NOTHING])]
