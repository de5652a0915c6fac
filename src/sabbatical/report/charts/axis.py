"""A linear axis with round ticks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """From `low` to `high`, with ticks in between."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where a value lies, 0 at `low` and 1 at `high`."""
        return (value - self.low) / (self.high - self.low)

    def percent(self, value: float) -> str:
        """Where a value lies, as a CSS percentage; values outside stand at the edge."""
        return f"{100 * min(max(self.share(value), 0.0), 1.0):.2f}%"


def axis_of(values: Iterable[float], ticks: int = 5, floor: float | None = None, ceiling: float | None = None) -> Axis:
    """An axis that holds all values between round ends, never beyond `floor` and `ceiling`.

    Values that are not finite are left out; with none at all the axis goes from `floor` to `ceiling`, or 0 to 1.
    """
    finite = [value for value in values if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (floor or 0.0, 1.0 if ceiling is None else ceiling)
    least = max(1e-6 * max(abs(low), abs(high)), 1e-9)
    if high - low < least:
        room = 0.1 * (abs(low) if abs(low) > 1e-9 else 1.0)
        low, high = low - room, high + room
    step = _step((high - low) / ticks)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if floor is not None:
        first = max(first, math.ceil(floor / step - 1e-9))
    if ceiling is not None:
        last = min(last, math.floor(ceiling / step + 1e-9))
    last = max(last, first + 1)
    marks = tuple(float(f"{i * step:.12g}") for i in range(first, last + 1))
    return Axis(marks[0], marks[-1], marks)


def tick_text(value: float) -> str:
    """A tick as short as it can be: 0.5, 40, 2,500, 0.00075, 1e-05"""
    if value == 0:
        return "0"
    if abs(value) < 0.0001:
        return f"{value:.3g}"
    text = f"{value:,.5f}"
    return text.rstrip("0").rstrip(".")


def _step(raw: float) -> float:
    size = 10.0 ** math.floor(math.log10(raw))
    return size * next(step for step in STEPS if step * size >= raw * 0.999)
