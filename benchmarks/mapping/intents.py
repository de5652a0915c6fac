"""Three sets of intents with a mapping decided by hand: each is the new customer of a tree that the other two made.

Of the decided tree only what the other two name stays, and classes that group it. What is true of a label follows from
where its class stands.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path

import numpy as np

from benchmarks.mapping.perturbing import Truth, hashed
from benchmarks.mapping.texts import SETS, Found, ask, read
from sabbatical.learning.text import models
from sabbatical.learning.text.recipe import TextRecipe
from sabbatical.learning.text.texts import TextColumns
from sabbatical.taxonomy import ClassNode, Label, SuperTaxonomy, Taxonomy

TAUGHT, ASKED = 30, 60
IGNORED = "ignore"
Link = Mapping[str, str]


@dataclass(frozen=True)
class Newcomer:
    """A customer, the tree without what only it has, and the truth of each of its labels with how sure people were."""

    name: str
    tree: SuperTaxonomy
    truth: Mapping[str, Truth]
    clear: Mapping[str, bool]
    teachers: Sequence[Taxonomy]


def newcomers() -> list[Newcomer]:
    """Each of the three sets in turn."""
    with resources.as_file(resources.files("sabbatical.catalogue") / "intents") as folder:
        tree = SuperTaxonomy.read(Path(folder) / "intents.yaml")
        with (Path(folder) / "links.csv").open(newline="") as file:
            links = list(csv.DictReader(file))
    return [_newcomer(name, tree, links) for name in SETS]


def _newcomer(name: str, whole: SuperTaxonomy, links: Sequence[Link]) -> Newcomer:
    own = [link for link in links if link["customer"] == name and link["class"] != IGNORED]
    theirs = {link["class"] for link in links if link["customer"] != name} - {IGNORED}
    tree = _without(whole, {link["class"] for link in own} - theirs, theirs)
    truth = {link["label"]: _truth(link["class"], whole, tree, theirs) for link in own}
    teachers = [_taxonomy(other, tree, links) for other in SETS if other != name]
    return Newcomer(name, tree, truth, {link["label"]: link["certainty"] == "clear" for link in own}, teachers)


def _without(whole: SuperTaxonomy, gone: set[str], named: set[str]) -> SuperTaxonomy:
    """The tree without some classes, and without those that then group nothing."""

    def above(name: str) -> str | None:
        parent = whole[name].parent
        while parent is not None and parent in gone:
            parent = whole[parent].parent
        return parent

    nodes = [replace(node, parent=above(node.name)) for node in whole.classes if node.name not in gone]
    while True:
        inner = {node.parent for node in nodes}
        kept = [node for node in nodes if node.name in inner or node.name in named]
        if len(kept) == len(nodes):
            return SuperTaxonomy(whole.name, 1, tuple(ClassNode(node.name, node.parent) for node in nodes))
        nodes = kept


def _truth(name: str, whole: SuperTaxonomy, tree: SuperTaxonomy, named: set[str]) -> Truth:
    if name in tree:
        return Truth("same", frozenset({name}))
    beneath = [one for one in whole.subtree(name) if one in tree]
    top = [one for one in beneath if not any(one != other and whole.is_beneath(one, other) for other in beneath)]
    if top:
        return Truth("parent", frozenset(top))
    over = [one for one in whole.lineage(name) if one in tree]
    if not over:
        return Truth("new")
    groups = frozenset() if over[-1] in named else frozenset(one for one in over if one not in named)
    return Truth("child", frozenset({over[-1]}), groups)


def _taxonomy(name: str, tree: SuperTaxonomy, links: Sequence[Link]) -> Taxonomy:
    rows = [link for link in links if link["customer"] == name]
    labels = [Label(link["label"], None if link["class"] == IGNORED else link["class"]) for link in rows]
    return Taxonomy(name, 1, tree.name, tuple(labels))


def look(newcomer: Newcomer, mirror: Path, kept: Path) -> Found:
    """Teach from the two others, and ask about the newcomer's texts."""
    if kept.exists():
        return Found.read(kept)
    texts: list[str] = []
    places: list[tuple[int, int]] = []
    for t, taxonomy in enumerate(newcomer.teachers):
        said = read(taxonomy.name, mirror).by_leaf
        for row, label in enumerate(taxonomy.names):
            chosen = sorted(said.get(label, ()), key=hashed)[:TAUGHT]
            texts += chosen
            places += [(t, row)] * len(chosen)
    taxonomy_n, label_n = np.array(places, np.int64).T
    columns = TextColumns(texts, taxonomy_n, label_n)
    model = models.fit(TextRecipe(model="linear"), columns, newcomer.tree, list(newcomer.teachers))
    own = read(newcomer.name, mirror).by_leaf
    asked = [(text, row) for row, name in enumerate(newcomer.truth) for text in sorted(own[name], key=hashed)[:ASKED]]
    named = {label.to for taxonomy in newcomer.teachers for label in taxonomy.labels}
    return ask(model, newcomer.tree, asked, np.array([name in named for name in newcomer.tree.names]), 0, kept)
