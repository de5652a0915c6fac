"""p-values without a table, and what many of them are worth together."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def smirnov_p(distance: float, before: int, after: int) -> float:
    """The limiting two-sample p-value of a distance of cumulative shares (Smirnov, 1939).

    It errs on the side of silence for samples (Hodges, Ark. Mat. 1958), and with equal values.
    """
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


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted so that calling those below `a` leaves a chance of at most `a` for any false one.

    Source: Holm, Scand. J. Stat. 1979.
    """
    p_c = np.asarray(p_values, np.float64)
    order = np.argsort(p_c, kind="stable")
    adjusted_c = np.empty_like(p_c)
    adjusted_c[order] = np.minimum(np.maximum.accumulate(p_c[order] * np.arange(len(p_c), 0, -1)), 1.0)
    found: list[float] = adjusted_c.tolist()
    return found
