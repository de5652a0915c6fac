"""A customer's taxonomy: its labels, what each maps to in the super-taxonomy, and its labeling rules.

Shapes: l labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy.attributes import Attributes, Rules, read_attributes, read_rules, write_attributes
from sabbatical.taxonomy.classes import IGNORE
from sabbatical.taxonomy.documents import (
    Document,
    dump_yaml,
    located,
    mapping,
    parse_yaml,
    read_text,
    text,
    texts,
    version,
)
from sabbatical.taxonomy.names import did_you_mean, folded, listed, quoted, same_named
from sabbatical.taxonomy.tree import SuperTaxonomy

UNDECIDED = "undecided"
"""Instead of a class: a label that a proposal left for a person to decide, with the classes it may stand for."""

_FIELDS = ("class", "one_of", "attributes", "replaces")
_SHOWN = 5


@dataclass(frozen=True)
class Label:
    """What one name of a customer means.

    `to` is a class of the super-taxonomy, at any depth, or None: drawn, but never trained on. `one_of` narrows a
    coarse class to some of the classes beneath it (a `Two_wheeler` is a vehicle, namely a bicycle or a motorbike); such
    a label covers only those. `since` names the labels of the version before that it replaces.
    """

    name: str
    to: str | None
    attributes: Attributes = field(default_factory=dict, hash=False)
    since: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    @property
    def ignored(self) -> bool:
        return self.to is None

    @property
    def drawn(self) -> tuple[str, ...]:
        """The classes whose instances the customer draws under this name."""
        return self.one_of or (() if self.to is None else (self.to,))


@dataclass(frozen=True)
class Taxonomy:
    """One version of a customer's label set.

    Raises BadTaxonomy: no labels, two labels of one name (also when they differ only in case or white space).
    """

    name: str
    version: int
    super_taxonomy: str
    labels: tuple[Label, ...]
    rules: Rules = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        with located(f"taxonomy '{self.name}'"):
            if not self.labels:
                raise BadTaxonomy("There are no labels.", hint="Name at least one under 'labels'.")
            for group in same_named(label.name for label in self.labels):
                message = f"{len(group)} labels have one name: {quoted(group)}."
                raise BadTaxonomy(message, hint="Case and white space do not make a new label; rename or remove one.")

    def __len__(self) -> int:
        return len(self.labels)

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __getitem__(self, name: str) -> Label:
        return self.labels[self.index(name)]

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(label.name for label in self.labels)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}

    @cached_property
    def _folded(self) -> dict[str, str]:
        return {folded(name): name for name in self.names}

    def index(self, name: str) -> int:
        """The row of a label. Raises BadTaxonomy with the nearest names."""
        try:
            return self._index[name]
        except KeyError:
            message = f"Version {self.version} of '{self.name}' has no label '{name}'."
            raise BadTaxonomy(message, hint=did_you_mean(name, self.names)) from None

    def find(self, name: str) -> Label | None:
        """The label of this name, whatever its case and white space, or None."""
        known = self._folded.get(folded(name))
        return None if known is None else self[known]

    def require_classes(self, super_: SuperTaxonomy) -> None:
        """Raises BadTaxonomy that names what the labels need and `super_` lacks, with the nearest classes."""
        problems = [problem for label in self.labels for problem in mapping_problems(super_, label)]
        if problems:
            hints = " ".join(dict.fromkeys(hint for _, hint in problems))
            messages = " ".join(message for message, _ in problems)
            raise BadTaxonomy(messages, where=f"taxonomy '{self.name}'", hint=hints)

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Taxonomy:
        """Reads `taxonomy`, `version` (1 if left out), `super-taxonomy`, `rules` and `labels`.

        Labels are `{Human: person, Statue: ignore, Adult: {class: adult, attributes: {...}, replaces: [...]}}`, or a
        list of `{name: Adult, class: adult, ...}` in which a text maps to the class of its name. Raises BadTaxonomy.
        """
        fields = mapping(document, "a taxonomy", ("taxonomy", "version", "super-taxonomy", "labels", "rules"))
        name = text(fields.get("taxonomy"), "'taxonomy', the name of the label set,")
        with located(f"taxonomy '{name}'"):
            number = version(fields.get("version", 1))
            above = text(fields.get("super-taxonomy"), "'super-taxonomy', the tree that the labels map to,")
            rules = read_rules(fields.get("rules"), "the taxonomy")
            entries = _entries(fields.get("labels"))
            _refuse_undecided(entries)
            labels = tuple(_read_label(name, body) for name, body in entries)
        return cls(name, number, above, labels, rules)

    def to_document(self) -> Document:
        """`from_document` of it gives this taxonomy again."""
        head: Document = {"taxonomy": self.name, "version": self.version, "super-taxonomy": self.super_taxonomy}
        if self.rules:
            head["rules"] = dict(self.rules)
        return head | {"labels": {label.name: _write_label(label) for label in self.labels}}

    @classmethod
    def from_yaml(cls, yaml_text: str, where: str | None = None) -> Taxonomy:
        """Raises BadTaxonomy; `where` (the file) stands first in what it says."""
        with located(where):
            return cls.from_document(parse_yaml(yaml_text))

    def to_yaml(self) -> str:
        return dump_yaml(self.to_document())

    @classmethod
    def read(cls, path: Path) -> Taxonomy:
        return cls.from_yaml(read_text(path), where=str(path))

    def write(self, path: Path) -> None:
        path.write_text(self.to_yaml(), encoding="utf-8")


def mapping_problems(super_: SuperTaxonomy, label: Label) -> list[tuple[str, str]]:
    """What keeps a label from standing for classes of `super_`, each as (message, hint)."""
    tree = f"version {super_.version} of '{super_.name}'"
    named = [name for name in (label.to, *label.one_of) if name is not None]
    missing = [name for name in named if name not in super_]
    if missing:
        return [
            (f"Label '{label.name}' maps to '{name}', which {tree} does not have.", did_you_mean(name, super_.names))
            for name in missing
        ]
    stray = [name for name in label.one_of if label.to is not None and not super_.is_beneath(name, label.to)]
    if stray:
        message = f"Label '{label.name}' is one of {quoted(stray, 'or')}, which do not stand beneath '{label.to}'."
        return [(message, "Map it to a class above all of them.")]
    return []


def _entries(labels: object) -> list[tuple[str, object]]:
    if not isinstance(labels, list):
        return list(mapping({} if labels is None else labels, "'labels'").items())
    entries: list[tuple[str, object]] = []
    for position, entry in enumerate(labels, start=1):
        if isinstance(entry, str):
            entries.append((entry, entry))
        else:
            fields = mapping(entry, f"label {position}", (*_FIELDS, "name"))
            name = text(fields.pop("name", None), f"the name of label {position}")
            entries.append((name, fields))
    return entries


def _refuse_undecided(entries: Sequence[tuple[str, object]]) -> None:
    """Raises BadTaxonomy that names the labels that a person has still to decide."""
    left = {name: body[UNDECIDED] for name, body in entries if isinstance(body, Mapping) and UNDECIDED in body}
    if not left:
        return
    told = [_undecided(name, texts(one, f"'{UNDECIDED}' of '{name}'")) for name, one in list(left.items())[:_SHOWN]]
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    are = "is" if len(left) == 1 else "are"
    message = f"{len(left)} of {len(entries)} labels {are} still undecided: {', '.join(told)}{more}."
    raise BadTaxonomy(message, hint=f"In place of '{UNDECIDED}' write a class of the tree, or '{IGNORE}'.")


def _undecided(name: str, choices: Sequence[str]) -> str:
    return f"'{name}' ({listed(choices, 'or')})" if choices else f"'{name}'"


def _read_label(key: str, body: object) -> Label:
    name = text(key, "the name of a label")
    what = f"label '{name}'"
    fields: Document = {"class": body} if isinstance(body, str) else {}
    if body is not None and not fields:
        fields = mapping(body, what, _FIELDS)
    if fields.get("class") is None:
        raise BadTaxonomy(f"Label '{name}' maps to nothing.", hint=f"Write a class of the tree, or '{IGNORE}'.")
    to = text(fields["class"], f"the class of {what}")
    return Label(
        name=name,
        to=None if folded(to) == IGNORE else to,
        attributes=read_attributes(fields.get("attributes"), what),
        since=texts(fields.get("replaces"), f"'replaces' of {what}"),
        one_of=texts(fields.get("one_of"), f"'one_of' of {what}"),
    )


def _write_label(label: Label) -> str | Document:
    to = IGNORE if label.to is None else label.to
    fields: Document = {"class": to}
    if label.one_of:
        fields["one_of"] = list(label.one_of)
    if label.attributes:
        fields["attributes"] = write_attributes(label.attributes)
    if label.since:
        fields["replaces"] = list(label.since)
    return fields if len(fields) > 1 else to
