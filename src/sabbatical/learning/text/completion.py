"""Targets completed by a model itself, only where labels cannot tell.

A coarse label says nothing of the classes beneath it, and (under column masking) a customer says nothing of what it
never looks at. Where a first model is confident there, what it tells becomes a target for a second one, that counts as
much as the first was sure; where it is not, the entry stays masked. What a label says is never touched, and a text
without one stays without.

(A soft target of chance p is the target 1 with weight p and 0 with weight 1 - p. The gradient of both together is zero
at the very model that told p, so they would teach nothing; the likelier side alone is taken.)

Legend: n texts, k classes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sabbatical.learning.text.targets import FixedTargets, TargetTables
from sabbatical.learning.text.texts import Floats, TextColumns


class Thresholds(NamedTuple):
    """From which chance of each class (float32, k) it is told to be there, and below which it is told not to be."""

    sure_k: Floats
    never_k: Floats


def completed(targets: TargetTables, columns: TextColumns, chance_nk: Floats, thresholds: Thresholds) -> FixedTargets:
    """The targets of texts with what a first model is confident of where they say nothing.

    Args:
        chance_nk: float32, its chance of each class given the class above.
    """
    target_nk, known_nk = targets.told(columns)
    mask_nk = targets.tree.learnable(target_nk, known_nk)
    labeled_n = known_nk.any(axis=1)
    for k, above in enumerate(targets.tree.given_k):  # classes above come first, so what they are told is told on
        there_n = labeled_n if above < 0 else labeled_n & (target_nk[:, above] > 0)
        chance_n = chance_nk[:, k]
        open_n = there_n & (known_nk[:, k] == 0)
        yes_n, no_n = open_n & (chance_n >= thresholds.sure_k[k]), open_n & (chance_n < thresholds.never_k[k])
        target_nk[yes_n, k], mask_nk[yes_n, k] = 1, chance_n[yes_n]
        mask_nk[no_n, k] = 1 - chance_n[no_n]
    return FixedTargets(targets, target_nk, mask_nk)


def held_out(columns: TextColumns, part: int = 5) -> tuple[TextColumns, TextColumns]:
    """All texts but one in `part` of each label, and those: for thresholds where there is no validation part."""
    order_n = np.lexsort((columns.label_n, columns.taxonomy_n))
    out_n = np.zeros(len(columns), np.bool_)
    out_n[order_n[part - 1 :: part]] = True
    return columns.take(~out_n), columns.take(out_n)
