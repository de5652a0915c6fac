"""Whether a window differs from a reference, column by column: a test, an effect size, and p-values for many columns.

Rows of one group (frames of a scene, versions of a text) are no independent witnesses. Each group counts once here: its
rows share a weight of 1, and tests count groups. An average within a group never varies more than one of its rows, so
that the tests err on the side of silence.

Effects are on the scale of Cohen's d and w (Cohen, Statistical Power Analysis, 1988): 0.2 is small, 0.5 medium, 0.8
large. Tests: Kolmogorov and Smirnov with the limiting distribution, which errs on the side of silence too (Hodges, Ark.
Mat. 1958); Pearson's chi-squared; the distance of mean vectors by permutation (Gretton et al., JMLR 2012, with a linear
kernel). Many columns: Holm, Scand. J. Stat. 1979.

Shapes: n rows of the reference, m of the window, i of both (reference first), k categories, g groups, d dimensions,
b permutations, e edges of a histogram.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.metrics.columns import Bools, Floats, Ints

LEAST_GROUPS = 10
"""Fewer groups on a side are not tested."""
LEAST_EXPECTED = 5.0
"""Categories that are expected less often on a side are tested together (Cochran, Biometrics 1954)."""
BINS = 24
OUTER = 0.005
"""Share of the rows beyond either end of a histogram; they are counted in its outer bins."""
MOST_GROUPS = 500
"""Groups on a side whose vectors are compared; of more, so many are drawn."""
NORMAL = NormalDist()
Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Rows:
    """Where the rows of a reference and of a window stand: `after_i` says which are of the window.

    `group_i`: numbers of groups, or None where each row is a group of its own. A group with rows on both sides is one
    group on each.
    """

    after_i: Bools
    group_i: Ints | None = None

    @classmethod
    def of(cls, before: int, after: int, groups: Sequence[str] | Ints | None = None) -> Rows:
        """`before` rows of the reference, then `after` of the window; groups by name or number.

        Raises:
            BadInput: there is not one group for each row.
        """
        after_i = np.arange(before + after) >= before
        if groups is None:
            return cls(after_i)
        if len(groups) != len(after_i):
            raise BadInput(f"{len(groups)} groups were given for {len(after_i)} rows", where="groups")
        group_i = np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)
        return cls(after_i, group_i * 2 + after_i)

    def take(self, kept_i: Bools) -> Rows:
        return Rows(self.after_i[kept_i], None if self.group_i is None else self.group_i[kept_i])

    def weights(self) -> Floats:
        """The weight of each row: all rows of a group together weigh 1."""
        if self.group_i is None:
            return np.ones(len(self.after_i))
        return np.asarray(1.0 / np.bincount(self.group_i)[self.group_i], np.float64)

    def groups(self) -> tuple[int, int]:
        """How many groups each side has."""
        if self.group_i is None:
            after = int(self.after_i.sum())
            return len(self.after_i) - after, after
        there = np.unique(self.group_i)
        after = int((there % 2).sum())
        return len(there) - after, after


@dataclass(frozen=True)
class Tested:
    """The outcome of one test: its statistic, the p-value of no difference, and the effect size."""

    statistic: float
    p_value: float
    effect: float


@dataclass(frozen=True)
class Numbers:
    """Two distributions of numbers: their means, and how much of each lies between edges."""

    tested: Tested | None
    groups: tuple[int, int]
    means: tuple[float, float]
    edges_e: Floats
    shares_2e: Floats


@dataclass(frozen=True)
class Categories:
    """Two distributions over categories: `shares_2k`, the reference first."""

    tested: Tested | None
    groups: tuple[int, int]
    shares_2k: Floats


@dataclass(frozen=True)
class Vectors:
    """Two clouds of vectors."""

    tested: Tested | None
    groups: tuple[int, int]


def compare_numbers(values_i: Floats, rows: Rows) -> Numbers:
    """Two samples of numbers; NaN is unknown and left out. Untested where a side has fewer than `LEAST_GROUPS` groups.

    The effect is the shift, in standard deviations, that moves two normal distributions as far apart: Cohen's d for
    normal numbers, and right for a change of any shape.
    """
    known_i = ~np.isnan(values_i)
    if not known_i.all():
        values_i, rows = values_i[known_i], rows.take(known_i)
    groups = rows.groups()
    if min(groups) == 0:
        return Numbers(None, groups, (math.nan, math.nan), np.zeros(0), np.zeros((2, 0)))
    sides = _Sorted.of(values_i, rows, groups)
    distance = sides.distance()
    tested = None
    if min(groups) >= LEAST_GROUPS:
        tested = Tested(distance, smirnov_p(distance, *groups), _shift(distance, sum(groups)))
    edges_e, shares_2e = sides.histogram()
    return Numbers(tested, groups, sides.means(), edges_e, shares_2e)


def compare_categories(codes_i: Ints, categories: int, rows: Rows) -> Categories:
    """Two samples of categories by number; -1 is unknown and left out."""
    known_i = codes_i >= 0
    if not known_i.all():
        codes_i, rows = codes_i[known_i], rows.take(known_i)
    counts = np.bincount(codes_i + categories * rows.after_i, rows.weights(), 2 * categories).astype(np.float64)
    return _compare_counts(counts.reshape(2, categories), rows.groups())


def compare_shares(shares_ik: Floats, rows: Rows) -> Categories:
    """Two samples of rows that are divided among categories; each row sums to 1, one of NaN is left out."""
    known_i = np.asarray(~np.isnan(shares_ik).any(axis=1))
    shares_ik, rows = shares_ik[known_i], rows.take(known_i)
    weights_i = rows.weights()
    counts_2k = np.stack([(weights_i * side) @ shares_ik for side in (~rows.after_i, rows.after_i)])
    return _compare_counts(counts_2k, rows.groups())


def compare_vectors(vectors_id: Reals, rows: Rows, *, permutations: int, seed: int = 0) -> Vectors:
    """Two clouds of vectors by the distance of their means; groups are permuted whole.

    The effect is how far apart the clouds lie along the line between their means, in standard deviations; each vector
    is left out of the means that it is judged by, so that noise has none.
    """
    groups = rows.groups()
    if min(groups) < LEAST_GROUPS:
        return Vectors(None, groups)
    rng = np.random.default_rng(seed)
    means_gd, after_g = _group_means(vectors_id, rows)
    chosen_g = np.sort(np.concatenate([_some(np.flatnonzero(after_g == side), rng) for side in (False, True)]))
    means_gd, after_g = means_gd[chosen_g], after_g[chosen_g]
    gram_gg = (means_gd @ means_gd.T).astype(np.float64)
    signs_g = np.where(after_g, 1 / after_g.sum(), -1 / (~after_g).sum())
    statistic = float(signs_g @ gram_gg @ signs_g)
    drawn_bg = rng.permuted(np.broadcast_to(signs_g, (permutations, len(signs_g))), axis=1)
    drawn_b = np.einsum("bg,bg->b", drawn_bg @ gram_gg, drawn_bg)
    p_value = (1 + int((drawn_b >= statistic * (1 - 1e-9)).sum())) / (1 + permutations)
    return Vectors(Tested(math.sqrt(max(statistic, 0.0)), p_value, _along(gram_gg, after_g)), groups)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted so that calling those at most `a` leaves a chance of at most `a` for any false one."""
    p_c = np.asarray(p_values, np.float64)
    order = np.argsort(p_c, kind="stable")
    adjusted_c = np.empty_like(p_c)
    adjusted_c[order] = np.minimum(np.maximum.accumulate(p_c[order] * np.arange(len(p_c), 0, -1)), 1.0)
    found: list[float] = adjusted_c.tolist()
    return found


