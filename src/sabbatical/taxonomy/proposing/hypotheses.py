"""How a label may stand to a tree, and how likely each way is: names and sightings as one sum of log-odds.

A label is the `same` as one class, a `child` of one, the `parent` of one or several, or `new`. Each way says of some
classes that the label is the same, beneath or above; of all others that it is apart. What is seen of names and things
is weighed by how often it is seen so, against how often where label and class are apart (naive Bayes).

Legend: l labels, k classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sabbatical.taxonomy.proposing.likeness import Likeness
from sabbatical.taxonomy.proposing.sightings import Shares, log_beta_binomial
from sabbatical.taxonomy.proposing.weights import Weights
from sabbatical.taxonomy.tree import SuperTaxonomy

Floats = NDArray[np.float64]
Relation = Literal["same", "child", "parent", "new"]
WAYS = ("same", "beneath", "above")
RELATIONS: tuple[Relation, ...] = ("same", "child", "parent", "new")
ROUNDS = 12
LEAST_FREE = 0.05  # that no other label is the same as a class, however sure that seems
MOST_MEMBERS = 12
LEAST_MET = 2  # things found to be a class, from which on its hold says something


@dataclass(frozen=True, eq=False)
class Odds:
    """Log-odds [l, k] of each way against being apart, by names and by sightings; bool [l], whether there are any."""

    names: dict[str, Floats]
    things: dict[str, Floats]
    seen_l: NDArray[np.bool_]

    def of(self, way: str) -> Floats:
        total: Floats = self.names[way] + self.things[way]
        return total


@dataclass(frozen=True)
class Hypothesis:
    """One way in which a label may stand to the tree, its log-odds against `new`, and its chance among all."""

    relation: Relation
    classes: tuple[str, ...]
    odds: float
    chance: float = 0.0


def odds_of(tree: SuperTaxonomy, alike: Likeness | None, shared: Shares | None, weights: Weights, labels: int) -> Odds:
    """The log-odds of every pair; of what is not known (no names, no sightings) nothing."""
    none = np.zeros((labels, len(tree)))
    names = dict.fromkeys(WAYS, none) if alike is None else _of_names(alike, weights)
    things = dict.fromkeys(WAYS, none) if shared is None else _of_things(tree, shared, weights)
    seen_l = np.zeros(labels, np.bool_) if shared is None else np.any(shared.seen_lk, axis=1, keepdims=False)
    return Odds(names, things, np.asarray(seen_l, np.bool_))


def _of_names(alike: Likeness, weights: Weights) -> dict[str, Floats]:
    table = np.array([weights.names[key] for key in sorted(weights.names)])
    place = {key: row for row, key in enumerate(sorted(weights.names))}
    rows_lk = np.vectorize(lambda kind, near: place[name_key(int(kind), bool(near))])(alike.kind_lk, alike.nearest_lk)
    logs = np.log(table)
    return {way: logs[rows_lk, column] - logs[rows_lk, 3] for column, way in enumerate(WAYS)}


def name_key(kind: int, nearest: bool) -> str:
    return f"{kind}{'n' if nearest else ''}"


def _of_things(tree: SuperTaxonomy, shared: Shares, weights: Weights) -> dict[str, Floats]:
    met_lk = shared.within_lk >= LEAST_MET
    apart_lk = _by_chance(tree, shared, weights)
    free_lk = log_beta_binomial(shared.hold_lk, shared.hold_of_lk, weights.hold["apart"])
    found = {}
    for way in WAYS:
        part_lk = log_beta_binomial(shared.part_lk, shared.part_of_lk, weights.part[way]) - apart_lk
        hold_lk = log_beta_binomial(shared.hold_lk, shared.hold_of_lk, weights.hold[way]) - free_lk
        both_lk = part_lk + np.where(met_lk, hold_lk, 0.0)
        found[way] = np.where(shared.seen_lk, _doubted(both_lk, weights.blind), 0.0)
    return found


def _by_chance(tree: SuperTaxonomy, shared: Shares, weights: Weights) -> Floats:
    """The log chance of the part of a class that a label is apart from: the less, the more classes stand beside it."""
    beside_k = siblings(tree)
    found = np.zeros_like(shared.part_lk)
    for key, rows in (("apart", tree.parent_k < 0), ("beside", tree.parent_k >= 0)):
        alike, rest = weights.part[key]
        for many in np.unique(beside_k[rows]):
            k = np.flatnonzero(rows & (beside_k == many))
            found[:, k] = log_beta_binomial(shared.part_lk[:, k], shared.part_of_lk[:, k], (alike / many, rest))
    return found


def siblings(tree: SuperTaxonomy) -> NDArray[np.int64]:
    """int64 [k]: of how many classes beneath one class (or at the top) each is."""
    above_k = tree.parent_k + 1
    many_k: NDArray[np.int64] = np.bincount(above_k)[above_k]
    return many_k


def _places(tree: SuperTaxonomy) -> Floats:
    """The log chance of every class as one that a label stands to, before anything is seen.

    Down from the top, each class of a family as likely as the others, with even odds to stay or to go further down.
    """
    inner_k = np.bincount(tree.parent_k[tree.parent_k >= 0], minlength=len(tree)) > 0
    into_k = -np.log(siblings(tree).astype(np.float64))
    here_k = into_k + np.where(inner_k, np.log(0.5), 0.0)
    on_k = into_k + np.log(0.5)
    above = tree.ancestors_kk & ~np.eye(len(tree), dtype=np.bool_)
    place_k: Floats = here_k + above.astype(np.float64) @ on_k
    return place_k


def _doubted(log_odds: Floats, blind: float) -> Floats:
    """Log-odds where in a share of all cases the model sees nothing, however label and class stand to each other."""
    doubted: Floats = np.logaddexp(np.log1p(-blind) + log_odds, np.log(blind))
    return doubted


def hypotheses(tree: SuperTaxonomy, odds: Odds, weights: Weights) -> list[list[Hypothesis]]:
    """For each label every way in which it may stand to the tree, the likeliest first.

    Labels tell of one another, in rounds. How common each relation is, is learned from those of which things were
    looked at, beginning with `weights.prior` (empirical Bayes): where most are new, one that may be new is so rather
    than not. And no two labels are the same as one class: the likelier one of them is, the less another.
    """
    found = [_of_label(tree, odds, row, weights) for row in range(len(odds.seen_l))]
    logs = [np.array([one.odds for one in each]) for each in found]
    kinds = [np.array([RELATIONS.index(one.relation) for one in each]) for each in found]
    first_r = np.array([weights.prior[name] for name in RELATIONS])
    prior_r, taken_lk = first_r / first_r.sum(), np.zeros((len(found), len(tree)))
    chances: list[Floats] = []
    for _ in range(ROUNDS):
        chances = [_chances(*each, prior_r) for each in zip(logs, kinds, taken_lk, strict=True)]
        seen = [np.bincount(kinds[row], chances[row], len(RELATIONS)) for row in np.flatnonzero(odds.seen_l)]
        prior_r = np.sum([weights.trust * first_r, *seen], axis=0)
        prior_r /= prior_r.sum()
        taken_lk = (taken_lk + _taken(np.array([chance[1 : 1 + len(tree)] for chance in chances]))) / 2
    return [_ranked(each, chance) for each, chance in zip(found, chances, strict=True)]


def _chances(log_h: Floats, kind_h: NDArray[np.int64], taken_k: Floats, prior_r: Floats) -> Floats:
    """The chance of each way of one label; after `new` come those of being the same as a class, class by class."""
    weighed_h = log_h + np.log(prior_r)[kind_h]
    weighed_h[1 : 1 + len(taken_k)] += taken_k
    chance_h: Floats = np.exp(weighed_h - np.logaddexp.reduce(weighed_h))
    return chance_h


def _taken(same_lk: Floats) -> Floats:
    """The log chance that no other label is the same as a class."""
    free_lk = np.log(np.maximum(1 - same_lk, LEAST_FREE))
    taken_lk: Floats = free_lk.sum(axis=0, keepdims=True) - free_lk
    return taken_lk


def _of_label(tree: SuperTaxonomy, odds: Odds, row: int, weights: Weights) -> list[Hypothesis]:
    above = tree.ancestors_kk & ~np.eye(len(tree), dtype=np.bool_)
    line_k = above.astype(np.float64) @ odds.things["beneath"][row]  # of the classes above, whose names say nothing
    place_k = _places(tree)
    same_k = odds.of("same")[row] + line_k + place_k
    child_k = odds.of("beneath")[row] + line_k + place_k
    found = [Hypothesis("new", (), 0.0)]
    found += [Hypothesis("same", (name,), float(same_k[k])) for k, name in enumerate(tree.names)]
    found += [Hypothesis("child", (name,), float(child_k[k])) for k, name in enumerate(tree.names)]
    return found + _parents(tree, odds, row, weights)


def _parents(tree: SuperTaxonomy, odds: Odds, row: int, weights: Weights) -> list[Hypothesis]:
    """The best set of classes that the label may stand above, of every size."""
    above_k, place_k = odds.of("above")[row], _places(tree)
    chosen: list[int] = []
    found = []
    gain = 0.0
    for k in np.argsort(-(above_k + place_k), kind="stable")[: 2 * MOST_MEMBERS].tolist():
        if any(tree.ancestors_kk[k, other] or tree.ancestors_kk[other, k] for other in chosen):
            continue
        family = any(tree.parent_k[k] == tree.parent_k[other] for other in chosen)
        gain += above_k[k] + (max(place_k[k], np.log(weights.member)) if family else place_k[k])
        chosen.append(k)
        names = tuple(tree.names[one] for one in sorted(chosen))
        above = tree.common_ancestor(names) if len(names) > 1 else tree[names[0]].parent
        if above is not None and set(names) == set(tree.children(above)):
            continue  # that is the class above itself
        line = 0.0 if above is None else float(odds.things["beneath"][row] @ tree.ancestors_kk[tree.index(above)])
        lone = float(np.log(weights.wider)) if len(chosen) == 1 else 0.0
        found.append(Hypothesis("parent", names, gain + line + lone))
        if len(chosen) == MOST_MEMBERS:
            break
    return found


def _ranked(found: Sequence[Hypothesis], chances: Floats) -> list[Hypothesis]:
    order = np.argsort(-chances, kind="stable").tolist()
    return [Hypothesis(found[i].relation, found[i].classes, found[i].odds, float(chances[i])) for i in order]
