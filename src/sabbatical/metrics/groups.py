"""Rows of a reference and of a window, some of which belong together, and permutations of what belongs together.

Frames of one scene are no independent witnesses. Each group counts once: its rows share a weight of 1, and where groups
have several rows, whole groups are permuted, so that a test knows by itself how much alike the rows of a group are.

Shapes: i rows of both sides, g groups, x what a group is described by, b permutations (row 0 the data as they are).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.metrics.columns import Bools, Floats, Ints

BLOCK_CELLS = 8_000_000
Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Rows:
    """Where rows stand: `after_i` says which are of the window, the others are of the reference.

    `group_i`: a number for each group and side, odd in the window, so that a group with rows on both sides is one group
    on each; None where each row is a group of its own.
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
        number_i = np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)
        return cls(after_i, number_i * 2 + after_i)

    def take(self, kept_i: Bools) -> Rows:
        if kept_i.all():
            return self
        return Rows(self.after_i[kept_i], None if self.group_i is None else self.group_i[kept_i])

    @cached_property
    def place_i(self) -> Ints:
        """The group of each row as 0, 1, ..."""
        if self.group_i is None:
            return np.arange(len(self.after_i))
        return np.unique(self.group_i, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def after_g(self) -> Bools:
        """Which groups are of the window."""
        return self.after_i if self.group_i is None else np.unique(self.group_i) % 2 == 1

    @cached_property
    def groups(self) -> tuple[int, int]:
        """How many groups each side has."""
        after = int(self.after_g.sum())
        return len(self.after_g) - after, after

    @property
    def clustered(self) -> bool:
        """Whether some rows belong together."""
        return len(self.after_g) < len(self.after_i)

    @cached_property
    def weights_i(self) -> Floats:
        """The weight of each row: all rows of a group together weigh 1."""
        if not self.clustered:
            return np.ones(len(self.after_i))
        return np.asarray(1.0 / np.bincount(self.place_i)[self.place_i], np.float64)

    def profiles(self, described_ix: Reals) -> Reals:
        """The mean of each group, g x x."""
        if not self.clustered and self.group_i is None:
            return described_ix
        profiles_gx: Reals = np.zeros((len(self.after_g), described_ix.shape[1]), described_ix.dtype)
        np.add.at(profiles_gx, self.place_i, described_ix * self.weights_i.astype(described_ix.dtype)[:, None])
        return profiles_gx


def permuted_p(
    profiles_gx: Reals, after_g: Bools, size: Callable[[Reals], Reals], permutations: int
) -> tuple[float, float]:
    """The statistic `size` of the difference of mean profiles, and its p-value when groups change sides at random.

    `size` takes differences b x x and answers b. The same seed on every call: the same data have the same p-value.
    """
    profiles_gx = profiles_gx.astype(np.float32)
    signs_bg = _signs(after_g, permutations)
    rows = max(1, BLOCK_CELLS // max(profiles_gx.shape[1], 1))
    sizes_b = np.concatenate([size(signs_bg[at : at + rows] @ profiles_gx) for at in range(0, len(signs_bg), rows)])
    reached = int((sizes_b[1:] >= sizes_b[0] * (1 - 1e-5)).sum())
    return float(sizes_b[0]), (1 + reached) / (1 + permutations)


def _signs(after_g: Bools, permutations: int) -> NDArray[np.float32]:
    """What each group counts in the difference of the means of both sides, as it is and permuted."""
    order_g = np.argsort(after_g, kind="stable")
    signs_bg = np.empty((1 + permutations, len(after_g)), np.float32)
    signs_bg[:, order_g] = _drawn(int((~after_g).sum()), int(after_g.sum()), permutations)
    return signs_bg


@lru_cache(maxsize=4)
def _drawn(before: int, after: int, permutations: int) -> NDArray[np.float32]:
    """Row 0 in order, the reference first; the others at random."""
    signs_g = np.repeat(np.array([-1 / max(before, 1), 1 / max(after, 1)], np.float32), [before, after])
    shuffled_bg = np.random.default_rng(0).permuted(np.broadcast_to(signs_g, (permutations, before + after)), axis=1)
    return np.concatenate([signs_g[None], shuffled_bg])
