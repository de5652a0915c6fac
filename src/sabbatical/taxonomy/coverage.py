"""Which classes a taxonomy covers: where "nothing drawn here" means "none here".

Shapes: l labels of one taxonomy, k classes of the super-taxonomy.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sabbatical.taxonomy.labels import Taxonomy
from sabbatical.taxonomy.tree import SuperTaxonomy

Bools = NDArray[np.bool_]

State = Literal["covered", "coarse only", "by its children", "in part", "not labeled"]


class Coverage(NamedTuple):
    """How a taxonomy treats one class, and the labels that make it so.

    covered           a label stands for the class itself
    coarse only       it is drawn under a coarser label: its absence is known, but a box cannot tell it from the rest
    by its children   its children are exhaustive, and each of them is covered
    in part           some of what is beneath it is drawn: a box can say yes, but nothing drawn does not mean none
    not labeled       nothing is said about it but by boxes of other classes
    """

    name: str
    state: State
    labels: tuple[str, ...]


def class_columns(super_: SuperTaxonomy, taxonomy: Taxonomy) -> NDArray[np.int64]:
    """int64 [l]: the column of each label's class, -1 if ignored. Raises BadTaxonomy where the tree lacks a class."""
    taxonomy.require_classes(super_)
    return np.array([-1 if label.to is None else super_.index(label.to) for label in taxonomy.labels], np.int64)


def drawn_classes(super_: SuperTaxonomy, taxonomy: Taxonomy) -> Bools:
    """bool [l, k]: the classes whose instances are drawn as l (several for a label that is one of them)."""
    drawn_lk = np.zeros((len(taxonomy), len(super_)), dtype=np.bool_)
    for row, label in enumerate(taxonomy.labels):
        drawn_lk[row, [super_.index(name) for name in label.drawn]] = True
    return drawn_lk


def covered_classes(super_: SuperTaxonomy, drawn_lk: Bools) -> Bools:
    """bool [k]: classes at or beneath a drawn one, or whose children are exhaustive and each covered."""
    drawn_k = np.logical_or.reduce(drawn_lk, axis=0)
    covered_k: Bools = np.logical_or.reduce(super_.ancestors_kk & drawn_k, axis=1)
    lacking_k = np.zeros(len(super_), dtype=np.bool_)  # some child is not covered
    for k in range(len(super_) - 1, -1, -1):  # parents stand first, so children are done before their parent
        covered_k[k] |= super_.classes[k].exhaustive and not lacking_k[k]
        if super_.parent_k[k] >= 0 and not covered_k[k]:
            lacking_k[super_.parent_k[k]] = True
    return covered_k


def coverage_words(super_: SuperTaxonomy, taxonomy: Taxonomy) -> list[Coverage]:
    """The state of every class of the tree, in its order, for people and pictures.

    Raises BadTaxonomy when the tree lacks a class of a label.
    """
    class_l, drawn_lk = class_columns(super_, taxonomy), drawn_classes(super_, taxonomy)
    covered_k = covered_classes(super_, drawn_lk)
    told_lk = drawn_lk & (class_l[:, None] == np.arange(len(super_)))
    inside_lk = reach(drawn_lk, super_.ancestors_kk.T)  # at or beneath a drawn class
    above_lk = reach(drawn_lk, super_.ancestors_kk)
    return [
        _coverage(taxonomy, name, bool(covered_k[k]), told_lk[:, k], inside_lk[:, k], above_lk[:, k])
        for k, name in enumerate(super_.names)
    ]


def _coverage(taxonomy: Taxonomy, name: str, covered: bool, told_l: Bools, inside_l: Bools, above_l: Bools) -> Coverage:
    found: tuple[tuple[State, Bools], ...] = (
        ("covered", told_l),
        ("coarse only", inside_l),
        ("by its children" if covered else "in part", above_l),
    )
    for state, mask_l in found:
        if mask_l.any():
            return Coverage(name, state, tuple(taxonomy.names[row] for row in np.flatnonzero(mask_l)))
    return Coverage(name, "not labeled", ())


def reach(rows: Bools, relation_kk: Bools) -> Bools:
    """bool [l, k]: row l marks every class that stands in the relation to a class that `rows` marks in it."""
    reached = np.zeros_like(rows)
    row, column = np.nonzero(rows)
    first = np.flatnonzero(np.diff(row, prepend=-1))
    reached[row[first]] = np.logical_or.reduceat(relation_kk[column], first, axis=0)
    return reached
