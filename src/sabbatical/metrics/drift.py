"""Whether a window differs from a reference, column by column: a test and an effect size for each kind of column.

Effects are on the scale of Cohen's d and w (Cohen, Statistical Power Analysis, 1988): 0.2 is small, 0.5 medium, 0.8
large. Rows on their own are tested by Kolmogorov and Smirnov or by Pearson's chi-squared; where several rows belong to
a group, the same statistics are judged by permuting whole groups (see `groups`). Vectors are compared by the distance
of their means, always by permutation (Gretton et al., JMLR 2012, with a linear kernel).

Shapes: i rows of both sides, k categories, g groups, d dimensions, x points, e edges of a histogram.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from sabbatical.metrics.columns import Bools, Floats, Ints
from sabbatical.metrics.groups import Reals, Rows, permuted_p
from sabbatical.metrics.p_values import chi_squared_p, smirnov_p

LEAST_GROUPS = 8
"""Fewer groups on a side are not tested."""
MOST_GROUPS = 1000
"""Groups on a side that are permuted. With more, tests count groups, which errs on the side of silence; of vectors, so
many are drawn."""
LEAST_EXPECTED = 5.0
"""Categories that are expected less often on a side are tested together (Cochran, Biometrics 1954)."""
PERMUTATIONS = 2000
POINTS = 200
"""Values at which the distributions of groups are compared."""
BINS = 24
OUTER = 0.005
"""Share of the rows beyond either end of a histogram; they are counted in its outer bins."""
NORMAL = NormalDist()


@dataclass(frozen=True)
class Tested:
    """The outcome of one test: its statistic, the p-value of no difference, and the effect size."""

    statistic: float
    p_value: float
    effect: float


@dataclass(frozen=True)
class Numbers:
    """Two distributions of numbers: their means, and how much of each lies between edges (2 = reference, window)."""

    tested: Tested | None
    groups: tuple[int, int]
    means: tuple[float, float]
    edges_e: Floats
    shares_2e: Floats


@dataclass(frozen=True)
class Categories:
    """Two distributions over categories."""

    tested: Tested | None
    groups: tuple[int, int]
    shares_2k: Floats


@dataclass(frozen=True)
class Vectors:
    """Two clouds of vectors."""

    tested: Tested | None
    groups: tuple[int, int]


def compare_numbers(values_i: Floats, rows: Rows, permutations: int = PERMUTATIONS) -> Numbers:
    """Two samples of numbers; NaN is unknown and left out. Untested where a side has fewer than `LEAST_GROUPS` groups.

    The effect is the shift, in standard deviations, that moves two normal distributions as far apart: Cohen's d for
    normal numbers, and right for a change of any shape.
    """
    known_i = ~np.isnan(values_i)
    if not known_i.all():
        values_i, rows = values_i[known_i], rows.take(known_i)
    if min(rows.groups) == 0:
        return Numbers(None, rows.groups, (math.nan, math.nan), np.zeros(0), np.zeros((2, 0)))
    sides = _Sorted.of(values_i, rows)
    tested = None
    if min(rows.groups) >= LEAST_GROUPS:
        distance = sides.distance()
        p_value = smirnov_p(distance, *rows.groups)
        if rows.clustered and max(rows.groups) <= MOST_GROUPS:
            p_value = _numbers_p(values_i, sides, rows, permutations)
        tested = Tested(distance, p_value, _shift(distance, sum(rows.groups)))
    edges_e, shares_2e = sides.histogram()
    return Numbers(tested, rows.groups, _means(values_i, rows), edges_e, shares_2e)


def compare_categories(codes_i: Ints, categories: int, rows: Rows, permutations: int = PERMUTATIONS) -> Categories:
    """Two samples of categories by number; -1 is unknown and left out."""
    known_i = codes_i >= 0
    codes_i, rows = codes_i[known_i], rows.take(known_i)
    if rows.clustered:
        return compare_shares(np.eye(categories)[codes_i], rows, permutations)
    counts = np.bincount(codes_i + categories * rows.after_i, minlength=2 * categories).astype(np.float64)
    return _compare_counts(counts.reshape(2, categories), rows, None, permutations)


def compare_shares(shares_ik: Floats, rows: Rows, permutations: int = PERMUTATIONS) -> Categories:
    """Two samples of rows that are divided among categories; each row sums to 1, one of NaN is left out."""
    known_i = np.asarray(~np.isnan(shares_ik).any(axis=1))
    shares_ik, rows = shares_ik[known_i], rows.take(known_i)
    profiles_gk = rows.profiles(shares_ik).astype(np.float64)
    counts_2k = np.stack([profiles_gk[side].sum(axis=0) for side in (~rows.after_g, rows.after_g)])
    return _compare_counts(counts_2k, rows, profiles_gk, permutations)


def compare_vectors(vectors_id: Reals, rows: Rows, permutations: int = PERMUTATIONS) -> Vectors:
    """Two clouds of vectors by the distance of their means; groups are permuted whole.

    The effect is how far apart the clouds lie along the line between their means, in standard deviations; each vector
    is left out of the means that it is judged by, so that noise has none.
    """
    if min(rows.groups) < LEAST_GROUPS:
        return Vectors(None, rows.groups)
    chosen_g = np.sort(np.concatenate([_some(np.flatnonzero(rows.after_g == side)) for side in (False, True)]))
    profiles_gd, after_g = rows.profiles(vectors_id)[chosen_g], rows.after_g[chosen_g]
    profiles_gd = profiles_gd - profiles_gd.mean(axis=0)
    gram_gg = profiles_gd @ profiles_gd.T
    values_g, bases_gg = np.linalg.eigh(gram_gg.astype(np.float64))  # the same distances in g dimensions
    turned_gg = bases_gg * np.sqrt(np.maximum(values_g, 0.0))
    statistic, p_value = permuted_p(turned_gg, after_g, _length, permutations)
    return Vectors(Tested(statistic, p_value, _along(gram_gg, after_g)), rows.groups)


@dataclass(frozen=True)
class _Sorted:
    """Both sides in one order: the values, and the weight of all rows and of the window's up to and with each."""

    values_i: Floats
    all_i: Floats
    after_i: Floats
    groups: tuple[int, int]

    @classmethod
    def of(cls, values_i: Floats, rows: Rows) -> _Sorted:
        order_i = np.argsort(values_i)
        after_i = rows.after_i[order_i]
        if not rows.clustered:
            all_i = np.arange(1.0, len(order_i) + 1)
            return cls(values_i[order_i], all_i, np.cumsum(after_i, dtype=np.float64), rows.groups)
        weights_i = rows.weights_i[order_i]
        return cls(values_i[order_i], np.cumsum(weights_i), np.cumsum(weights_i * after_i), rows.groups)

    def distance(self) -> float:
        """The greatest distance of the cumulative shares, looked at only behind the last of equal values."""
        before, after = self.groups
        gaps_i = np.abs(self.after_i * (1 / after + 1 / before) - self.all_i / before)
        last_i = np.append(self.values_i[1:] > self.values_i[:-1], True)
        return min(float(np.max(gaps_i, where=last_i, initial=0.0)), 1.0)

    def points(self) -> Floats:
        """Up to `POINTS` values, evenly by rank."""
        places = np.linspace(0, len(self.values_i) - 1, min(POINTS, len(self.values_i))).astype(np.int64)
        return np.unique(self.values_i[places])

    def histogram(self) -> tuple[Floats, Floats]:
        """Equal bins between the outer percentiles."""
        places = np.searchsorted(self.all_i, [OUTER * self.all_i[-1], (1 - OUTER) * self.all_i[-1]])
        low, high = self.values_i[places.clip(0, len(self.values_i) - 1)].tolist()
        edges_e = np.linspace(low, high, BINS + 1) if high > low else np.array([low - 0.5, low + 0.5])
        below_e = np.searchsorted(self.values_i, edges_e[1:-1])
        after_e, all_e = (np.where(below_e > 0, sums_i[below_e - 1], 0.0) for sums_i in (self.after_i, self.all_i))
        shares_2e = np.stack([(all_e - after_e) / self.groups[0], after_e / self.groups[1]])
        return edges_e, np.diff(shares_2e, axis=1, prepend=0.0, append=1.0).clip(0)


