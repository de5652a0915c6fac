"""A proposal as files that a person corrects: the customer's taxonomy, and the tree's next version where it lacks some.

What is decided is written so that `taxonomy add` takes it; what is not, so that it refuses it (`undecided`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sabbatical.taxonomy.classes import ClassNode
from sabbatical.taxonomy.documents import Document, dump_yaml
from sabbatical.taxonomy.labels import UNDECIDED
from sabbatical.taxonomy.names import listed, loosely
from sabbatical.taxonomy.proposing.proposal import Proposal, way_said
from sabbatical.taxonomy.tree import SuperTaxonomy


@dataclass(frozen=True)
class Draft:
    """The customer's label set as far as it is known: `decided` bodies of labels stay as they are."""

    name: str
    version: int
    decided: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Files:
    """Two YAML texts. `tree` is None where the tree has all that is needed; `added` are its new classes."""

    taxonomy: str
    tree: str | None
    added: tuple[str, ...]
    undecided: tuple[str, ...]


@dataclass
class _Growth:
    """The tree with what labels need and it lacks. Only added to: what stands there goes on to mean the same."""

    tree: SuperTaxonomy
    customer: str
    added: list[str] = field(default_factory=list)

    def beneath(self, parent: str | None, label: str) -> str:
        """A new class."""
        name = self._free(label)
        self._with([*self.tree.classes, ClassNode(name, parent)], name)
        return name

    def above(self, classes: Sequence[str], label: str) -> str:
        """A new class between some classes of one family and what stands above them."""
        name = self._free(label)
        parent = self.tree[classes[0]].parent
        moved = [replace(node, parent=name) if node.name in classes else node for node in self.tree.classes]
        self._with([*moved, ClassNode(name, parent)], name)
        return name

    def _free(self, label: str) -> str:
        """A name that no class has: the label's own, or with the customer's behind it."""
        there = {loosely(name) for node in self.tree.classes for name in (node.name, *node.synonyms)} | {"ignore"}
        free, number = label, 2
        while loosely(free) in there:
            free, number = f"{label} of {self.customer}" + (f" {number}" if number > 2 else ""), number + 1
        return free

    def _with(self, classes: Sequence[ClassNode], name: str) -> None:
        self.tree = SuperTaxonomy(self.tree.name, self.tree.version, tuple(classes), self.tree.rules)
        self.added.append(name)


def write(draft: Draft, tree: SuperTaxonomy, proposals: Sequence[Proposal], head: Sequence[str] = ()) -> Files:
    """The files of a proposal; `head` are sentences that stand first in them."""
    growth = _Growth(tree, draft.name)
    bodies: dict[str, Any] = dict(draft.decided)
    remarks = {label: ["as it was decided"] for label in draft.decided}
    for one in proposals:
        bodies[one.label], placed = _body(one, growth)
        remarks[one.label] = [*_reasons(one), *([placed] if placed else [])]
    document: Document = {"taxonomy": draft.name, "version": draft.version, "super-taxonomy": tree.name}
    if draft.rules:
        document["rules"] = dict(draft.rules)
    undecided = tuple(one.label for one in proposals if _is_left(bodies[one.label]))
    lines = [*_comments(head, ""), dump_yaml(document).rstrip("\n"), "labels:"]
    for label, body in bodies.items():
        lines += _comments(remarks[label], "  ")
        lines += [f"  {line}" for line in dump_yaml({label: body}, short=True).rstrip("\n").splitlines()]
    return Files("\n".join(lines) + "\n", _tree_file(tree, growth), tuple(growth.added), undecided)


def _is_left(body: Any) -> bool:
    return isinstance(body, dict) and UNDECIDED in body


def _body(one: Proposal, growth: _Growth) -> tuple[Any, str]:
    """What stands behind a label, and where a class was put for it."""
    if one.relation == "same":
        return one.classes[0], ""
    if one.relation == "new":
        name = growth.beneath(None, one.label)
        return name, f"{name} is a new class at the top of the tree; put it where it belongs, or write ignore"
    if one.relation == "child":
        return _part_of(one.classes[0], one.label, growth)
    if one.relation == "parent":
        return _whole_of(one, growth)
    choices = dict.fromkeys(name for way in one.ways for name in way.classes if one.names or one.seen)
    return {UNDECIDED: [*choices]}, "write a class of the tree, a new one, or ignore"


def _part_of(parent: str, label: str, growth: _Growth) -> tuple[Any, str]:
    if growth.tree[parent].exhaustive:
        return parent, f"{parent} is said to have no other children; right if all of it is drawn under some label"
    name = growth.beneath(parent, label)
    return name, f"{name} is a new class beneath {parent}; or write {parent}, if all of it is drawn under some label"


def _whole_of(one: Proposal, growth: _Growth) -> tuple[Any, str]:
    tree = growth.tree
    common = tree.common_ancestor(one.classes) if len(one.classes) > 1 else None
    if common is not None:
        return {"class": common, "one_of": list(one.classes)}, ""
    if len({tree[name].parent for name in one.classes}) > 1:
        remark = f"{listed(one.classes)} stand in different branches; part the label, or write one of them"
        return {UNDECIDED: list(one.classes)}, remark
    name = growth.above(one.classes, one.label)
    return name, f"{name} is a new class above {listed(one.classes)}"


def _reasons(one: Proposal) -> list[str]:
    """The proposal and its evidence, a sentence each."""
    first = f"{'ambiguous: ' if one.relation == 'ambiguous' else ''}{one.said} ({one.chance:.0%})"
    if one.relation != "ambiguous" and len(one.ways) > 1:
        rest = [f"{way_said(way.relation, way.classes)} ({way.chance:.0%})" for way in one.ways[1:]]
        first += f"; else {' or '.join(rest)}"
    return [first, *evidence(one)]


def evidence(one: Proposal) -> list[str]:
    """What speaks for a proposal, in words and figures."""
    said = [named.words for named in one.names]
    for seen in one.seen:
        low, high = seen.interval
        said.append(
            f"{seen.class_name} is found on {seen.found:,} of {seen.of:,} ({low:.0%} to {high:.0%}; on other labels "
            f"{seen.chance:.0%}), and {seen.hold:.0%} of what is found to be {seen.class_name} has this label."
        )
    if one.looked_at and one.nothing > one.looked_at / 2:
        said.append(f"Nothing is found on {one.nothing:,} of {one.looked_at:,}.")
    return [*said, *one.notes]


def _tree_file(tree: SuperTaxonomy, growth: _Growth) -> str | None:
    if not growth.added:
        return None
    grown = replace(growth.tree, version=tree.version + 1)
    head = [f"Version {tree.version} of {tree.name} with what it lacked: {listed(growth.added)}."]
    return "\n".join([*_comments(head, ""), grown.to_yaml()])


def _comments(sentences: Sequence[str], indent: str) -> list[str]:
    return [f"{indent}# {' '.join(sentence.split())}" for sentence in sentences]
