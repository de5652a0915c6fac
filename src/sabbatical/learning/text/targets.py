"""What the labels of texts say about the classes: rows of targets, and of what is known.

A coarse label says nothing about its children, and (under column masking) a label of one customer says nothing about
what that customer never looks at.
Legend: n texts, t taxonomies, l labels of a taxonomy (padded), k classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sabbatical.core.errors import BadInput, EmptyDataset
from sabbatical.learning.text.classes import ClassTree
from sabbatical.learning.text.texts import UNLABELED, Floats, Masking, TextColumns
from sabbatical.taxonomy import SuperTaxonomy, TableBank, Taxonomy, bank, masked_tables


@dataclass(frozen=True, eq=False)
class TargetTables:
    """The tree, the tables of every taxonomy over it, and all names of each class."""

    tree: ClassTree
    bank: TableBank
    phrases: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, super_taxonomy: SuperTaxonomy, taxonomies: Sequence[Taxonomy], masking: Masking) -> TargetTables:
        """The tables under a masking: `none` (the naive super-dataset), `column`, or `tree`.

        Raises:
            BadTaxonomy: a taxonomy needs a class that the super-taxonomy lacks.
            BadInput: there is no taxonomy.
        """
        each = [masked_tables(super_taxonomy, taxonomy, masking, flat=True) for taxonomy in taxonomies]
        phrases = tuple((node.name, *node.synonyms) for node in super_taxonomy.classes)
        return cls(ClassTree.of(super_taxonomy, flat=masking == "none"), bank(each), phrases)

    def rows(self, columns: TextColumns) -> tuple[Floats, Floats]:
        """Target, and whether it can be learned from, float32[n,k] each; both are zero where a text has no label.

        Raises:
            BadInput: a taxonomy or label outside the tables, naming the text.
            EmptyDataset: no text carries a label that can be learned from.
        """
        taxonomy_n, label_n = columns.taxonomy_n, columns.label_n
        given_n = label_n != UNLABELED
        self._refuse_unknown(columns, given_n.astype(np.bool_))
        safe_t, safe_l = np.where(given_n, taxonomy_n, 0), np.where(given_n, label_n, 0)
        used_n1 = (given_n & ~self.bank.ignored_tl[safe_t, safe_l])[:, None]
        target_nk = (self.bank.target_tlk[safe_t, safe_l] * used_n1).astype(np.float32)
        known_nk = (self.bank.known_tlk[safe_t, safe_l] * used_n1).astype(np.float32)
        if not known_nk.any():
            raise EmptyDataset("No text carries a label to learn from.", hint="Label some texts, or map their labels.")
        return target_nk, self.tree.learnable(target_nk, known_nk)

    def _refuse_unknown(self, columns: TextColumns, given_n: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> None:
        taxonomy_n, label_n = columns.taxonomy_n, columns.label_n
        t, labels = self.bank.ignored_tl.shape
        bad_n = given_n & ((taxonomy_n < 0) | (taxonomy_n >= t) | (label_n < 0) | (label_n >= labels))
        if bad_n.any():
            first = int(np.argmax(bad_n))
            message = f"Label {label_n[first]} of taxonomy {taxonomy_n[first]} is not in the tables."
            raise BadInput(message, where=f"text {first}", hint=f"There are {t} taxonomies of at most {labels} labels.")