def _means(values_i: Floats, rows: Rows) -> tuple[float, float]:
    weighted_i = values_i * rows.weights_i if rows.clustered else values_i
    after = float(weighted_i @ rows.after_i)
    return (float(weighted_i.sum()) - after) / rows.groups[0], after / rows.groups[1]


def _numbers_p(values_i: Floats, sides: _Sorted, rows: Rows, permutations: int) -> float:
    """The p-value of the greatest distance, by the cumulative distribution of each group."""
    points_x = sides.points()
    cell_i = rows.place_i * (len(points_x) + 1) + np.searchsorted(points_x, values_i)
    size = len(rows.after_g) * (len(points_x) + 1)
    mass_gx = np.bincount(cell_i, rows.weights_i, size).reshape(len(rows.after_g), -1).astype(np.float64)
    return permuted_p(np.cumsum(mass_gx, axis=1)[:, :-1], rows.after_g, _greatest, permutations)[1]


def _greatest(gaps_bx: Reals) -> Reals:
    greatest_b: Reals = np.abs(gaps_bx).max(axis=1)
    return greatest_b


def _length(gaps_bx: Reals) -> Reals:
    length_b: Reals = np.sqrt(np.einsum("bx,bx->b", gaps_bx, gaps_bx))
    return length_b


def _compare_counts(counts_2k: Floats, rows: Rows, profiles_gk: Floats | None, permutations: int) -> Categories:
    """The test of two rows of counts; by the profiles of groups where rows belong together."""
    shares_2k = counts_2k / np.maximum(counts_2k.sum(axis=1, keepdims=True), 1e-12)
    if min(rows.groups) < LEAST_GROUPS:
        return Categories(None, rows.groups, shares_2k)
    middle_k = shares_2k.mean(axis=0)
    there_k = middle_k > 0
    if int(there_k.sum()) == 1:
        return Categories(Tested(0.0, 1.0, 0.0), rows.groups, shares_2k)
    effect = math.sqrt(float((np.diff(shares_2k, axis=0)[0, there_k] ** 2 / middle_k[there_k]).sum()))
    if profiles_gk is not None and max(rows.groups) <= MOST_GROUPS:
        scaled_gk = profiles_gk[:, there_k] / np.sqrt(profiles_gk[:, there_k].mean(axis=0))
        size, p_value = permuted_p(scaled_gk, rows.after_g, _length, permutations)
        before, after = rows.groups
        tested = Tested(size**2 * before * after / (before + after), p_value, effect)
        return Categories(tested, rows.groups, shares_2k)
    pooled_2k = _pooled(counts_2k)
    if pooled_2k.shape[1] < 2:
        return Categories(None, rows.groups, shares_2k)
    statistic = _chi_squared(pooled_2k)
    p_value = chi_squared_p(statistic, pooled_2k.shape[1] - 1)
    return Categories(Tested(statistic, p_value, effect), rows.groups, shares_2k)


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
    """The shift of a normal distribution, in standard deviations, that makes this distance, as far as groups tell."""
    return 2 * NORMAL.inv_cdf((1 + min(distance, 1 - 1 / groups)) / 2)


def _some(places: Ints) -> Ints:
    if len(places) <= MOST_GROUPS:
        return places
    return np.random.default_rng(0).choice(places, MOST_GROUPS, replace=False)


def _along(gram_gg: Reals, after_g: Bools) -> float:
    """How far apart two clouds lie along the line between their means, in standard deviations."""
    scores = []
    for side_g, sign in ((~after_g, -1), (after_g, 1)):
        to_own_g = (gram_gg[:, side_g].sum(axis=1) - np.diag(gram_gg)) / (side_g.sum() - 1)  # without itself
        to_other_g = gram_gg[:, ~side_g].mean(axis=1)
        scores.append(sign * (to_own_g - to_other_g)[side_g])
    spread = math.sqrt((scores[0].var(ddof=1) + scores[1].var(ddof=1)) / 2)
    gap = float(scores[1].mean() - scores[0].mean())
    most = _shift(1.0, len(after_g))
    return min(max(gap, 0.0), most * spread) / spread if spread > 0 else most * (gap > 0)
