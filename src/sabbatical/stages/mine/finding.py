"""Which places fail surely more often than the rest, told once each.

The test is by permutation of whole groups of near duplicates: what went wrong in a group is dealt out to the groups
anew, its places stay. The largest excess of all places and kinds of failure together tells how large one may be by
chance, so that to name any place by mistake has the chance `sure`, however many are looked at. The place with the most
failures too many is told; its groups are put aside, and the rest is looked at again, so that two names of one thing
(night, and the rain of that night) are told once.

Source: Westfall and Young, Resampling-based multiple testing, 1993 (the largest statistic); Efron and Tibshirani, An
Introduction to the Bootstrap, 1993 (intervals of the lift, by percentiles).

Legend: a answers, g groups, c outcomes (ways to fail), q places, b resamples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sabbatical.core.progress import Progress, Quiet, check
from sabbatical.metrics.columns import Bools, Floats, Ints
from sabbatical.metrics.resampling import LEAST_UNITS, Resamples, units_of
from sabbatical.schemas.mine import Symptom
from sabbatical.stages.evaluate.actions import Part
from sabbatical.stages.mine.outcomes import Outcome
from sabbatical.stages.mine.places import is_time

PERMUTATIONS = 999
LEAST_FAILED = 5  # answers
LEAST_LIFT = 1.25  # a smaller one is sure where answers are many, and worth no campaign
CELLS_AT_ONCE = 4_000_000
MOST_ISSUES = 5
MOST_ALSO = 5
QUIET = Quiet()


@dataclass(frozen=True, eq=False)
class Found:
    """A place that is surely worse: its answers (`mask_a`), the worst symptom and what else is wrong there."""

    part: Part
    mask_a: Bools
    symptom: Symptom
    also: list[Symptom]
    outcomes: list[Outcome]


@dataclass(frozen=True, eq=False)
class Table:
    """Sums by group: answers that could fail and did, and the share of each group that stands in each place."""

    could_gc: Floats
    failed_gc: Floats
    share_gq: Floats

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], places: Sequence[Part], group_a: Ints) -> Table:
        groups = int(group_a.max(initial=-1)) + 1

        def summed(columns: Sequence[Bools]) -> Floats:
            return np.stack([np.bincount(group_a, column, groups) for column in columns], axis=1)

        size_g = np.bincount(group_a, minlength=groups)
        share_gq = summed([part.mask_i for part in places]) / size_g[:, None]
        return cls(summed([one.could_a for one in outcomes]), summed([one.failed_a for one in outcomes]), share_gq)

    def take(self, chosen_g: Bools) -> Table:
        return Table(self.could_gc[chosen_g], self.failed_gc[chosen_g], self.share_gq[chosen_g])

    @property
    def testable_qc(self) -> Bools:
        """Places with enough groups that could fail, inside and outside."""
        could_gc = (self.could_gc > 0).astype(np.float64)
        inside_qc, outside_qc = (self.share_gq > 0).T @ could_gc, (self.share_gq < 1).T @ could_gc
        enough_qc: Bools = (inside_qc >= LEAST_UNITS) & (outside_qc >= LEAST_UNITS)
        return enough_qc


def adjusted_p(table: Table, rng: np.random.Generator, progress: Progress = QUIET) -> Floats:
    """The chance of an excess as large in any place by any kind of failure, for each; 1 where none is tested; q x c."""
    rate_c = table.failed_gc.sum(axis=0) / np.maximum(table.could_gc.sum(axis=0), 1)
    excess_gc = table.failed_gc - rate_c * table.could_gc
    spread_q = np.sqrt(((table.share_gq - table.share_gq.mean(axis=0)) ** 2).sum(axis=0))
    spread_c = np.sqrt((excess_gc**2).sum(axis=0) / max(len(excess_gc) - 1, 1))
    spread_qc = np.outer(spread_q, spread_c)
    tested_qc = table.testable_qc & (spread_qc > 0)
    if not tested_qc.any():
        return np.ones_like(spread_qc)
    spread_qc = np.where(tested_qc, spread_qc, np.inf)
    z_qc = np.where(tested_qc, table.share_gq.T @ excess_gc / spread_qc, -np.inf)
    deals = (table.share_gq, excess_gc, spread_qc)
    largest_b = np.concatenate([_largest(*deals, many, rng, progress) for many in _blocks(excess_gc)])
    beyond_qc = len(largest_b) - np.searchsorted(np.sort(largest_b), z_qc - 1e-9)
    return np.where(tested_qc, (1 + beyond_qc) / (1 + PERMUTATIONS), 1.0)


def _largest(
    share_gq: Floats, excess_gc: Floats, spread_qc: Floats, many: int, rng: np.random.Generator, progress: Progress
) -> Floats:
    """The largest excess of any place and outcome in so many deals of what went wrong to the groups; shape b."""
    check(progress)
    dealt_bg = rng.permuted(np.tile(np.arange(len(excess_gc)), (many, 1)), axis=1)
    z_bqc = share_gq.T @ excess_gc[dealt_bg] / spread_qc
    largest_b: Floats = z_bqc.max(axis=(1, 2))
    return largest_b


def _blocks(excess_gc: Floats) -> list[int]:
    """The permutations in parts that fit in memory."""
    size = max(1, min(PERMUTATIONS, CELLS_AT_ONCE // max(excess_gc.size, 1)))
    return [min(size, PERMUTATIONS - start) for start in range(0, PERMUTATIONS, size)]


def find(
    outcomes: Sequence[Outcome],
    places: Sequence[Part],
    group_a: Ints,
    sure: float,
    *,
    aside_a: Bools | None = None,
    seed: int = 0,
    progress: Progress = QUIET,
) -> list[Found]:
    """Places that are surely worse than the rest, the one with the most failures too many first; at most five.

    Attributes come first; a time is named only for what no attribute explains. Answers in `aside_a` are left out.
    """
    group_a = units_of(len(group_a), group_a)
    left_a = np.ones(len(group_a), np.bool_) if aside_a is None else ~aside_a
    rng = np.random.default_rng(seed)
    found: list[Found] = []
    for timely in (False, True):
        chosen = [part for part in places if timely or not is_time(part)]
        while chosen and outcomes and len(found) < MOST_ISSUES:
            one = _worst(outcomes, chosen, group_a, left_a, sure, rng, progress)
            if one is None:
                break
            found.append(one)
            left_a &= ~np.isin(group_a, np.unique(group_a[one.mask_a]))
    return found


def _worst(
    outcomes: Sequence[Outcome],
    places: Sequence[Part],
    group_a: Ints,
    left_a: Bools,
    sure: float,
    rng: np.random.Generator,
    progress: Progress,
) -> Found | None:
    """The surely worse place with the most failures too many, among the answers that are left."""
    left_g = np.bincount(group_a, left_a, int(group_a.max(initial=-1)) + 1) > 0
    table = Table.of(outcomes, places, group_a).take(left_g)
    if len(table.could_gc) < 2 * LEAST_UNITS:
        return None
    p_qc = adjusted_p(table, rng, progress)
    lifts = Lifts.among(group_a, left_a)
    told: list[tuple[int, int, Symptom]] = []
    for q, c in np.argwhere(p_qc <= sure).tolist():
        one = lifts.symptom(outcomes[c], places[q].mask_i, float(p_qc[q, c]))
        if one is not None:
            told.append((q, c, one))
    if not told:
        return None
    worst, lead, _ = max(told, key=lambda one: (_too_many(one[2]), -len(places[one[0]].where)))
    here = sorted((one for one in told if one[0] == worst), key=lambda one: (one[1] != lead, -_too_many(one[2])))
    return Found(
        part=places[worst],
        mask_a=places[worst].mask_i & left_a,
        symptom=here[0][2],
        also=[one for _, _, one in here[1 : 1 + MOST_ALSO]],
        outcomes=[outcomes[c] for _, c, _ in here],
    )


@dataclass(frozen=True, eq=False)
class Lifts:
    """How many times the rate of the rest a place fails, with resamples of groups; of the answers that are left."""

    left_a: Bools
    group_n: Ints
    weights_bg: Floats

    @classmethod
    def among(cls, group_a: Ints, left_a: Bools) -> Lifts:
        group_n = units_of(int(left_a.sum()), group_a[left_a])
        return cls(left_a, group_n, Resamples.of(int(group_n.max()) + 1).weights_bu.astype(np.float64))

    def symptom(self, outcome: Outcome, mask_a: Bools, p_value: float) -> Symptom | None:
        """The counts and the lift with its interval; None where it is small, or could be none."""
        sides = [side_a & part_a for part_a in (mask_a, ~mask_a) for side_a in (outcome.failed_a, outcome.could_a)]
        sums_g4 = np.stack([np.bincount(self.group_n, side_a[self.left_a]) for side_a in sides], axis=1)
        failed, answers, rest_failed, rest_answers = (int(many) for many in sums_g4.sum(axis=0))
        if failed < LEAST_FAILED:
            return None
        lift_b = _lift(self.weights_bg @ sums_g4)
        low, high = (float(edge) for edge in np.percentile(lift_b[1:], [2.5, 97.5]))
        lift = (failed / answers) / (rest_failed / rest_answers) if rest_failed else float(lift_b[0])
        if lift < LEAST_LIFT or low <= 1:
            return None
        return Symptom(
            kind=outcome.kind,
            label=outcome.label,
            failed=failed,
            answers=answers,
            rest_failed=rest_failed,
            rest_answers=rest_answers,
            lift=round(lift, 3),
            interval=(round(min(low, lift), 3), round(max(high, lift), 3)),
            p_value=p_value,
        )


def _lift(sums_b4: Floats) -> Floats:
    """Ratio of two rates; half a failure more on both sides, so that none is not nothing at all."""
    failed, answers, rest_failed, rest_answers = sums_b4.T
    lift_b: Floats = (failed + 0.5) / (answers + 0.5) * (rest_answers + 0.5) / (rest_failed + 0.5)
    return lift_b


def _too_many(symptom: Symptom) -> float:
    """Failures that would not be, did the place fail like the rest."""
    rest = symptom.rest_failed / symptom.rest_answers if symptom.rest_answers else 0.0
    return symptom.failed - symptom.answers * rest
