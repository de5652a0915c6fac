"""In which order samples are visited: the same for the same seed, at any position of a run.

Legend: n samples.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
ALL, FRESH = 0, 2  # streams of random numbers; 1 is that of the changes of images


class Order:
    """Each sample once an epoch, in an order of its own; some may be visited more often than the rest.

    Those and the rest then take turns in fixed shares, and each has epochs of its own.

    Args:
        count: samples.
        seed: of the orders.
        fresh_n: places of the samples to visit more often.
        weight: how many times as often.
    """

    def __init__(self, count: int, seed: int, fresh_n: Ints | None = None, weight: float = 1.0) -> None:
        self.seed = seed
        self.rest_n = np.setdiff1d(np.arange(count), [] if fresh_n is None else fresh_n)
        self.fresh_n = np.setdiff1d(np.arange(count), self.rest_n)
        many = weight * len(self.fresh_n)
        self.share = many / (many + len(self.rest_n))
        if weight == 1.0 or not len(self.rest_n) or not len(self.fresh_n):
            self.rest_n, self.share = np.arange(count), 0.0

    def index(self, position: int) -> int:
        """Which sample stands at a position (0, 1, ...) of the whole run."""
        before = int(position * self.share)
        if int((position + 1) * self.share) > before:
            return self._at(self.fresh_n, FRESH, before)
        return self._at(self.rest_n, ALL, position - before)

    def _at(self, pool_n: Ints, stream: int, position: int) -> int:
        epoch, place = divmod(position, len(pool_n))
        return int(pool_n[_shuffled(self.seed, stream, epoch, len(pool_n))[place]])


@lru_cache(maxsize=8)
def _shuffled(seed: int, stream: int, epoch: int, count: int) -> Ints:
    return np.random.default_rng((seed, stream, epoch)).permutation(count)
