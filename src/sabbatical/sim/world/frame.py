"""A frame and its full truth. Boxes are x0, y0, x1, y1 in pixels around what is visible; shapes: h rows, w columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.sim.world.camera import Camera
from sabbatical.sim.world.conditions import Conditions
from sabbatical.sim.world.sprite import Sprite

MIN_VISIBLE = 0.25
"""What is hidden for more than three quarters (by others or by the frame's edge) is not in the truth."""
MIN_LONG_PX, MIN_SHORT_PX = 8, 4
"""Nor is what is smaller than this: its longer and its shorter visible side, in pixels."""
OCCLUDED_BELOW = 0.8
"""A thing is `occluded` when less than this share of it can be seen."""


@dataclass(frozen=True, eq=False)
class Thing:
    """One visible thing of the seven classes.

    `mask_hw` covers the box only: its upper left pixel is (`box[0]`, `box[1]`) of the frame. `visible` is the share
    of the whole silhouette that can be seen, `distance` in metres, `speed` in metres a second, `kind` its look
    (such as taxi, light-red, sign-stop, walking). `track` names the same thing in all frames of a scene.
    """

    label: str
    box: tuple[float, float, float, float]
    mask_hw: NDArray[np.bool_]
    visible: float
    parked: bool
    distance: float
    speed: float
    kind: str
    track: int

    @property
    def occluded(self) -> bool:
        return self.visible < OCCLUDED_BELOW


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture with everything known about it. `scene` is the group of near duplicates it belongs to."""

    image_hwc: NDArray[np.uint8]
    things: tuple[Thing, ...]
    scene: str
    number: int
    captured_at: str
    conditions: Conditions
    camera: Camera

    @property
    def weather(self) -> str:
        return self.conditions.weather

    @property
    def time_of_day(self) -> str:
        return self.conditions.time_of_day

    @property
    def name(self) -> str:
        """A file name without ending."""
        return f"{self.scene}-{self.number:03d}"


@dataclass(frozen=True, eq=False)
class VisiblePart:
    """What can be seen of a sprite: its box in the frame, its mask within that box, its share of the silhouette."""

    box: tuple[float, float, float, float]
    mask_hw: NDArray[np.bool_]
    share: float


def visible_part(owners_hw: NDArray[np.uint8], owner: int, sprite: Sprite) -> VisiblePart | None:
    """What of `sprite` ended up in the frame, where `owners_hw` says which thing each pixel shows.

    None when too little or too small (`MIN_VISIBLE`, `MIN_LONG_PX`, `MIN_SHORT_PX`).
    """
    top, left = max(sprite.top, 0), max(sprite.left, 0)
    region_hw = owners_hw[top : sprite.top + sprite.mask.height, left : sprite.left + sprite.mask.width] == owner
    whole, visible = sprite.area, int(np.count_nonzero(region_hw))
    if visible == 0 or visible < MIN_VISIBLE * whole:
        return None
    (first_row, last_row), (first, last) = _extent(region_hw.any(axis=1)), _extent(region_hw.any(axis=0))
    short, long = sorted((last_row - first_row, last - first))
    if short < MIN_SHORT_PX or long < MIN_LONG_PX:
        return None
    return VisiblePart(
        box=(float(left + first), float(top + first_row), float(left + last), float(top + last_row)),
        mask_hw=region_hw[first_row:last_row, first:last].copy(),
        share=visible / whole,
    )


def _extent(filled: NDArray[np.bool_]) -> tuple[int, int]:
    """From the first to behind the last that is filled."""
    return int(filled.argmax()), len(filled) - int(filled[::-1].argmax())
