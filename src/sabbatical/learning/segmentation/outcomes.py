"""What one place can be, when it can be one thing only: the outcomes of a softmax over a tree. Free of torch.

A place is background, or a leaf of the tree, or an inner class that is none of its children (where they need not be
all of it). A class is then the union of the outcomes at and beneath it, and so is whatever a customer can say.

Legend: k classes; s outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BACKGROUND = -1
"""The outcome that is no class."""


def outcomes(parent_k: Sequence[int], exhaustive_k: Sequence[bool], *, flat: bool = False) -> tuple[int, ...]:
    """The deepest class of every outcome, `BACKGROUND` first.

    Args:
        parent_k: the column of each class's parent, -1 for a root.
        exhaustive_k: whether every instance of a class is one of its children.
        flat: every class is an outcome of its own, as where labels of any depth are one list (the naive super-dataset).
    """
    inner = set(parent_k)
    own = [k for k in range(len(parent_k)) if flat or k not in inner or not exhaustive_k[k]]
    return (BACKGROUND, *own)


def members(outcome_s: Sequence[int], parent_k: Sequence[int]) -> NDArray[np.float32]:
    """float32 {0, 1} (s, k): the classes that a place of each outcome shows, its deepest one and those above it."""
    member_sk = np.zeros((len(outcome_s), len(parent_k)), np.float32)
    for row_k, deepest in zip(member_sk, outcome_s, strict=True):
        k = deepest
        while k >= 0:
            row_k[k] = 1.0
            k = parent_k[k]
    return member_sk