def smirnov_p(distance: float, before: int, after: int) -> float:
    """The limiting two-sample p-value of a distance of cumulative shares (Smirnov, 1939)."""
    scaled = distance * math.sqrt(before * after / (before + after))
    if scaled < 0.2:  # where the series has not converged, the probability is 1
        return 1.0
    terms = ((-1.0) ** (k - 1) * math.exp(-2 * (k * scaled) ** 2) for k in range(1, 101))
    return min(1.0, max(0.0, 2.0 * math.fsum(terms)))


def chi_squared_p(statistic: float, freedom: int) -> float:
    """The chance of a chi-squared of at least this (Abramowitz and Stegun, 26.4.4 and 26.4.5)."""
    half = statistic / 2
    at, p_value = (0.5, math.erfc(math.sqrt(half))) if freedom % 2 else (1.0, math.exp(-half))
    while 2 * at < freedom:
        p_value += math.exp(at * math.log(half) - half - math.lgamma(at + 1)) if half > 0 else 0.0
        at += 1
    return min(p_value, 1.0)


@dataclass(frozen=True)
class _Sorted:
    """Both sides in one order: the values, and the cumulative share of each side up to and with each."""

    values_i: Floats
    cumulative_2i: Floats
    weights_2i: Floats

    @classmethod
    def of(cls, values_i: Floats, rows: Rows, groups: tuple[int, int]) -> _Sorted:
        order_i = np.argsort(values_i)
        weights_i, after_i = rows.weights()[order_i], rows.after_i[order_i]
        weights_2i = np.stack([weights_i * ~after_i / groups[0], weights_i * after_i / groups[1]])
        return cls(values_i[order_i], np.cumsum(weights_2i, axis=1), weights_2i)

    def distance(self) -> float:
        """The greatest distance of the cumulative shares, looked at only behind the last of equal values."""
        gaps_i = np.abs(self.cumulative_2i[1] - self.cumulative_2i[0])
        last_i = np.append(self.values_i[1:] > self.values_i[:-1], True)
        return min(float(np.max(gaps_i, where=last_i, initial=0.0)), 1.0)

    def means(self) -> tuple[float, float]:
        before, after = (self.weights_2i @ self.values_i).tolist()
        return before, after

    def histogram(self) -> tuple[Floats, Floats]:
        """Equal bins between the outer percentiles of both sides."""
        both_i = self.cumulative_2i.mean(axis=0)
        places = np.searchsorted(both_i, [OUTER, 1 - OUTER]).clip(0, len(both_i) - 1)
        low, high = self.values_i[places].tolist()
        edges_e = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
        below_e = np.searchsorted(self.values_i, edges_e[1:-1])
        padded_2i = np.concatenate([np.zeros((2, 1)), self.cumulative_2i], axis=1)
        ends_2e = np.concatenate([np.zeros((2, 1)), padded_2i[:, below_e], np.ones((2, 1))], axis=1)
        return edges_e, np.diff(ends_2e, axis=1).clip(0)


