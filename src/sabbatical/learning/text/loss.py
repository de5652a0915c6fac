"""Chances, their odds, and the weights with which texts teach a class.

Legend: n texts, k classes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.learning.text.texts import Floats

Doubles = NDArray[np.float64]


def sigmoid(logits: NDArray[Any]) -> Doubles:
    """The logistic function, without overflow."""
    return np.exp(-np.logaddexp(0.0, -logits.astype(np.float64)))


def log_odds(chance: NDArray[Any]) -> Doubles:
    """The inverse of `sigmoid`; chances are kept within 1e-6 of certainty."""
    kept = np.clip(chance.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.log(kept) - np.log1p(-kept)


def balanced(target_nk: Floats, mask_nk: Floats, power: float) -> Floats:
    """float32[n,k]: the mask, both sides of a column lifted to weigh alike (`power` 1), not at all (0), or between.

    The weights of a column keep its sum of mask, so the penalty on weights means the same for every class.
    """
    total_k = mask_nk.sum(axis=0)
    positive_k = (mask_nk * target_nk).sum(axis=0)
    negative_k = total_k - positive_k
    lift_positive_k = (total_k / np.maximum(2 * positive_k, 1)) ** power
    lift_negative_k = (total_k / np.maximum(2 * negative_k, 1)) ** power
    weight_nk = mask_nk * np.where(target_nk > 0, lift_positive_k, lift_negative_k)
    result_nk: Floats = (weight_nk * total_k / np.maximum(weight_nk.sum(axis=0), 1e-9)).astype(np.float32)
    return result_nk
