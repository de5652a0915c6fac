"""One offset a class, by what a customer's labels say among themselves.

Each class is learned alone, from all customers who know it. Some classes are known to many, some are shown by a few
texts of one customer; the first are surer of themselves than the second, and win where a customer's own labels compete.
An offset for each class mends that: those under which texts that the model has not seen have their own label, of all
labels of their own customer, as likely as can be. It is logit adjustment (Menon et al., "Long-tail learning via logit
adjustment", ICLR 2021) with offsets that are learned, not counted, and shared by all customers.

Legend: n texts, m of one taxonomy, l labels of it, k classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sabbatical.learning.text.loss import Doubles, sigmoid
from sabbatical.learning.text.texts import UNLABELED, Floats, Ints, TextColumns

Bools = NDArray[np.bool_]
HALVES = 2
STEPS = 200


class Choice(NamedTuple):
    """The texts of one taxonomy: their rows int64[m], their labels int64[m], and float32[l,k] the classes that a label
    is the product of."""

    row_m: Ints
    label_m: Ints
    path_lk: Floats


def halves(columns: TextColumns) -> Ints:
    """int64[n]: 0 or 1, so that each half has half of the texts of each label."""
    order_n = np.lexsort((columns.label_n, columns.taxonomy_n))
    half_n = np.empty(len(columns), np.int64)
    half_n[order_n] = np.arange(len(columns)) % HALVES
    return half_n


def of_unseen(logits_of: Callable[[Bools, Bools], Floats], half_n: Ints) -> Floats:
    """float32[n,k]: what a model says of texts that it has not seen.

    Args:
        logits_of: learns from the first texts and answers the logits of the second, float32[m,k].
    """
    parts = [(half_n == half, logits_of(half_n != half, half_n == half)) for half in range(HALVES)]
    logits_nk = np.empty((len(half_n), parts[0][1].shape[1]), np.float32)
    for asked_n, logits_mk in parts:
        logits_nk[asked_n] = logits_mk
    return logits_nk


def choices(columns: TextColumns, path_tlk: Floats) -> list[Choice]:
    """The texts of each taxonomy whose label means a class."""
    means_tl: Bools = np.any(path_tlk > 0, axis=2)
    given_n: Bools = columns.label_n != UNLABELED
    given_n[given_n] &= means_tl[columns.taxonomy_n[given_n], columns.label_n[given_n]]
    rows = [np.flatnonzero(given_n & (columns.taxonomy_n == t)) for t in range(len(path_tlk))]
    return [Choice(row_m, columns.label_n[row_m], path_tlk[t]) for t, row_m in enumerate(rows) if len(row_m)]


def offsets(logits_nk: Floats, asked: Sequence[Choice], penalty: float) -> Doubles:
    """float64[k]: the offsets of the least penalised loss.

    A label's likelihood is its probability (the product of chances along its path) over the sum of those of all labels
    of its taxonomy. `penalty` weighs half the squared offsets against the sum of losses over all texts.
    """

    def objective(offset_k: Doubles) -> tuple[float, Doubles]:
        loss, slope_k = 0.5 * penalty * float(offset_k @ offset_k), penalty * offset_k
        for row_m, label_m, path_lk in asked:
            logits_mk = logits_nk[row_m] + offset_k
            score_ml = -np.logaddexp(0, -logits_mk) @ path_lk.T
            score_ml[:, ~path_lk.any(axis=1)] = -np.inf
            score_ml -= score_ml.max(axis=1, keepdims=True)
            share_ml = np.exp(score_ml) / np.exp(score_ml).sum(axis=1, keepdims=True)
            right_m = share_ml[np.arange(len(label_m)), label_m]
            loss -= float(np.log(np.maximum(right_m, 1e-300)).sum())
            share_ml[np.arange(len(label_m)), label_m] -= 1
            slope_k = slope_k + ((share_ml @ path_lk) * (1 - sigmoid(logits_mk))).sum(axis=0)
        return loss, slope_k

    start_k = np.zeros(logits_nk.shape[1])
    found: Doubles = minimize(objective, start_k, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return found
