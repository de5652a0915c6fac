"""What labels say, as columns over the classes of a super-taxonomy: the truth that thresholds and reports judge by.

Legend: i labeled items (one row of a snapshot each), n shapes, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sabbatical.stages.dataset.reading import Labeled
from sabbatical.taxonomy import SuperTaxonomy, Tables, Taxonomy, tables

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Truth:
    """Shapes of several items, and what each item's taxonomy can judge.

    `boxes_n4`: float32, x0 y0 x1 y1 in pixels (empty for texts). `item_n`: int64, the item of each shape.
    `positive_nk`: the shape is an instance of class k. `known_nk`: whether its label can tell. `crowd_n`: a region
    that judges nothing. `judged_ik`: whether the item's taxonomy covers class k; nowhere on a partial image. What is
    drawn on that judges nothing either: it could count what a model finds, but never what it makes up.
    """

    boxes_n4: NDArray[np.float32]
    item_n: NDArray[np.int64]
    positive_nk: Bools
    known_nk: Bools
    crowd_n: Bools
    judged_ik: Bools

    def told_in(self, tree: SuperTaxonomy, other: SuperTaxonomy) -> Truth:
        """The same over the classes of another version of the tree; of a class that only that one has, nothing."""
        if tree.names == other.names:
            return self
        there_k = np.array([name in tree for name in other.names])
        place_k = np.array([tree.names.index(name) if name in tree else 0 for name in other.names])
        return replace(
            self,
            positive_nk=self.positive_nk[:, place_k] & there_k,
            known_nk=self.known_nk[:, place_k] & there_k,
            judged_ik=self.judged_ik[:, place_k] & there_k,
        )


def truth_of(labeled: Sequence[Labeled], tree: SuperTaxonomy, taxonomies: Mapping[str, Taxonomy]) -> Truth:
    """The truth in the labels of some items; `taxonomies` by the ids that the items name.

    Raises:
        BadTaxonomy: a label or class is unknown.
    """
    known_tables = {key: tables(tree, taxonomy) for key, taxonomy in taxonomies.items()}
    counts_i = [len(one.payload) for one in labeled]
    rows = [_rows(one, taxonomies[one.taxonomy_id], known_tables[one.taxonomy_id]) for one in labeled]
    classes = len(tree)
    positive = [row[0] for row in rows] or [np.zeros((0, classes), np.bool_)]
    known = [row[1] for row in rows] or [np.zeros((0, classes), np.bool_)]
    crowds = [row[2] for row in rows] or [np.zeros(0, np.bool_)]
    boxes = [one.payload.boxes_n4 for one in labeled] or [np.zeros((0, 4), np.float32)]
    covered = [(known_tables[one.taxonomy_id].covered_k > 0) & (not one.payload.partial) for one in labeled]
    return Truth(
        boxes_n4=np.concatenate(boxes),
        item_n=np.repeat(np.arange(len(labeled)), counts_i),
        positive_nk=np.concatenate(positive),
        known_nk=np.concatenate(known),
        crowd_n=np.concatenate(crowds),
        judged_ik=np.stack(covered) if covered else np.zeros((0, classes), np.bool_),
    )


def _rows(one: Labeled, taxonomy: Taxonomy, table: Tables) -> tuple[Bools, Bools, Bools]:
    """Positive and known rows of each shape; a crowd or an ignored label tells nothing of any class."""
    label_n = np.array([taxonomy.index(name) for name in one.payload.labels], np.int64)
    crowd_n = np.zeros(len(label_n), np.bool_)
    crowd_n[sorted(one.payload.crowds)] = True
    silent_n = table.ignored_l[label_n] | crowd_n
    positive_nk = (table.target_lk[label_n] > 0) & ~silent_n[:, None]
    known_nk = (table.known_lk[label_n] > 0) & ~silent_n[:, None]
    return positive_nk, known_nk, crowd_n
