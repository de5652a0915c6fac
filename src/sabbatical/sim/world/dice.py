"""Chance from a seed. Single draws from Python's generator cost a tenth of NumPy's, and a scene needs hundreds."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Draws that follow from `keys` alone: the same sequence on every machine, in every process."""

    def __init__(self, *keys: int | str) -> None:
        # a text seed goes through SHA-512, so neighbouring keys share nothing;
        # of all draws, Python promises only for `random()` that they stay alike
        self._share = random.Random("/".join(map(str, keys))).random  # noqa: S311 (pictures, not secrets)

    def share(self) -> float:
        """A number from 0 up to 1."""
        return self._share()

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return self._share() < probability

    def between(self, low: float, high: float) -> float:
        """A number between two others."""
        return low + (high - low) * self._share()

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int((high - low + 1) * self._share())

    def side(self) -> float:
        """-1 or 1: left or right, here or there."""
        return -1.0 if self._share() < 0.5 else 1.0

    def near(self, low: float, high: float) -> float:
        """A number between two positive ones, small ones more often (uniform in its logarithm)."""
        return low * math.exp(math.log(high / low) * self._share())

    def normal(self, deviation: float) -> float:
        """A normal draw around 0 (Box and Muller, 1958)."""
        return deviation * math.sqrt(-2 * math.log(1 - self._share())) * math.cos(math.tau * self._share())

    def pick(self, options: Sequence[T]) -> T:
        """One of several, each as likely."""
        return options[int(len(options) * self._share())]

    def weighted(self, weights: Mapping[str, float]) -> str:
        """One name by weight; in alphabetical order, so that the order of writing does not matter."""
        left = self._share() * sum(weights.values())
        names = sorted(weights)
        for name in names:
            left -= weights[name]
            if left < 0:
                return name
        return max(names, key=lambda name: weights[name])
