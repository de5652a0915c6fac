"""The classes of a tree: how documents write them, and what makes them a tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy.attributes import Attributes, Rules, read_attributes, read_rules, write_attributes
from sabbatical.taxonomy.documents import Document, flag, mapping, text, texts
from sabbatical.taxonomy.names import did_you_mean, folded, quoted, same_named

IGNORE = "ignore"
"""What a label maps to that is drawn but never trained on; so no class may have this name."""

MOST_CLASSES = 10_000
_FIELDS = ("exhaustive", "synonyms", "attributes", "rules")


@dataclass(frozen=True)
class ClassNode:
    """One class of the tree.

    `exhaustive` says that every instance of the class is an instance of one of its children. `attributes` and `rules`
    (the target rules: how its boxes should be drawn) hold for the classes beneath it too.
    """

    name: str
    parent: str | None = None
    exhaustive: bool = False
    synonyms: tuple[str, ...] = ()
    attributes: Attributes = field(default_factory=dict, hash=False)
    rules: Rules = field(default_factory=dict, hash=False)


def read_classes(classes: object) -> tuple[ClassNode, ...]:
    """Classes in the nested form, or the flat one in which a text stands for a class at the top. Raises BadTaxonomy.

    Nested: `{person: {exhaustive: true, children: {adult: {}, child: {}}}}`; flat: `[{name: adult, parent: person}]`.
    """
    if isinstance(classes, list):
        return tuple(_read_entry(entry, position) for position, entry in enumerate(classes, start=1))
    return tuple(_read_nested({} if classes is None else classes))


def write_classes(classes: Iterable[ClassNode]) -> Document:
    """The nested form of classes that stand parents first."""
    written: dict[str | None, Document] = {None: {}}
    for node in classes:
        fields: Document = {}
        if node.exhaustive:
            fields["exhaustive"] = True
        if node.synonyms:
            fields["synonyms"] = list(node.synonyms)
        if node.attributes:
            fields["attributes"] = write_attributes(node.attributes)
        if node.rules:
            fields["rules"] = dict(node.rules)
        above = written[node.parent]
        siblings = above if node.parent is None else above.setdefault("children", {})
        siblings[node.name] = written[node.name] = fields
    return written[None]


def parents_first(classes: tuple[ClassNode, ...]) -> tuple[ClassNode, ...]:
    """The classes in pre-order, siblings as given, so that every way to write one tree gives the same columns.

    Raises BadTaxonomy where they are not a tree.
    """
    _refuse_bad_names(classes)
    _refuse_unknown_parents(classes)
    _refuse_cycles(classes)
    _refuse_exhaustive_leaves(classes)
    beneath: dict[str | None, list[ClassNode]] = {}
    for node in classes:
        beneath.setdefault(node.parent, []).append(node)
    ordered: list[ClassNode] = []
    waiting = beneath[None][::-1]
    while waiting:
        ordered.append(waiting.pop())
        waiting.extend(beneath.get(ordered[-1].name, [])[::-1])
    return tuple(ordered)


def _read_nested(classes: object) -> Iterable[ClassNode]:
    waiting: list[tuple[tuple[str, ...], object]] = [((), classes)]
    count = 0
    while waiting:
        path, siblings = waiting.pop()
        for key, body in mapping(siblings, f"the children of '{path[-1]}'" if path else "'classes'").items():
            name = text(key, "the name of a class")
            if name in path:  # a YAML alias can point at what it stands in
                raise BadTaxonomy(f"The classes go in a circle: {' > '.join((*path, name))}.")
            count += 1
            if count > MOST_CLASSES:
                raise BadTaxonomy(f"There are more than {MOST_CLASSES:,} classes.")
            fields = mapping({} if body is None else body, f"class '{name}'", (*_FIELDS, "children"))
            yield _read_class(name, path[-1] if path else None, fields)
            if fields.get("children") is not None:
                waiting.append(((*path, name), fields["children"]))


def _read_entry(entry: object, position: int) -> ClassNode:
    fields = mapping(
        {"name": entry} if isinstance(entry, str) else entry, f"class {position}", (*_FIELDS, "name", "parent")
    )
    name = text(fields.get("name"), f"the name of class {position}")
    parent = fields.get("parent")
    return _read_class(name, None if parent is None else text(parent, f"the parent of '{name}'"), fields)


def _read_class(name: str, parent: str | None, fields: Mapping[str, Any]) -> ClassNode:
    what = f"class '{name}'"
    return ClassNode(
        name=name,
        parent=parent,
        exhaustive=flag(fields.get("exhaustive", False), f"'exhaustive' of {what}"),
        synonyms=texts(fields.get("synonyms"), f"the synonyms of {what}"),
        attributes=read_attributes(fields.get("attributes"), what),
        rules=read_rules(fields.get("rules"), what),
    )


def _refuse_bad_names(classes: tuple[ClassNode, ...]) -> None:
    if not classes:
        raise BadTaxonomy("There are no classes.", hint="Name at least one under 'classes'.")
    names = [node.name for node in classes]
    if any(folded(name) == IGNORE for name in names):
        raise BadTaxonomy(f"No class may be named '{IGNORE}': labels that are never trained on map to it.")
    groups = same_named(names)
    if groups:
        told = "; ".join(quoted(_place(node) for node in classes if node.name in group) for group in groups)
        hint = "A class has one place in the tree; case and white space make no other name. Rename or remove one."
        raise BadTaxonomy(f"Classes of one name: {told}.", hint=hint)


def _place(node: ClassNode) -> str:
    return f"{node.parent} > {node.name}" if node.parent else node.name


def _refuse_unknown_parents(classes: tuple[ClassNode, ...]) -> None:
    names = {node.name: None for node in classes}
    for node in classes:
        if node.parent is not None and node.parent not in names:
            others = [name for name in names if name != node.name]
            message = f"Class '{node.name}' has the parent '{node.parent}', which is not a class."
            raise BadTaxonomy(message, hint=did_you_mean(node.parent, others))


def _refuse_cycles(classes: tuple[ClassNode, ...]) -> None:
    parent_of = {node.name: node.parent for node in classes}
    sound: set[str] = set()
    for start in parent_of:
        path: dict[str, None] = {}
        name: str | None = start
        while name is not None and name not in sound and name not in path:
            path[name] = None
            name = parent_of[name]
        if name is not None and name in path:
            upwards = list(path)
            circle = [*upwards[upwards.index(name) :], name][::-1]
            hint = f"Give one of {quoted(circle[1:])} another parent, or none."
            raise BadTaxonomy(f"The classes go in a circle: {' > '.join(circle)}.", hint=hint)
        sound.update(path)


def _refuse_exhaustive_leaves(classes: tuple[ClassNode, ...]) -> None:
    parents = {node.parent for node in classes}
    leaves = [node.name for node in classes if node.exhaustive and node.name not in parents]
    if leaves:
        hint = "Exhaustive means that every instance is one of the children: name them, or leave it out."
        raise BadTaxonomy(f"{quoted(leaves)} cannot be exhaustive without children.", hint=hint)
