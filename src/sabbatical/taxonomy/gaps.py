"""What no label, or no customer, speaks about, and what follows from it.

Shapes: l labels of one taxonomy, k classes of the super-taxonomy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sabbatical.taxonomy.coverage import Bools, covered_classes, drawn_classes, reach
from sabbatical.taxonomy.findings import Finding
from sabbatical.taxonomy.labels import Taxonomy
from sabbatical.taxonomy.names import listed
from sabbatical.taxonomy.tree import SuperTaxonomy


def left_out(super_: SuperTaxonomy, taxonomy: Taxonomy) -> Iterator[Finding]:
    """Classes of which the taxonomy draws only some children, or all without the tree saying that these are all."""
    covered_k = covered_classes(super_, drawn_classes(super_, taxonomy))
    for k in np.flatnonzero(~covered_k):
        name, children_k = super_.names[k], super_.parent_k == k
        has, lacks = _names(super_, children_k & covered_k), _names(super_, children_k & ~covered_k)
        unknown = f"an empty place there counts as unknown for {name}, not as background"
        if has and lacks:
            each = " and every ".join(lacks)
            message = (
                f"{taxonomy.name} labels {listed(has)} but not {listed(lacks, 'or')}: every {each} in its images stays "
                f"undrawn and teaches nothing about {name}, and {unknown}."
            )
            yield Finding("note", "left-out", taxonomy.name, (name, *lacks), message)
        elif has:
            message = (
                f"{taxonomy.name} labels {listed(has)}, which is all beneath {name}, but {super_.name} does not say "
                f"that there is no other {name}: {unknown}. If there is none, write 'exhaustive: true' at {name}."
            )
            yield Finding("note", "exhaustive", taxonomy.name, (name, *has), message)


def uncovered(super_: SuperTaxonomy, taxonomies: Sequence[Taxonomy]) -> Iterator[Finding]:
    """Classes that nobody labels, that are drawn only under a coarser label, or whose absence nobody shows."""
    if not taxonomies:
        message = f"No taxonomy maps to {super_.name}: nothing can be learned."
        yield Finding("warning", "uncovered", None, super_.roots, message)
        return
    taught_k, coarse_k, covered_k = (np.zeros(len(super_), dtype=np.bool_) for _ in range(3))
    for taxonomy in taxonomies:
        drawn_lk = drawn_classes(super_, taxonomy)
        covered_k |= covered_classes(super_, drawn_lk)
        trained_lk = drawn_lk[[not label.ignored for label in taxonomy.labels]]
        coarse_k |= np.logical_or.reduce(reach(trained_lk, super_.ancestors_kk.T), axis=0)
        classes = [super_.index(label.to) for label in taxonomy.labels if label.to is not None]
        taught_k |= np.logical_or.reduce(super_.ancestors_kk[classes], axis=0)
    yield from _unlabeled(super_, ~taught_k & ~coarse_k)
    yield from _coarse_only(super_, ~taught_k & coarse_k)
    yield from _never_absent(super_, taught_k & ~covered_k)


def _unlabeled(super_: SuperTaxonomy, nobody_k: Bools) -> Iterator[Finding]:
    for k in np.flatnonzero(nobody_k):
        parent = super_.parent_k[k]
        if parent >= 0 and nobody_k[parent]:
            continue  # said with the parent
        name, *beneath = super_.subtree(super_.names[k])
        rest = f", nor what is beneath it ({listed(beneath)})" if beneath else ""
        message = (
            f"Nobody labels {name}{rest}: no model can learn it, and no image can judge it. "
            f"Map a label of some customer to {name}, or take it out of {super_.name}."
        )
        yield Finding("warning", "uncovered", None, (name, *beneath), message)


def _coarse_only(super_: SuperTaxonomy, coarse_k: Bools) -> Iterator[Finding]:
    for parent in np.unique(super_.parent_k[coarse_k]):
        classes, above = _names(super_, coarse_k & (super_.parent_k == parent)), super_.names[parent]
        verb = "is" if len(classes) == 1 else "are"
        message = (
            f"{listed(classes)} {verb} drawn only under a coarser label ({above}, or above it): "
            f"a model learns {above}, but never {listed(classes, 'or')}."
        )
        yield Finding("warning", "uncovered", None, (above, *classes), message)


def _never_absent(super_: SuperTaxonomy, open_k: Bools) -> Iterator[Finding]:
    for name in _names(super_, open_k):
        message = (
            f"{name} is drawn in part, but no customer covers it: no background says where there is no {name}, so a "
            f"model may see it everywhere. Let one customer label all of it, or declare children that are exhaustive."
        )
        yield Finding("warning", "uncovered", None, (name,), message)


def _names(super_: SuperTaxonomy, mask_k: Bools) -> tuple[str, ...]:
    return tuple(super_.names[k] for k in np.flatnonzero(mask_k))
