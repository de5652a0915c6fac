"""Sightings in texts: a linear model learns a tree's classes from a few texts each, and is asked about a customer's.

What is found is kept in files, so that the same command goes on where it stopped.
"""

from __future__ import annotations

import csv
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.mapping.perturbing import Base, Customer, hashed
from sabbatical.learning.text import models
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.texts import TextColumns, TextModel
from sabbatical.taxonomy import Label, SuperTaxonomy, Taxonomy
from sabbatical.taxonomy.proposing import Sightings, finest

SETS = {"banking77": ("category", None), "clinc150": ("intent", "domain"), "hwu64": ("intent", "scenario")}
"""The column of the label, and that of the class above it."""
ASKED = 45
DROPPED = 0.4  # of the words of a text, where a customer's texts are to be unlike those that taught
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Texts:
    """Texts of leaves."""

    base: Base
    by_leaf: Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False)
class Found:
    """The finest class found in each text that was asked about, as it is and with words dropped; and its label."""

    label_n: Ints
    plain_n: Ints
    dropped_n: Ints
    taught_k: NDArray[np.bool_]

    @classmethod
    def read(cls, kept: Path) -> Found:
        """What `ask` kept."""
        with np.load(kept) as stored:
            return cls(**{name: stored[name] for name in ("label_n", "plain_n", "dropped_n", "taught_k")})


def read(name: str, raw: Path) -> Texts:
    """A set with its tree of two levels; a class that is its parent's name or its only child stands alone."""
    column, above = SETS[name]
    by_leaf: dict[str, list[str]] = defaultdict(list)
    over: dict[str, str | None] = {}
    with (raw / f"intents-{name}" / "train.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row[column] != "oos":
                by_leaf[row[column]].append(row["text"])
                over[row[column]] = row[above] if above else None
    many: dict[str | None, int] = defaultdict(int)
    for parent in over.values():
        many[parent] += 1
    parents = {leaf: parent if many[parent] > 1 and parent not in by_leaf else None for leaf, parent in over.items()}
    return Texts(Base(name, parents | {parent: None for parent in parents.values() if parent}), by_leaf)


def half(texts: Texts, *, tuning: bool) -> Texts:
    """Half of the leaves, by a hash of their names: one half tunes, the other gives the figures."""
    kept = {leaf: said for leaf, said in texts.by_leaf.items() if (hashed(leaf) % 2 == 0) == tuning}
    parents = {leaf: texts.base.parents[leaf] for leaf in kept}
    parents |= {parent: None for parent in parents.values() if parent}
    return Texts(Base(texts.base.name, parents), kept)


def look(texts: Texts, customer: Customer, seed: int, each: int, kept: Path) -> Found:
    """Teach the known leaves with `each` texts, and ask about others under the customer's labels."""
    if kept.exists():
        return Found.read(kept)
    rng = random.Random(seed)
    labels = list(customer.truth)
    known = sorted(set(customer.known.values()))
    taught: list[tuple[str, int]] = []
    asked: list[tuple[str, int]] = []
    for leaf in sorted(customer.calls):
        said = rng.sample(list(texts.by_leaf[leaf]), len(texts.by_leaf[leaf]))
        if leaf in customer.known:
            taught += [(text, known.index(customer.known[leaf])) for text in said[:each]]
        called = customer.calls[leaf]
        rest = said[each : each + ASKED] if called else []
        asked += [(text, labels.index(called[i % len(called)])) for i, text in enumerate(rest)]
    taxonomy = Taxonomy("known", 1, customer.tree.name, tuple(Label(name, name) for name in known))
    columns = TextColumns(
        [text for text, _ in taught], np.zeros(len(taught), np.int64), np.array([y for _, y in taught])
    )
    model = models.fit(TextRecipe(model="linear", seed=seed), columns, customer.tree, [taxonomy])
    taught_k = np.array([name in known for name in customer.tree.names])
    return ask(model, customer.tree, asked, taught_k, seed, kept)


def ask(
    model: TextModel,
    tree: SuperTaxonomy,
    asked: Sequence[tuple[str, int]],
    taught_k: NDArray[np.bool_],
    seed: int,
    kept: Path,
) -> Found:
    """What a model finds in texts of labels, kept in a file."""
    rng, least_k = random.Random(seed), np.full(len(tree), 0.5)
    texts = [text for text, _ in asked]
    found = Found(
        np.array([label for _, label in asked], np.int64),
        finest(tree, model.predict(texts).astype(np.float64), least_k),
        finest(tree, model.predict([_dropped(text, rng) for text in texts]).astype(np.float64), least_k),
        taught_k,
    )
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(kept, **vars(found))
    return found


def _dropped(text: str, rng: random.Random) -> str:
    words = text.split()
    return " ".join([word for word in words if rng.random() > DROPPED] or words[:1])


def sightings(found: Found, labels: int, classes: int, *, blurred: bool = False, seed: int = 0) -> Sightings:
    """Counts; `blurred`, some texts have lost words, and some labels share texts with others, as customers' do."""
    rng = np.random.default_rng(seed)
    label_n, found_n = found.label_n.copy(), found.plain_n
    if blurred:
        found_n = np.where(rng.random(len(label_n)) < rng.uniform(0.2, 1.0), found.dropped_n, found.plain_n)
        for label in np.flatnonzero(rng.random(labels) < 0.5):
            own = np.flatnonzero(found.label_n == label)
            crossed = rng.choice(own, int(len(own) * rng.uniform(0, 0.4)), replace=False)
            label_n[crossed] = rng.integers(labels) if rng.random() < 0.7 else -1
    kept = label_n >= 0
    counts = np.zeros((labels, classes + 1))
    np.add.at(counts, (label_n[kept], found_n[kept]), 1)  # -1, for nothing, is the last column
    return Sightings(counts[:, :-1], counts[:, -1], np.zeros(classes), found.taught_k)
