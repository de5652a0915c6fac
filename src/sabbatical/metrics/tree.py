"""How deep classes stand, told from who contains whom; a flat set of classes is the identity.

`closure_kk[c]` marks c and its ancestors: the target rows of the super-taxonomy's own nodes.
"""

from __future__ import annotations

import numpy as np

from sabbatical.core.errors import BadInput
from sabbatical.metrics.columns import Bools, Ints


def checked_closure(closure_kk: object | None, classes: int) -> Bools:
    """The closure as booleans, the identity by default; `BadInput` where a class does not contain itself."""
    if closure_kk is None:
        return np.eye(classes, dtype=bool)
    closure = np.asarray(closure_kk, bool)
    if closure.shape != (classes, classes) or not closure.diagonal().all():
        raise BadInput(
            f"the closure must be {classes} x {classes} with each class in its own row, it is {closure.shape}",
            where="closure",
        )
    return closure


def deepest(marked_nk: Bools, closure_kk: Bools) -> Ints:
    """The deepest marked class of each row (the first of equally deep ones), -1 where none is marked; shape n."""
    depth_k = closure_kk.sum(axis=1)
    ranked_nk = np.where(marked_nk, depth_k, 0)
    return np.where(marked_nk.any(axis=1), ranked_nk.argmax(axis=1), -1)


def rolled_up(class_n: Ints, known_nk: Bools, closure_kk: Bools) -> Ints:
    """The deepest ancestor of each class (or itself) that the row's label can tell, -1 where it can tell none."""
    return deepest(closure_kk[class_n] & known_nk, closure_kk)
