"""Fit the weights of the mapping assistant on taxonomies perturbed by chance, and write them where it reads them.

Each label and class of a perturbation stand to each other in a known way. Counted are the kinds of their names, and by
maximum likelihood fitted are the beta distributions of the shares that a model finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks.mapping.perturbing import Truth
from sabbatical.taxonomy import SuperTaxonomy
from sabbatical.taxonomy.proposing.hypotheses import LEAST_MET, name_key, siblings
from sabbatical.taxonomy.proposing.likeness import Kind, likeness
from sabbatical.taxonomy.proposing.sightings import Beta, Shares, Sightings, log_beta_binomial, shares
from sabbatical.taxonomy.proposing.weights import Weights

WAYS = ("same", "beneath", "above", "apart")
FEW = 5  # pairs that look as if apart are added to each way, so that no kind is impossible
Row = tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """A customer beside a tree, with what is true; and what a model finds, where one was asked."""

    base: str
    tree: SuperTaxonomy
    truth: dict[str, Truth]
    seen: Sightings | None = None

    @property
    def labels(self) -> list[str]:
        return list(self.truth)


def fit(named: Sequence[Case], seen: Sequence[Case]) -> Weights:
    """Weights of names from the first cases, of sightings from the second; all else as it is chosen in `Weights`."""
    part: dict[str, list[Row]] = defaultdict(list)
    hold: dict[str, list[Row]] = defaultdict(list)
    for case in seen:
        _count_shares(case, part, hold)
    scaled = {key: _fitted(part[key], _scaled) for key in ("apart", "beside")}
    parts = {key: _fitted(part[key], _plain) for key in ("same", "beneath", "above")}
    return Weights(_names(named), parts | scaled, {key: _fitted(rows, _plain) for key, rows in sorted(hold.items())})


def _pairs(case: Case) -> Iterator[tuple[int, int, str]]:
    """Label, class, and how they stand to each other: one of `WAYS`, `line` (above the class that counts) or other."""
    closure = case.tree.ancestors_kk
    for row, truth in enumerate(case.truth.values()):
        own = [case.tree.index(name) for name in truth.classes]
        for k in range(len(case.tree)):
            if k in own:
                yield row, k, {"same": "same", "child": "beneath", "parent": "above"}[truth.relation]
            elif own and all(closure[one, k] for one in own):
                yield row, k, "line"
            elif truth.relation != "child" and any(closure[one, k] or closure[k, one] for one in own):
                yield row, k, "inside"
            else:
                yield row, k, "apart"


def _names(cases: Iterable[Case]) -> dict[str, Row]:
    """How often each kind is seen under each way; apart from all classes are new labels only."""
    counts = {name_key(kind, near): np.zeros(4) for kind in Kind for near in (False, True)}
    for case in cases:
        alike = likeness(case.labels, case.tree)
        relations = [truth.relation for truth in case.truth.values()]
        for row, k, way in _pairs(case):
            if way in WAYS and (way != "apart" or relations[row] == "new"):
                key = name_key(int(alike.kind_lk[row, k]), bool(alike.nearest_lk[row, k]))
                counts[key][WAYS.index(way)] += 1
    total = np.sum(list(counts.values()), axis=0)
    apart = {key: (count[3] + 0.5) / (total[3] + 0.5 * len(counts)) for key, count in counts.items()}
    return {
        key: (*((count[w] + FEW * apart[key]) / (total[w] + FEW) for w in range(3)), apart[key])
        for key, count in counts.items()
    }


def _count_shares(case: Case, part: dict[str, list[Row]], hold: dict[str, list[Row]]) -> None:
    assert case.seen is not None
    shared: Shares = shares(case.tree, case.seen)
    beside_k = siblings(case.tree)
    relations = [truth.relation for truth in case.truth.values()]
    for row, k, way in _pairs(case):
        if not shared.seen_lk[row, k]:
            continue
        counted = (shared.part_lk[row, k], shared.part_of_lk[row, k])
        held = (shared.hold_lk[row, k], shared.hold_of_lk[row, k])
        met = shared.within_lk[row, k] >= LEAST_MET
        key = "beneath" if way == "line" else way
        if key in ("same", "beneath", "above"):
            part[key].append(counted)
            hold[key] += [held] if met else []
        elif way == "apart" and case.tree.parent_k[k] >= 0 and counted[1] > 0:
            part["beside"].append((*counted, beside_k[k]))
        elif way == "apart" and relations[row] == "new":
            part["apart"].append((*counted, beside_k[k]))
        if way == "apart" and relations[row] == "new" and met:
            hold["apart"].append(held)


def _plain(rows: NDArray[np.float64], beta: Beta) -> float:
    return float(log_beta_binomial(rows[:, 0], rows[:, 1], beta).sum())


def _scaled(rows: NDArray[np.float64], beta: Beta) -> float:
    """The first number of the beta is shared by all classes of a family."""
    many = np.unique(rows[:, 2])
    return sum(_plain(rows[rows[:, 2] == one], (beta[0] / one, beta[1])) for one in many)


def _fitted(rows: Sequence[Row], chance: Callable[[NDArray[np.float64], Beta], float]) -> Beta:
    table = np.array(rows, np.float64)

    def loss(logs: NDArray[np.float64]) -> float:
        return -chance(table, (float(np.exp(logs[0])), float(np.exp(logs[1]))))

    found = min(
        (minimize(loss, start, method="Nelder-Mead") for start in ([0, 0], [-2, 0], [1, 1])), key=lambda r: r.fun
    )
    return float(np.exp(found.x[0])), float(np.exp(found.x[1]))
