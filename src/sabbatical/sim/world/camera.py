"""A pinhole camera over a ground plane.

World: metres, x to the right, y up, z along the street; the camera stands at (x, height, 0). Frame: pixels, u to the
right, v down. Shapes: n points, 2 and 3 coordinates, h rows, w columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sabbatical.sim.world.dice import Dice

Floats = NDArray[np.float64]

NEAR_M = 0.6
"""Nothing nearer than this is drawn; polygons are cut there."""


@dataclass(frozen=True)
class Camera:
    """Where a camera stands and looks. `pitch` is downwards, `yaw` to the right (radians); `focal` is in pixels."""

    id: str
    kind: str
    x: float
    height: float
    pitch: float
    yaw: float
    focal: float
    size_wh: tuple[int, int] = (320, 192)

    @cached_property
    def axes_33(self) -> Floats:
        """Rows: right, up, forward, in world coordinates."""
        sin_y, cos_y, sin_p, cos_p = math.sin(self.yaw), math.cos(self.yaw), math.sin(self.pitch), math.cos(self.pitch)
        return np.array(
            [[cos_y, 0.0, -sin_y], [sin_y * sin_p, cos_p, cos_y * sin_p], [sin_y * cos_p, -sin_p, cos_y * cos_p]]
        )

    @cached_property
    def place_3(self) -> Floats:
        return np.array([self.x, self.height, 0.0])

    @property
    def horizon(self) -> float:
        """The row (v) of the horizon; may lie outside the frame."""
        return self.size_wh[1] / 2 - self.focal * math.tan(self.pitch)

    def seen(self, points_n3: Floats) -> Floats:
        """World points in camera coordinates: right, up, depth (metres), shape (n, 3)."""
        return (points_n3 - self.place_3) @ self.axes_33.T

    def project(self, points_n3: Floats) -> tuple[Floats, Floats]:
        """World points as pixels (n, 2) and depth in metres (n); only depths above `NEAR_M` mean anything."""
        return self.to_pixels(self.seen(points_n3))

    def to_pixels(self, seen_n3: Floats) -> tuple[Floats, Floats]:
        """Camera coordinates as pixels (n, 2) and depth (n)."""
        depth_n = seen_n3[:, 2]
        scale_n = self.focal / np.maximum(depth_n, 1e-3)
        uv_n2 = np.empty((len(seen_n3), 2))
        uv_n2[:, 0] = self.size_wh[0] / 2 + seen_n3[:, 0] * scale_n
        uv_n2[:, 1] = self.size_wh[1] / 2 - seen_n3[:, 1] * scale_n
        return uv_n2, depth_n

    def project_from(self, turn_33: Floats, place_3: Floats, points_n3: Floats) -> tuple[Floats, Floats]:
        """`project` of local points that are turned (rows times `turn_33`) and then moved to `place_3`."""
        return self.to_pixels(points_n3 @ (turn_33 @ self.axes_33.T) + (place_3 - self.place_3) @ self.axes_33.T)

    def spot(self, x: float, y: float, z: float) -> tuple[float, float, float]:
        """One world point as u, v and depth; plain floats, because most calls are for single points."""
        axes = self._axes
        dx, dy = x - self.x, y - self.height
        depth = axes[6] * dx + axes[7] * dy + axes[8] * z
        scale = self.focal / max(depth, 1e-3)
        u = self.size_wh[0] / 2 + (axes[0] * dx + axes[1] * dy + axes[2] * z) * scale
        v = self.size_wh[1] / 2 - (axes[3] * dx + axes[4] * dy + axes[5] * z) * scale
        return u, v, depth

    @cached_property
    def _axes(self) -> list[float]:
        return [float(value) for value in self.axes_33.ravel()]

    def outline(self, points_n3: Floats, times: float = 1.0) -> list[float] | None:
        """A world polygon as u, v, u, v, ... (pixels times `times`), cut at the near plane; None when all is behind."""
        seen = _cut_near(self.seen(points_n3).tolist())
        if len(seen) < 3:
            return None
        half_u, half_v, scale = times * self.size_wh[0] / 2, times * self.size_wh[1] / 2, times * self.focal
        found: list[float] = []
        for right, up, depth in seen:
            found += (half_u + scale * right / depth, half_v - scale * up / depth)
        return found


def _cut_near(seen: list[list[float]]) -> list[list[float]]:
    """Sutherland and Hodgman's cut of a polygon at the near plane (Communications of the ACM, 1974)."""
    kept: list[list[float]] = []
    for here, after in zip(seen, [*seen[1:], seen[0]], strict=True):
        inside = here[2] >= NEAR_M
        if inside:
            kept.append(here)
        if inside != (after[2] >= NEAR_M):
            share = (NEAR_M - here[2]) / (after[2] - here[2])
            kept.append([a + (b - a) * share for a, b in zip(here, after, strict=True)])
    return kept


_KINDS = {  # height in metres, pitch in degrees, |yaw| in degrees, field of view in degrees
    "kerb": ((1.35, 1.75), (0.0, 3.5), (0.0, 9.0), (42.0, 54.0)),
    "shop": ((2.5, 3.3), (5.0, 9.0), (17.0, 28.0), (44.0, 56.0)),
    "pole": ((4.2, 5.6), (9.0, 13.0), (4.0, 13.0), (42.0, 54.0)),
    "mast": ((6.5, 8.5), (15.0, 20.0), (0.0, 10.0), (40.0, 50.0)),
}


def place_camera(dice: Dice, kind: str, road_half: float, pavement: float, size_wh: tuple[int, int]) -> Camera:
    """A camera of a kind beside a street of half width `road_half`; it always looks towards the street."""
    height, pitch, yaw, view = (dice.between(low, high) for low, high in _KINDS[kind])
    side = dice.side()
    across = {
        "kerb": road_half - dice.between(0.6, 1.6),
        "shop": road_half + pavement - 0.5,
        "pole": road_half + dice.between(0.2, 1.0),
        "mast": dice.between(0.0, road_half),
    }[kind]
    focal = size_wh[0] / 2 / math.tan(math.radians(view) / 2)
    number = dice.whole(1, 6)
    return Camera(
        id=f"{kind}-{number:02d}",
        kind=kind,
        x=side * float(across),
        height=height,
        pitch=math.radians(pitch),
        yaw=-side * math.radians(yaw),
        focal=focal,
        size_wh=size_wh,
    )