def _compare_counts(counts_2k: Floats, groups: tuple[int, int]) -> Categories:
    sums_21 = counts_2k.sum(axis=1, keepdims=True)
    shares_2k = counts_2k / np.maximum(sums_21, 1e-12)
    if min(groups) < LEAST_GROUPS:
        return Categories(None, groups, shares_2k)
    middle_k = shares_2k.mean(axis=0)
    there_k = middle_k > 0
    effect = math.sqrt(float((np.diff(shares_2k, axis=0)[0, there_k] ** 2 / middle_k[there_k]).sum()))
    pooled_2k = _pooled(counts_2k)
    if pooled_2k.shape[1] < 2:
        alone = int(there_k.sum()) == 1  # one category on both sides is no difference; several rare ones tell nothing
        return Categories(Tested(0.0, 1.0, 0.0) if alone else None, groups, shares_2k)
    statistic = _chi_squared(pooled_2k)
    return Categories(Tested(statistic, chi_squared_p(statistic, pooled_2k.shape[1] - 1), effect), groups, shares_2k)


def _pooled(counts_2k: Floats) -> Floats:
    """The counts with rare categories as one, which takes in the next rarest until it is expected often enough."""
    total_k = counts_2k.sum(axis=0)
    smaller = counts_2k.sum(axis=1).min() / max(counts_2k.sum(), 1e-12)
    order = np.argsort(total_k, kind="stable")
    expected_k = np.cumsum(total_k[order]) * smaller
    rare = int((total_k * smaller < LEAST_EXPECTED).sum())
    if rare:
        rare = max(rare, int(np.searchsorted(expected_k, LEAST_EXPECTED)) + 1)
    together_21 = counts_2k[:, order[:rare]].sum(axis=1, keepdims=True)
    return np.concatenate([together_21[:, : bool(rare)], counts_2k[:, order[rare:]]], axis=1)


def _chi_squared(counts_2k: Floats) -> float:
    """Pearson's statistic of homogeneity; of two categories with the correction of Yates (JRSS Suppl. 1934)."""
    expected_2k = counts_2k.sum(axis=1, keepdims=True) * counts_2k.sum(axis=0) / counts_2k.sum()
    gaps_2k = np.abs(counts_2k - expected_2k)
    if counts_2k.shape[1] == 2:
        gaps_2k = np.maximum(gaps_2k - 0.5, 0.0)
    return float((gaps_2k**2 / expected_2k).sum())


def _shift(distance: float, groups: int) -> float:
    """The shift of a normal distribution, in standard deviations, that makes this distance."""
    return 2 * NORMAL.inv_cdf((1 + min(distance, 1 - 1 / groups)) / 2)


def _group_means(vectors_id: Reals, rows: Rows) -> tuple[Reals, Bools]:
    """The mean vector of each group, and which groups are of the window."""
    if rows.group_i is None:
        return vectors_id, rows.after_i
    there_g, place_i = np.unique(rows.group_i, return_inverse=True)
    means_gd: Reals = np.zeros((len(there_g), vectors_id.shape[1]), vectors_id.dtype)
    np.add.at(means_gd, place_i, vectors_id * rows.weights().astype(vectors_id.dtype)[:, None])
    return means_gd, there_g % 2 == 1


def _some(places: Ints, rng: np.random.Generator) -> Ints:
    return places if len(places) <= MOST_GROUPS else rng.choice(places, MOST_GROUPS, replace=False)


def _along(gram_gg: Floats, after_g: Bools) -> float:
    """How far apart two clouds lie along the line between their means, in standard deviations."""
    scores = []
    for side_g in (~after_g, after_g):
        own = side_g.sum()
        to_own_g = (gram_gg[:, side_g].sum(axis=1) - np.diag(gram_gg)) / (own - 1)  # without itself
        to_other_g = gram_gg[:, ~side_g].mean(axis=1)
        towards_after = (to_own_g - to_other_g) * (1 if side_g is after_g else -1)
        scores.append(towards_after[side_g])
    spread = math.sqrt((scores[0].var(ddof=1) + scores[1].var(ddof=1)) / 2)
    gap = float(scores[1].mean() - scores[0].mean())
    return max(0.0, gap / spread) if spread > 0 else 0.0
