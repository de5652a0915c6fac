"""The small tables with which the loss of an image is masked, computed once per taxonomy version.

Shapes: l labels of one taxonomy, k classes of the super-taxonomy, t taxonomies.

| anchor                         | target row     | mask row     |
| assigned to a box with label l | `target_lk[l]` | `known_lk[l]` |
| background                     | zeros          | `covered_k`  |
| unassigned, or in an ignored box | none         | zeros        |

There are three ways of masking, the same for every kind of model; `masked_tables` makes the tables of each:

- "tree": exact for labels of any depth. A box is known but for what its label cannot tell apart.
- "column": the known method of flat masks, one for each taxonomy: the columns that it covers. A mask never contradicts
  the label: what the label says is known, covered or not, and what it cannot tell is not.
- "none": no mask, the naive super-dataset. What is not drawn is background; what a label does not say is denied.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.taxonomy.attributes import rule_differences
from sabbatical.taxonomy.coverage import Bools, class_columns, covered_classes, drawn_classes, reach
from sabbatical.taxonomy.labels import Taxonomy
from sabbatical.taxonomy.tree import SuperTaxonomy

Floats = NDArray[np.float32]
Masking = Literal["none", "column", "tree"]


@dataclass(frozen=True, eq=False)
class Tables:
    """What one taxonomy says about the classes of one super-taxonomy.

    target_lk      float32 {0, 1}: 1 for the class of the label and its ancestors
    known_lk       float32 {0, 1}: 0 where the label cannot tell (the descendants of a coarse class), else 1
    covered_k      float32 {0, 1}: whether "nothing drawn here" means "no k here"
    ignored_l      bool: drawn, never trained on; the rows of such a label are zero
    box_weight_k   float32 (0, 1]: weight of the box regression of class k
    class_l        int64: the column of the label's class, -1 if ignored
    """

    target_lk: Floats
    known_lk: Floats
    covered_k: Floats
    ignored_l: Bools
    box_weight_k: Floats
    class_l: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TableBank:
    """The tables of t taxonomies over one super-taxonomy, padded to the longest label list, for gathers in torch.

    Padding rows are zero and ignored, with class -1. See `Tables` for the members.
    """

    target_tlk: Floats
    known_tlk: Floats
    covered_tk: Floats
    ignored_tl: Bools
    box_weight_tk: Floats
    class_tl: NDArray[np.int64]


def tables(super_: SuperTaxonomy, taxonomy: Taxonomy, *, exclusive: bool = True, rule_weight: float = 0.5) -> Tables:
    """The tables of a taxonomy against any version of the super-taxonomy that has its classes.

    With `exclusive`, siblings exclude each other: a box drawn as one class is a true negative for every class that is
    neither above nor beneath it. Without, it is the plain method (column masking): a box speaks about the covered
    classes, its own class and its ancestors only. `rule_weight` is the weight of the box regression of a class whose
    target rules differ from the taxonomy's rules.

    Raises BadTaxonomy naming labels whose class is missing, BadInput for a weight outside of [0, 1].
    """
    if not 0 <= rule_weight <= 1:
        raise BadInput(f"The rule weight should be from 0 to 1, not {rule_weight}.")
    class_l = class_columns(super_, taxonomy)
    ignored_l = class_l < 0
    drawn_lk = drawn_classes(super_, taxonomy)
    covered_k = covered_classes(super_, drawn_lk)
    target_lk = super_.ancestors_kk[class_l] & ~ignored_l[:, None]
    open_lk = reach(drawn_lk, super_.ancestors_kk | super_.ancestors_kk.T) & ~target_lk
    known_lk = ~open_lk if exclusive else ~open_lk & (covered_k | target_lk)
    known_lk[ignored_l] = False
    return Tables(
        target_lk=target_lk.astype(np.float32),
        known_lk=known_lk.astype(np.float32),
        covered_k=covered_k.astype(np.float32),
        ignored_l=ignored_l,
        box_weight_k=_box_weights(super_, taxonomy, rule_weight),
        class_l=class_l,
    )


def naive_tables(super_: SuperTaxonomy, taxonomy: Taxonomy, *, flat: bool = True, rule_weight: float = 0.5) -> Tables:
    """The baseline that pours all data into one super-dataset: what is not drawn is background.

    Background is a negative for every class, and a box for every class that is not its target. Only `ignore` keeps its
    meaning, since a plain training set would not hold such boxes as objects either.

    With `flat` the classes are a list without a tree: the target of a box is its own class alone. To score a class
    above, take the greatest score beneath it (`SuperTaxonomy.subtree`), or the baseline is judged for something it was
    never taught. Without, the classes above are targets too, for models with an output for each class; then nothing but
    the masks differs from `tables`. Raises as `tables` does.
    """
    told = tables(super_, taxonomy, rule_weight=rule_weight)
    known_lk = np.repeat(~told.ignored_l[:, None], len(super_), axis=1).astype(np.float32)
    own_lk = (told.class_l[:, None] == np.arange(len(super_))).astype(np.float32)
    return replace(
        told,
        target_lk=own_lk if flat else told.target_lk,
        known_lk=known_lk,
        covered_k=np.ones_like(told.covered_k),
    )


def masked_tables(
    super_: SuperTaxonomy, taxonomy: Taxonomy, masking: Masking, *, flat: bool = False, rule_weight: float = 0.5
) -> Tables:
    """The tables of one way of masking, see the head of this file. `flat` is for "none" alone, see `naive_tables`.

    Raises BadTaxonomy and BadInput as `tables` does.
    """
    if masking == "none":
        return naive_tables(super_, taxonomy, flat=flat, rule_weight=rule_weight)
    return tables(super_, taxonomy, exclusive=masking == "tree", rule_weight=rule_weight)


def bank(each: Sequence[Tables]) -> TableBank:
    """Stacks the tables of several taxonomies over one super-taxonomy. Raises BadInput for none, or for unequal k."""
    if not each:
        raise BadInput("A table bank needs the tables of at least one taxonomy.")
    widths = {len(one.covered_k) for one in each}
    if len(widths) > 1:
        raise BadInput(
            f"The tables are over trees of {sorted(widths)} classes.",
            hint="Compute all of them against one version of the super-taxonomy.",
        )
    longest = max(len(one.ignored_l) for one in each)
    return TableBank(
        target_tlk=_padded([one.target_lk for one in each], longest, 0),
        known_tlk=_padded([one.known_lk for one in each], longest, 0),
        covered_tk=np.stack([one.covered_k for one in each]),
        ignored_tl=_padded([one.ignored_l for one in each], longest, True),
        box_weight_tk=np.stack([one.box_weight_k for one in each]),
        class_tl=_padded([one.class_l for one in each], longest, -1),
    )


def _box_weights(super_: SuperTaxonomy, taxonomy: Taxonomy, rule_weight: float) -> Floats:
    differs = [bool(rule_differences(super_.rules_of(name), taxonomy.rules)) for name in super_.names]
    return np.where(differs, rule_weight, 1.0).astype(np.float32)


def _padded(rows: Sequence[NDArray[Any]], longest: int, fill: float) -> NDArray[Any]:
    return np.stack(
        [np.pad(one, [(0, longest - len(one))] + [(0, 0)] * (one.ndim - 1), constant_values=fill) for one in rows]
    )
