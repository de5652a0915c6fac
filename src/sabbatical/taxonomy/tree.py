"""The super-taxonomy: one tree of classes, shared by every customer's taxonomy of a domain.

Shapes: k classes of the tree, parents first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadTaxonomy
from sabbatical.taxonomy.attributes import AttributeKind, Rule, Rules, read_rules
from sabbatical.taxonomy.classes import ClassNode, parents_first, read_classes, write_classes
from sabbatical.taxonomy.documents import Document, dump_yaml, located, mapping, parse_yaml, read_text, text, version
from sabbatical.taxonomy.names import did_you_mean


@dataclass(frozen=True)
class SuperTaxonomy:
    """A versioned tree (or several) of classes, which may be given in any order and are kept parents first.

    `rules` are the target rules of every class that does not state its own. Raises BadTaxonomy, naming the classes:
    no classes, two of one name, an unknown parent, a cycle (with its path), `exhaustive` without children.
    """

    name: str
    version: int
    classes: tuple[ClassNode, ...]
    rules: Rules = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        with located(f"super-taxonomy '{self.name}'"):
            object.__setattr__(self, "classes", parents_first(tuple(self.classes)))

    def __len__(self) -> int:
        return len(self.classes)

    def __contains__(self, name: object) -> bool:
        return name in self._index

    def __getitem__(self, name: str) -> ClassNode:
        return self.classes[self.index(name)]

    def index(self, name: str) -> int:
        """The column of a class. Raises BadTaxonomy with the nearest names."""
        try:
            return self._index[name]
        except KeyError:
            message = f"Version {self.version} of '{self.name}' has no class '{name}'."
            raise BadTaxonomy(message, hint=did_you_mean(name, self.names)) from None

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.classes)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.names)}

    @cached_property
    def parent_k(self) -> NDArray[np.int64]:
        """int64 [k]: the parent's column, -1 for a root."""
        parents = [-1 if node.parent is None else self._index[node.parent] for node in self.classes]
        parent_k = np.array(parents, dtype=np.int64)
        parent_k.setflags(write=False)
        return parent_k

    @cached_property
    def ancestors_kk(self) -> NDArray[np.bool_]:
        """bool [k, k]: row k marks k and its ancestors, so column k marks k and its descendants."""
        ancestors_kk = np.eye(len(self), dtype=np.bool_)
        for k, parent in enumerate(self.parent_k):
            if parent >= 0:
                ancestors_kk[k] |= ancestors_kk[parent]
        ancestors_kk.setflags(write=False)
        return ancestors_kk

    @cached_property
    def depth_k(self) -> NDArray[np.int64]:
        """int64 [k]: 0 for a root."""
        depth_k: NDArray[np.int64] = self.ancestors_kk.sum(axis=1, dtype=np.int64) - 1
        depth_k.setflags(write=False)
        return depth_k

    @cached_property
    def roots(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.classes if node.parent is None)

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        inner = {node.parent for node in self.classes}
        return tuple(name for name in self.names if name not in inner)

    def children(self, name: str) -> tuple[str, ...]:
        return self._named(self.parent_k == self.index(name))

    def lineage(self, name: str) -> tuple[str, ...]:
        """The class and its ancestors, from the root down to it."""
        return self._named(self.ancestors_kk[self.index(name)])

    def subtree(self, name: str) -> tuple[str, ...]:
        """The class and all classes beneath it, parents first."""
        return self._named(self.ancestors_kk[:, self.index(name)])

    def is_beneath(self, name: str, above: str) -> bool:
        """Whether `name` is `above` or one of its descendants."""
        return bool(self.ancestors_kk[self.index(name), self.index(above)])

    def common_ancestor(self, names: Iterable[str]) -> str | None:
        """The deepest class that is, or stands above, each of `names`; None where there is none."""
        rows = [self.index(name) for name in names]
        shared = self._named(np.logical_and.reduce(self.ancestors_kk[rows])) if rows else ()
        return shared[-1] if shared else None

    def rules_of(self, name: str) -> dict[str, Rule]:
        """The target rules of a class: the tree's, overridden by its ancestors' from the root down, then by its own."""
        return dict(self.rules) | {key: rule for each in self.lineage(name) for key, rule in self[each].rules.items()}

    def attributes_of(self, name: str) -> dict[str, AttributeKind]:
        """The attributes of a class, with those that its ancestors hand down."""
        return {key: kind for each in self.lineage(name) for key, kind in self[each].attributes.items()}

    def _named(self, mask_k: NDArray[np.bool_]) -> tuple[str, ...]:
        return tuple(self.names[k] for k in np.flatnonzero(mask_k))

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> SuperTaxonomy:
        """Reads `super-taxonomy`, `version` (1 if left out), `rules` and `classes`, see `read_classes`.

        Raises BadTaxonomy.
        """
        fields = mapping(document, "a super-taxonomy", ("super-taxonomy", "version", "classes", "rules"))
        name = text(fields.get("super-taxonomy"), "'super-taxonomy', the name of the tree,")
        with located(f"super-taxonomy '{name}'"):
            number = version(fields.get("version", 1))
            rules = read_rules(fields.get("rules"), "the tree")
            classes = read_classes(fields.get("classes"))
        return cls(name, number, classes, rules)

    def to_document(self) -> Document:
        """The nested form; `from_document` of it gives this super-taxonomy again."""
        head: Document = {"super-taxonomy": self.name, "version": self.version}
        if self.rules:
            head["rules"] = dict(self.rules)
        return head | {"classes": write_classes(self.classes)}

    @classmethod
    def from_yaml(cls, yaml_text: str, where: str | None = None) -> SuperTaxonomy:
        """Raises BadTaxonomy; `where` (the file) stands first in what it says."""
        with located(where):
            return cls.from_document(parse_yaml(yaml_text))

    def to_yaml(self) -> str:
        return dump_yaml(self.to_document())

    @classmethod
    def read(cls, path: Path) -> SuperTaxonomy:
        return cls.from_yaml(read_text(path), where=str(path))

    def write(self, path: Path) -> None:
        path.write_text(self.to_yaml(), encoding="utf-8")
