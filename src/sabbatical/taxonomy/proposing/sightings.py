"""What a model finds on things that a customer labeled, and what it says about how labels stand to classes.

Two shares are counted for a label and a class. The *part*: of the things of the label on which the model finds what is
above the class, how many it finds to be the class. The *hold*: of what the model finds to be the class, how much has
the label, as if every label were drawn equally often. A label that is the class has both; one beneath it (some cars)
has the part, but shares the hold with others or with what nobody drew; one above it (every vehicle) has the hold, and
other classes have the rest of the part.

Legend: l labels, k classes, r relations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.taxonomy.tree import SuperTaxonomy

Floats = NDArray[np.float64]
Beta = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Sightings:
    """Counts over things that were looked at.

    found_lk     float64: things of label l of which the finest class that the model finds is k
    nothing_l    float64: things of label l on which it finds nothing
    undrawn_k    float64: how often it finds k, as the finest class, where the customer drew nothing (texts: 0)
    taught_k     bool: whether anything taught the model the class; others are no evidence
    """

    found_lk: Floats
    nothing_l: Floats
    undrawn_k: Floats
    taught_k: NDArray[np.bool_]

    def __post_init__(self) -> None:
        labels, classes = self.found_lk.shape
        if (len(self.nothing_l), len(self.undrawn_k), len(self.taught_k)) != (labels, classes, classes):
            raise BadInput(f"The counts are of {labels} labels and {classes} classes, but their sums are not.")

    @property
    def looked_at_l(self) -> Floats:
        """How many things of each label were looked at."""
        seen_l: Floats = self.found_lk.sum(axis=1) + self.nothing_l
        return seen_l


@dataclass(frozen=True, eq=False)
class Shares:
    """The two shares of every label and class, as counts: `part` of `part_of`, and `hold` of `hold_of`; float64 [l, k].

    within_lk: things of the label found to be the class or beneath it. seen_lk: whether they say anything at all.
    """

    part_lk: Floats
    part_of_lk: Floats
    hold_lk: Floats
    hold_of_lk: Floats
    within_lk: Floats
    seen_lk: NDArray[np.bool_]


def finest(tree: SuperTaxonomy, score_nk: Floats, least_k: Floats) -> NDArray[np.int64]:
    """int64 [n]: the class that each thing is found to be, as fine as the model can tell; -1 for none.

    From the likeliest class at the top down to the likeliest beneath it, as long as each has its least score; a class
    is at least as likely as any beneath it.
    """
    score_nk = score_nk.astype(np.float64)
    for k in range(len(tree) - 1, -1, -1):  # parents stand first
        if (above := int(tree.parent_k[k])) >= 0:
            score_nk[:, above] = np.maximum(score_nk[:, above], score_nk[:, k])
    passed_nk = np.where(score_nk >= least_k, score_nk, -1.0)
    at_n = np.full(len(score_nk), -1, np.int64)
    for _ in range(int(tree.depth_k.max()) + 1):
        next_nk = np.where(tree.parent_k[None, :] == at_n[:, None], passed_nk, -1.0)
        best_n = next_nk.argmax(axis=1)
        down_n = next_nk[np.arange(len(at_n)), best_n] >= 0
        going_n = down_n & (at_n == tree.parent_k[best_n])
        at_n = np.where(going_n, best_n, at_n)
        if not going_n.any():
            break
    return at_n


def shares(tree: SuperTaxonomy, seen: Sightings) -> Shares:
    """Count both shares; of the tree's classes those that stand above a taught one are taught too.

    An only child says nothing: no model was ever taught what is of the class above it, and not of this one.
    """
    closure_kk = tree.ancestors_kk.astype(np.float64)
    within_lk, undrawn_k = seen.found_lk @ closure_kk, seen.undrawn_k @ closure_kk
    looked_l = seen.looked_at_l
    part_of_lk = np.where(tree.parent_k >= 0, within_lk[:, tree.parent_k], looked_l[:, None])
    rate_lk = within_lk / np.maximum(looked_l, 1.0)[:, None]
    drawn_k = within_lk.sum(axis=0)
    told_k = drawn_k / np.maximum(drawn_k + undrawn_k, 1e-9)  # the part of what is found that was drawn
    typical = float(np.median(looked_l[looked_l > 0])) if (looked_l > 0).any() else 0.0
    hold_of_k = typical * rate_lk.sum(axis=0) / np.maximum(told_k, 1e-9)
    taught_k = (seen.taught_k @ tree.ancestors_kk) > 0
    alone_k = (tree.parent_k >= 0) & (np.bincount(tree.parent_k + 1)[tree.parent_k + 1] == 1)
    return Shares(
        part_lk=within_lk,
        part_of_lk=part_of_lk,
        hold_lk=typical * rate_lk,
        hold_of_lk=np.where(drawn_k > 0, hold_of_k, 0.0)[None, :].repeat(len(looked_l), axis=0),
        within_lk=within_lk,
        seen_lk=(looked_l > 0)[:, None] & (taught_k & ~alone_k)[None, :],
    )


def log_beta_binomial(hits: Floats, of: Floats, beta: Beta) -> Floats:
    """The log of the beta-binomial chance of `hits` among `of`, but for the binomial coefficient, which cancels."""
    a, b = beta
    return _log_beta(hits + a, np.maximum(of - hits, 0.0) + b) - float(_log_beta(np.array(a), np.array(b)))


def _log_beta(a: Floats, b: Floats) -> Floats:
    found: Floats = _log_gamma(a) + _log_gamma(b) - _log_gamma(a + b)
    return found


def _log_gamma(x: Floats) -> Floats:
    return np.asarray(np.frompyfunc(math.lgamma, 1, 1)(x), np.float64)


def wilson(hits: float, of: float, z: float = 1.96) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, JASA 1927); (0, 1) of nothing."""
    if of <= 0:
        return 0.0, 1.0
    share, spread = hits / of, z * z / of
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return max(0.0, middle - half), min(1.0, middle + half)


def by_chance(hits: int, of: int, rate: float) -> float:
    """The chance of at least so many hits, were each as likely as `rate` (binomial tail)."""
    if hits <= 0:
        return 1.0
    if rate <= 0.0 or rate >= 1.0:
        return float(rate >= 1.0)
    logs = [_log_choose(of, k) + k * math.log(rate) + (of - k) * math.log1p(-rate) for k in range(hits, of + 1)]
    return min(1.0, _log_sum(logs))


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _log_sum(logs: Sequence[float]) -> float:
    top = max(logs)
    return math.exp(top) * sum(math.exp(one - top) for one in logs)
