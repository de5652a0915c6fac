"""The street itself: how wide it is, where another street crosses, and which buildings line it. All lengths in metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sabbatical.sim.world.colour import AWNING, RGB, ROOF, WALL, pick

LANE_M = 3.3
END_M = 110.0


@dataclass(frozen=True)
class Building:
    """A block beside the street from `start` to `stop` along z, on `side` (-1 left, 1 right), `deep` away from it."""

    side: float
    start: float
    stop: float
    height: float
    deep: float
    wall: RGB
    roof: RGB
    awning: RGB | None
    storey: float
    bay: float
    seed: int


@dataclass(frozen=True)
class Street:
    """A straight street along z with one crossing for people at `crossing`, and a junction behind it or none."""

    half: float
    pavement: float
    crossing: float
    junction: float | None
    cross_half: float
    stopped: bool
    buildings: tuple[Building, ...]

    @property
    def wall(self) -> float:
        """How far the buildings stand from the middle."""
        return self.half + self.pavement

    def in_junction(self, z: float, margin: float) -> bool:
        """Whether z lies where the other street crosses, or on the crossing for people."""
        if abs(z - self.crossing) < 2.0 + margin:
            return True
        return self.junction is not None and abs(z - self.junction) < self.cross_half + margin


def lay_street(rng: np.random.Generator) -> Street:
    """Draw a street."""
    half = LANE_M + float(rng.choice([0.6, 2.4, 2.4]))
    pavement = float(rng.uniform(2.8, 4.6))
    crossing = float(rng.uniform(12, 26))
    cross_half = float(rng.uniform(3.4, 5.0))
    junction = crossing + 3.2 + cross_half if rng.random() < 0.72 else None
    gap = None if junction is None else (junction - cross_half - pavement, junction + cross_half + pavement)
    buildings: list[Building] = []
    for side in (-1.0, 1.0):
        buildings.extend(_row(rng, side, gap))
    return Street(half, pavement, crossing, junction, cross_half, bool(rng.random() < 0.45), tuple(buildings))


def _row(rng: np.random.Generator, side: float, gap: tuple[float, float] | None) -> list[Building]:
    """Buildings along one side, with a gap where the other street crosses."""
    found: list[Building] = []
    start, base = -8.0, float(rng.uniform(7, 15))
    while start < END_M:
        stop = start + float(rng.uniform(7, 15))
        if gap and start < gap[0] < stop:
            stop = gap[0]
        if gap and gap[0] <= start < gap[1]:
            start = gap[1]
            continue
        if stop - start > 2.5:
            found.append(
                Building(
                    side=side, start=start, stop=stop, height=max(base + float(rng.normal(0, 3.0)), 5.5),
                    deep=float(rng.uniform(10, 18)) if gap is None else 34.0, wall=pick(rng, WALL), roof=pick(rng, ROOF),
                    awning=pick(rng, AWNING) if rng.random() < 0.55 else None, storey=float(rng.uniform(2.8, 3.4)),
                    bay=float(rng.uniform(2.1, 3.2)), seed=int(rng.integers(1 << 30)),
                )
            )  # fmt: skip
        start = stop + (float(rng.uniform(1.5, 4)) if rng.random() < 0.12 else 0.0)
    return found
