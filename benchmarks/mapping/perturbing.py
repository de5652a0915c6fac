"""Customers' taxonomies made from a tree by chance: labels renamed, merged, split, new; and what is true of each.

A perturbation draws some classes of a base, builds the super-taxonomy that the model knows, and a customer whose labels
stand to it in known ways. What a thing of a base class is called by the customer follows from the thing's number, so
that every split is the same for the same thing.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sabbatical.taxonomy import ClassNode, SuperTaxonomy

Relation = str
PLAIN, TUNING = ("small", "large", "left", "old", "new", "first"), ("red", "short", "inner", "late", "other", "wet")
"""Words that tell the parts of a split apart: for the figures, and for tuning."""
ENDS, STARTS = ("ra", "ku", "lem", "tor", "vi", "sen", "pol"), ("bra", "mi", "zo", "ken", "ul", "wa", "fre", "do")


@dataclass(frozen=True)
class Base:
    """A tree with names of classes; things are of its leaves. `others`: further names of a class, known to the tree."""

    name: str
    parents: Mapping[str, str | None]
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def leaves(self) -> list[str]:
        inner = set(self.parents.values())
        return [name for name in self.parents if name not in inner]


@dataclass(frozen=True)
class Truth:
    """What a label is: same, child, parent, or new; of which classes of the tree.

    What is new beneath classes that only group others (`groups`) may be called new, or a child of any of them.
    """

    relation: Relation
    classes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def fits(self, relation: str, classes: Sequence[str]) -> bool:
        """Whether a proposal is right."""
        if self.groups and (relation == "new" or (relation == "child" and set(classes) <= self.groups)):
            return True
        return relation == self.relation and set(classes) == self.classes

    def is_near(self, relation: str, classes: Sequence[str], tree: SuperTaxonomy) -> bool:
        """Whether it is right, or every class of it stands above or beneath one that it should be."""
        if self.fits(relation, classes) or not classes or not self.classes:
            return self.fits(relation, classes)
        lines = [(one, own) for one in classes for own in self.classes]
        related = {one for one, own in lines if tree.is_beneath(one, own) or tree.is_beneath(own, one)}
        return related == set(classes)


@dataclass(frozen=True)
class Customer:
    """A perturbation: the tree that is known, the labels, and what a thing of a base class is called.

    `calls[leaf]` are the labels of its parts: a thing takes the one at its number modulo how many there are. A leaf
    that is missing is not drawn. `known[leaf]` is the class of the tree that a model learned it as, if any.
    """

    base: str
    tree: SuperTaxonomy
    truth: Mapping[str, Truth]
    calls: Mapping[str, Sequence[str]]
    known: Mapping[str, str]


@dataclass(frozen=True)
class Chances:
    """How often what happens to a class, and of how many leaves a perturbation is made.

    A range is a customer's own chance, drawn anew for each: some share nearly all with the tree, some hardly anything.
    `named`: parts that have the name of their class in their own, `misleading`: new ones that have that of another.
    Both are as among Made With ML's tags and COCO's stuff, of which 41 of 247 classes have the name of the one above
    them in theirs, and 54 of 468 that of another.
    """

    most: int = 40
    new: tuple[float, float] = (0.05, 0.6)
    undrawn: tuple[float, float] = (0.0, 0.5)
    split: float = 0.15
    merge: float = 0.15
    coarse: float = 0.15
    strange: float = 0.3
    opaque: float = 0.25
    named: float = 0.2
    misleading: float = 0.12


def perturb(
    base: Base,
    seed: int,
    chances: Chances | None = None,
    parts: Sequence[str] = PLAIN,
    new: Sequence[str] | None = None,
) -> Customer:
    """A customer of a base; the same seed gives the same one. `new` are the leaves that no model learned, if set."""
    chances = chances or Chances()
    rng = random.Random(f"{base.name} {seed}")
    leaves = rng.sample(base.leaves, min(chances.most, len(base.leaves)))
    share, undrawn = rng.uniform(*chances.new), rng.uniform(*chances.undrawn)
    unknown = {leaf for leaf in leaves if (rng.random() < share if new is None else leaf in new)}
    there = _cut(rng, _without_only_children(_lineages(base, [one for one in leaves if one not in unknown])), chances)
    style = Style(rng, chances.opaque, chances.named, base.others)
    maker = _Maker(rng, base, there, style, parts, chances, undrawn)
    for leaf in rng.sample(leaves, len(leaves)):
        maker.take(leaf, unknown)
    known = {leaf: _nearest(base, leaf, there) for leaf in leaves if leaf not in unknown}
    nodes = [ClassNode(name, parent, synonyms=tuple(base.others.get(name, ()))) for name, parent in there.items()]
    tree = SuperTaxonomy(base.name, 1, tuple(nodes))
    return Customer(base.name, tree, maker.truth, maker.calls, {k: v for k, v in known.items() if v is not None})


def _cut(rng: random.Random, parents: dict[str, str | None], chances: Chances) -> dict[str, str | None]:
    """Some lowest families are one class without its children: what a customer tells apart is finer than that."""
    families = sorted({parent for parent in parents.values() if parent is not None})
    above = {parents[name] for name in families}
    cut = {name for name in families if rng.random() < chances.coarse and name not in above}
    return {name: parent for name, parent in parents.items() if parent not in cut}


def hashed(text: str) -> int:
    """A number that is the same for the same text in every process."""
    return int(hashlib.md5(text.encode()).hexdigest(), 16)


def _lineages(base: Base, leaves: Sequence[str]) -> dict[str, str | None]:
    """The leaves with all that stands above them, parents of each."""
    found: dict[str, str | None] = {}
    for leaf in sorted(leaves):
        at: str | None = leaf
        while at is not None and at not in found:
            found[at] = base.parents[at]
            at = base.parents[at]
    return found


def _without_only_children(parents: dict[str, str | None]) -> dict[str, str | None]:
    """Without the classes that have one child, which nothing but a name tells from it."""
    while only := next((name for name in parents if list(parents.values()).count(name) == 1), None):
        parents = {n: parents[only] if p == only else p for n, p in parents.items() if n != only}
    return parents


def _nearest(base: Base, name: str | None, there: Mapping[str, str | None]) -> str | None:
    while name is not None and name not in there:
        name = base.parents[name]
    return name


def _line(name: str | None, parents: Mapping[str, str | None]) -> list[str]:
    """A class and those above it."""
    return [] if name is None else [name, *_line(parents[name], parents)]


@dataclass
class _Maker:
    """Decides for one leaf after the other."""

    rng: random.Random
    base: Base
    there: Mapping[str, str | None]
    style: Style
    parts: Sequence[str]
    chances: Chances
    undrawn: float
    truth: dict[str, Truth] = field(default_factory=dict)
    calls: dict[str, list[str]] = field(default_factory=dict)

    def take(self, leaf: str, unknown: set[str]) -> None:
        if leaf in self.calls:
            return
        if leaf in unknown or leaf not in self.there:
            above = _nearest(self.base, self.base.parents[leaf], self.there)
            groups = frozenset(_line(above, self.there)) if above in self.there.values() else frozenset()
            new = Truth("child", frozenset({above}), groups) if above else Truth("new")
            name = self.style.name(leaf)
            if self.rng.random() < self.chances.misleading:
                name = self.style.like(self.rng.choice(sorted(self.there)), self.rng.choice(self.parts))
            self._add(name, [leaf], new)
            return
        if self.rng.random() < self.undrawn:
            self.calls[leaf] = []
            return
        happens = self.rng.random()
        if happens < self.chances.split:
            self._split(leaf)
        elif happens < self.chances.split + self.chances.merge:
            self._merge(leaf, unknown)
        else:
            self._add(self.style.name(leaf), [leaf], Truth("same", frozenset({leaf})))

    def _split(self, leaf: str) -> None:
        words = self.rng.sample(list(self.parts), self.rng.choice((2, 2, 3)))
        self.calls[leaf] = []
        for word in words:
            name = self.style.part(leaf, word)
            self._add(name, [leaf], Truth("child", frozenset({leaf})))

    def _merge(self, leaf: str, unknown: set[str]) -> None:
        parent = self.there[leaf]
        beside = [
            o
            for o, p in self.there.items()
            if p == parent and o != leaf and o not in self.calls and o in self.base.leaves
        ]
        strange = sorted(
            one for one in unknown if one not in self.calls and self.base.parents[one] == self.base.parents[leaf]
        )
        if strange and self.rng.random() < self.chances.strange:  # of one class, and of something that nobody knows
            merged = [leaf, self.rng.choice(strange)]
            self._add(self.style.union(merged, parent), merged, Truth("parent", frozenset({leaf})))
            return
        if not beside:
            self._add(self.style.name(leaf), [leaf], Truth("same", frozenset({leaf})))
            return
        merged = [leaf, *self.rng.sample(beside, min(len(beside), self.rng.choice((1, 1, 2))))]
        family = [name for name, above in self.there.items() if above == parent] if parent else []
        if parent and set(family) == set(merged):
            self._add(self.style.name(parent), merged, Truth("same", frozenset({parent})))
        else:
            self._add(self.style.union(merged, parent), merged, Truth("parent", frozenset(merged)))

    def _add(self, label: str, leaves: Sequence[str], truth: Truth) -> None:
        label = self._unlike(label)
        self.truth[label] = truth
        for leaf in leaves:
            self.calls.setdefault(leaf, []).append(label)

    def _unlike(self, label: str) -> str:
        there, number, free = {name.casefold() for name in self.truth}, 2, label
        while free.casefold() in there:
            free, number = f"{label}{self.style.gap}{number}", number + 1
        return free


class Style:
    """How a customer writes names."""

    def __init__(self, rng: random.Random, opaque: float, named: float, others: Mapping[str, Sequence[str]]) -> None:
        self.rng = rng
        self.opaque = opaque
        self.named = named
        self.others = others
        self.case = rng.choice(("snake", "kebab", "spaces", "camel", "title", "upper"))
        self.gap = {"snake": "_", "kebab": "-", "spaces": " ", "camel": "", "title": " ", "upper": "_"}[self.case]
        self.ahead = rng.choice(("", "", "", "obj", "cls"))

    def name(self, name: str) -> str:
        words = name.replace("_", " ").replace("-", " ").split()
        return self._written(self._changed(name, words))

    def part(self, name: str, word: str) -> str:
        """The name of a part of a class, mostly in words of its own."""
        return self.like(name, word) if self.rng.random() < self.named else self._written([self._opaque()])

    def like(self, name: str, word: str) -> str:
        """A name that says more than that of a class."""
        words = name.replace("_", " ").replace("-", " ").split()
        return self._written([word, *words] if self.rng.random() < 0.5 else [*words, word])

    def union(self, names: Sequence[str], parent: str | None) -> str:
        chance = self.rng.random()
        if chance < 0.4:
            joint: list[str] = []
            for name in names:
                joint += [*(["or"] if joint else []), *name.replace("_", " ").replace("-", " ").split()]
            return self._written(joint)
        if chance < 0.6:
            shared = [
                w
                for w in names[0].replace("-", "_").split("_")
                if all(w in n.replace("-", "_").split("_") for n in names)
            ]
            if shared:
                return self._written(shared)
        return self._written([self._opaque()])

    def _changed(self, name: str, words: list[str]) -> list[str]:
        if self.rng.random() < self.opaque:
            return [self._opaque()]
        ways = ["as it is", "as it is", "plural", "typo", "short", "more"]
        ways += ["order", "less", "joined"] if len(words) > 1 else []
        ways += ["other", "other"] if self.others.get(name) else []
        return self._way(self.rng.choice(ways), name, words)

    def _way(self, way: str, name: str, words: list[str]) -> list[str]:
        rng = self.rng
        ways: dict[str, Callable[[], list[str]]] = {
            "as it is": lambda: words,
            "plural": lambda: [*words[:-1], f"{words[-1]}s"],
            "typo": lambda: _slipped(rng, words),
            "short": lambda: _shortened(words) if rng.random() < 0.5 else _skeletons(words),
            "more": lambda: [*words, rng.choice(("any", "item", "all", "type", "area"))],
            "order": lambda: words[::-1],
            "less": lambda: words[1:] if rng.random() < 0.5 else words[:-1],
            "joined": lambda: ["".join(words)],
            "other": lambda: rng.choice(list(self.others[name])).replace("-", " ").split(),
        }
        return ways[way]()

    def _opaque(self) -> str:
        rng = self.rng
        return rng.choice(STARTS) + rng.choice(ENDS) + rng.choice(("", *ENDS))

    def _written(self, words: Sequence[str]) -> str:
        words = [*([self.ahead] if self.ahead else []), *words]
        if self.case == "camel":
            return words[0].lower() + "".join(word[:1].upper() + word[1:] for word in words[1:])
        if self.case == "title":
            return " ".join(word[:1].upper() + word[1:] for word in words)
        joined = self.gap.join(words)
        return joined.upper() if self.case == "upper" else joined


def _slipped(rng: random.Random, words: list[str]) -> list[str]:
    place = max(range(len(words)), key=lambda i: len(words[i]))
    word = words[place]
    if len(word) < 3:
        return words
    at = rng.randrange(1, len(word) - 1)
    slip = rng.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
        )
    )
    return [*words[:place], slip, *words[place + 1 :]]


def _shortened(words: list[str]) -> list[str]:
    return [word[: max(3, len(word) // 2)] for word in words]


def _skeletons(words: list[str]) -> list[str]:
    return [word[0] + "".join(letter for letter in word[1:] if letter not in "aeiou") for word in words]
