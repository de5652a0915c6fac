"""The street itself: its width, where another street crosses, which buildings line it. All lengths in metres."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.sim.world.colour import AWNING, RGB, ROOF, WALL, pick
from sabbatical.sim.world.dice import Dice

LANE_M = 3.3
END_M = 100.0
STOREY_M = 3.1
GROUND_FLOOR_M = 3.8


@dataclass(frozen=True)
class Building:
    """A block beside the street from `start` to `stop` along z, on `side` (-1 left, 1 right), `deep` away from it.

    `storeys` are those above the ground floor; `bay` is the width of one window with its wall.
    """

    side: float
    start: float
    stop: float
    storeys: int
    deep: float
    wall: RGB
    roof: RGB
    awning: RGB | None
    bay: float

    @property
    def height(self) -> float:
        return GROUND_FLOOR_M + self.storeys * STOREY_M + 0.7


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

    def heights(self, side: float) -> NDArray[np.float32]:
        """How high the buildings of a side are at every half metre from z = 0 on."""
        found = np.zeros(int(END_M * 2), dtype=np.float32)
        for one in self.buildings:
            if one.side == side:
                found[max(int(one.start * 2), 0) : max(int(one.stop * 2), 0)] = one.height
        return found


def lay_street(dice: Dice) -> Street:
    """Draw a street; three in four have a junction."""
    half = LANE_M + (2.4 if dice.chance(0.67) else 0.6)
    pavement = dice.between(2.8, 4.6)
    crossing = dice.between(10, 15)
    cross_half = dice.between(3.4, 5.0)
    junction = crossing + 3.2 + cross_half if dice.chance(0.75) else None
    gap = (0.0, 0.0) if junction is None else (junction - cross_half - pavement, junction + cross_half + pavement)
    buildings = (*_row(dice, -1.0, gap), *_row(dice, 1.0, gap))
    return Street(half, pavement, crossing, junction, cross_half, dice.chance(0.45), buildings)


def _row(dice: Dice, side: float, gap: tuple[float, float]) -> list[Building]:
    """Buildings along one side, with a gap where the other street crosses."""
    found: list[Building] = []
    start, storeys = -8.0, dice.between(1.0, 3.8)
    while start < END_M - 2:
        lengths, noise, airy = dice.between(7, 16), dice.normal(0.9), dice.share()
        stop = min(start + float(lengths) * (1.0 if start < 45 else 1.8), END_M)
        if gap[0] < gap[1]:
            if start < gap[0] < stop:
                stop = gap[0]
            elif gap[0] <= start < gap[1]:
                start = gap[1]
                continue
        if stop - start > 2.5:
            height, deep = max(round(storeys + float(noise)), 1), 34.0 if stop == gap[0] or start == gap[1] else 14.0
            awning = pick(dice, AWNING) if dice.chance(0.55) else None
            bay = dice.between(2.2, 3.3)
            found.append(Building(side, start, stop, height, deep, pick(dice, WALL), pick(dice, ROOF), awning, bay))
        start = stop + (3.0 if airy < 0.1 else 0.0)
    return found
