"""What labels say, as columns over the classes of a super-taxonomy: the truth that thresholds and reports judge by.

Legend: i labeled items (one row of a snapshot each), n shapes, k classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sabbatical.stages.dataset.columns import LabelColumns
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, tables

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


def truth_of(labels: LabelColumns, tree: SuperTaxonomy, taxonomies: Mapping[str, Taxonomy]) -> Truth:
    """The truth in the labels of some items; `taxonomies` by the ids that the items name.

    A crowd or an ignored label tells nothing of any class.

    Raises:
        BadTaxonomy: a label or class is unknown.
    """
    known_tables = {key: tables(tree, taxonomies[key]) for key in labels.taxonomies}
    index_v = labels.index_v(taxonomies)
    positive_vk, known_vk = np.zeros((2, len(index_v), len(tree)), np.bool_)
    for v, ((key, _), label) in enumerate(zip(labels.words, index_v, strict=True)):
        table = known_tables[key]
        if not table.ignored_l[label]:
            positive_vk[v], known_vk[v] = table.target_lk[label] > 0, table.known_lk[label] > 0
    told_n = ~labels.crowd_n[:, None]
    covered_tk = np.array([known_tables[key].covered_k > 0 for key in labels.taxonomies], np.bool_)
    return Truth(
        boxes_n4=labels.boxes_n4,
        item_n=labels.item_n,
        positive_nk=positive_vk[labels.word_n] & told_n,
        known_nk=known_vk[labels.word_n] & told_n,
        crowd_n=labels.crowd_n,
        judged_ik=covered_tk.reshape(-1, len(tree))[labels.taxonomy_i] & ~labels.partial_i[:, None],
    )
