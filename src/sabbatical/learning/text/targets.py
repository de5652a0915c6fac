"""What the labels of texts say about the classes: rows of targets, and of what is known.

A coarse label says nothing about its children, and (under column masking) a label of one customer says nothing about
what that customer never looks at.
Legend: n texts, t taxonomies, l labels of a taxonomy (padded), k classes, c columns of a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput, EmptyDataset
from sabbatical.learning.parts import Part
from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.texts import UNLABELED, Floats, Ints, Masking, TextColumns
from sabbatical.taxonomy import SuperTaxonomy, TableBank, Taxonomy, bank, masked_tables

Bools = NDArray[np.bool_]


class Targets(Protocol):
    """What a model learns."""

    @property
    def tree(self) -> ClassTree:
        """The classes."""

    @property
    def phrases(self) -> tuple[tuple[str, ...], ...]:
        """All names of each class."""

    def rows(self, columns: TextColumns) -> tuple[Floats, Floats]:
        """Target, and whether it can be learned from, float32[n,k] each."""

    def doubtful(self, columns: TextColumns) -> Bools:
        """bool[n,k]: denied by a taxonomy that never looks at the class."""

    @property
    def path_tlk(self) -> Floats:
        """float32[t,l,k]: the classes whose chances make up each label's probability; zeros for what is ignored."""


@dataclass(frozen=True, eq=False)
class TargetTables:
    """The tree, the tables of every taxonomy over it, and all names of each class.

    `looked_tlk` bool: what the labels speak of by column masking, whatever the masking of `bank`. `path_tlk` float32:
    the classes whose chances make up each label's probability.
    """

    tree: ClassTree
    bank: TableBank
    looked_tlk: Bools
    path_tlk: Floats
    phrases: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, super_taxonomy: SuperTaxonomy, taxonomies: Sequence[Taxonomy], masking: Masking) -> TargetTables:
        """The tables under a masking: `none` (the naive super-dataset), `column`, or `tree`.

        Raises:
            BadTaxonomy: a taxonomy needs a class that the super-taxonomy lacks.
            BadInput: there is no taxonomy.
        """
        each = [masked_tables(super_taxonomy, taxonomy, masking, flat=True) for taxonomy in taxonomies]
        plain = bank([masked_tables(super_taxonomy, taxonomy, "column") for taxonomy in taxonomies])
        phrases = tuple((node.name, *node.synonyms) for node in super_taxonomy.classes)
        told = bank(each)
        flat = masking != "tree"
        path_tlk = _alone(told) if flat else told.target_tlk
        return cls(ClassTree.of(super_taxonomy, flat=flat), told, plain.known_tlk > 0, path_tlk, phrases)

    def rows(self, columns: TextColumns) -> tuple[Floats, Floats]:
        """Target, and whether it can be learned from, float32[n,k] each; both are zero where a text has no label.

        Raises:
            BadInput: a taxonomy or label outside the tables, naming the text.
            EmptyDataset: no text carries a label that can be learned from.
        """
        target_nk, known_nk = self.told(columns)
        if not known_nk.any():
            raise EmptyDataset("No text carries a label to learn from.", hint="Label some texts, or map their labels.")
        return target_nk, self.tree.learnable(target_nk, known_nk)

    def told(self, columns: TextColumns) -> tuple[Floats, Floats]:
        """Target, and whether the label tells it, float32[n,k] each; both are zero where a text has no label.

        Raises:
            BadInput: a taxonomy or label outside the tables, naming the text.
        """
        given_n, safe_t, safe_l = self._cells(columns)
        used_n1 = (given_n & ~self.bank.ignored_tl[safe_t, safe_l])[:, None]
        target_nk = (self.bank.target_tlk[safe_t, safe_l] * used_n1).astype(np.float32)
        known_nk = (self.bank.known_tlk[safe_t, safe_l] * used_n1).astype(np.float32)
        return target_nk, known_nk

    def doubtful(self, columns: TextColumns) -> Bools:
        """bool[n,k]: denied by a taxonomy that never looks at the class, so that the class may be there.

        Raises as `rows` does.
        """
        target_nk, mask_nk = self.rows(columns)
        _, safe_t, safe_l = self._cells(columns)
        doubtful_nk: Bools = (mask_nk > 0) & (target_nk == 0) & ~self.looked_tlk[safe_t, safe_l]
        return doubtful_nk

    def part(self, part: Part, *, alone: bool = False) -> TargetTables:
        """The tables over the columns of a part, see `learning.parts`.

        What a column is given is of its own block; with `alone`, each column is a block.
        """
        class_c, place, parent_c = list(part.class_c), dict[int, int](), []
        for c, k in enumerate(class_c):
            parent_c.append(-1 if alone else place.get(int(self.tree.parent_k[k]), -1))
            place[k] = c  # blocks hold the classes above theirs, so the last one seen is of the same block
        tree = ClassTree(tuple(self.tree.names[k] for k in class_c), np.array(parent_c, np.int64), self.tree.flat)
        phrases = tuple(self.phrases[k] for k in class_c)
        path_tlk: Floats = self.path_tlk[:, :, class_c] * part.bank.target_tlk
        return TargetTables(tree, part.bank, self.looked_tlk[:, :, class_c], path_tlk, phrases)

    def _cells(self, columns: TextColumns) -> tuple[Bools, Ints, Ints]:
        """Which texts have a label, and the taxonomy and label of each: bool[n], int64[n] twice, 0 without a label."""
        given_n: Bools = columns.label_n != UNLABELED
        self._refuse_unknown(columns, given_n)
        return given_n, np.where(given_n, columns.taxonomy_n, 0), np.where(given_n, columns.label_n, 0)

    def _refuse_unknown(self, columns: TextColumns, given_n: Bools) -> None:
        taxonomy_n, label_n = columns.taxonomy_n, columns.label_n
        t, labels = self.bank.ignored_tl.shape
        bad_n = given_n & ((taxonomy_n < 0) | (taxonomy_n >= t) | (label_n < 0) | (label_n >= labels))
        if bad_n.any():
            first = int(np.argmax(bad_n))
            message = f"Label {label_n[first]} of taxonomy {taxonomy_n[first]} is not in the tables."
            raise BadInput(message, where=f"text {first}", hint=f"There are {t} taxonomies of at most {labels} labels.")


def _alone(told: TableBank) -> Floats:
    """float32[t,l,k]: each label's own class alone."""
    own_tlk: Floats = (told.class_tl[:, :, None] == np.arange(told.target_tlk.shape[2])).astype(np.float32)
    return own_tlk


@dataclass(frozen=True, eq=False)
class FixedTargets:
    """Targets of certain texts, row by row: what `Targets.rows` of them answers."""

    tables: TargetTables
    target_nk: Floats
    mask_nk: Floats

    @property
    def tree(self) -> ClassTree:
        return self.tables.tree

    @property
    def phrases(self) -> tuple[tuple[str, ...], ...]:
        return self.tables.phrases

    @property
    def path_tlk(self) -> Floats:
        return self.tables.path_tlk

    def rows(self, columns: TextColumns) -> tuple[Floats, Floats]:
        """See `Targets.rows`; `columns` are the texts that these are the targets of."""
        return self.target_nk, self.mask_nk

    def doubtful(self, columns: TextColumns) -> Bools:
        """See `Targets.doubtful`: what the labels deny, whatever was completed."""
        return self.tables.doubtful(columns)
