"""Buildings: every wall, window, awning and roof edge of a street projected at once, painted from far to near.

Shapes: w walls, n rectangles on walls, 4 corners.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sabbatical.sim.world.brush import Brush, inks_of
from sabbatical.sim.world.camera import NEAR_M, Camera, Floats
from sabbatical.sim.world.colour import RGB, scaled
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.street import GROUND_FLOOR_M, STOREY_M, Building, Street
from sabbatical.sim.world.view import View

_WALL, _FOOT, _ROOF, _AWNING, _GLASS, _SHOP, _FRAME = range(7)
_TINT_COUNT = 7
_LAMPLIGHT = np.array((255.0, 212.0, 138.0))


@dataclass(frozen=True, eq=False)
class Facades:
    """The walls as painted: corners of their rectangles (n, 4, 3), and where along z their building begins (n)."""

    corners_n43: Floats
    starts_n: Floats

    def silhouette(self, camera: Camera, before: float = math.inf) -> Image.Image:
        """A picture (mode L) that is 255 where a building is seen that begins nearer than `before` metres."""
        mask = Image.new("L", camera.size_wh)
        draw = ImageDraw.Draw(mask)
        for corners_43 in self.corners_n43[self.starts_n < before]:
            outline = camera.outline(corners_43)
            if outline is not None:
                draw.polygon(outline, fill=255)
        return mask


def paint_facades(large: Image.Image, times: int, view: View, street: Street, dice: Dice) -> Facades:
    """Paint all buildings on a picture `times` the frame's size."""
    camera = view.camera
    walls = _walls(street, camera)
    if not walls:
        return Facades(np.zeros((0, 4, 3)), np.zeros(0))
    templates = [_template(wall.bays, wall.building.storeys, wall.building.awning is not None) for wall in walls]
    wall_n = np.repeat(np.arange(len(walls)), [len(template) for template in templates])
    table_n5 = np.concatenate(templates)
    corners_n43 = _corners(walls, wall_n, table_n5)
    uv_p2, depth_p = camera.project(corners_n43.reshape(-1, 3))
    uv_n42, depth_n4 = uv_p2.reshape(-1, 4, 2), depth_p.reshape(-1, 4)
    tint_n = table_n5[:, 4].astype(np.int64)
    seen_n, cut_n = _in_view(uv_n42, depth_n4, tint_n, camera)
    cut, wall, tint = cut_n[seen_n].tolist(), wall_n[seen_n], tint_n[seen_n]
    inks = _inks(walls, wall, tint, depth_n4[seen_n, 0], view, dice)
    pixels, corners = (uv_n42[seen_n] * times).reshape(-1, 8).tolist(), corners_n43[seen_n]
    brush = Brush(large)
    for k, ink in enumerate(inks):
        outline = camera.outline(corners[k], times) if cut[k] else pixels[k]
        if outline is not None:
            brush.polygon(outline, ink)
    plain = tint == _WALL
    return Facades(corners[plain], np.array([one.building.start for one in walls])[wall[plain]])


class _Wall:
    """One wall over a line on the ground, and which way it looks."""

    def __init__(
        self, building: Building, start: tuple[float, float], stop: tuple[float, float], facing: tuple[float, float]
    ) -> None:
        self.building, self.start, self.stop, self.facing = building, start, stop, facing
        length = abs(stop[0] - start[0]) + abs(stop[1] - start[1])
        self.bays = max(int(length / building.bay), 1)


def _walls(street: Street, camera: Camera) -> list[_Wall]:
    """The walls that look towards the camera and may be in view, from far to near."""
    found = []
    for one in sorted(street.buildings, key=lambda building: -building.start):
        inner, outer = one.side * street.wall, one.side * (street.wall + one.deep)
        if one.stop > 1.0 and abs(camera.x) < street.wall:
            found.append(_Wall(one, (inner, one.start), (inner, one.stop), (-one.side, 0.0)))
        if one.start > 1.0:
            found.append(_Wall(one, (inner, one.start), (outer, one.start), (0.0, -1.0)))
    ends = np.array([[(wall.start[0], 0.0, wall.start[1]), (wall.stop[0], 0.0, wall.stop[1])] for wall in found])
    uv_p2, depth_p = camera.project(ends.reshape(-1, 3))
    u_w2, depth_w2 = uv_p2[:, 0].reshape(-1, 2), depth_p.reshape(-1, 2)
    outside_w = (u_w2.max(axis=1) < 0) | (u_w2.min(axis=1) > camera.size_wh[0])
    in_front_w2 = depth_w2 > NEAR_M
    keep_w = np.where(in_front_w2.all(axis=1), ~outside_w, in_front_w2.any(axis=1))
    return [wall for wall, keep in zip(found, keep_w.tolist(), strict=True) if keep]


@cache
def _template(bays: int, storeys: int, shop: bool) -> Floats:
    """Rectangles of a wall (n, 5): from and to (shares of its length), from and to (metres above ground), tint."""
    top = GROUND_FLOOR_M + storeys * STOREY_M + 0.7
    strips = max(bays // 3, 1)
    rows: list[tuple[float, float, float, float, int]] = []
    rows += [(k / strips, (k + 1) / strips, 0.0, top, _WALL) for k in range(strips)]
    rows += [(k / strips, (k + 1) / strips, 0.0, 0.5, _FOOT) for k in range(strips)]
    rows += [(k / strips, (k + 1) / strips, top - 0.35, top, _ROOF) for k in range(strips)]
    for k in range(bays):
        if shop:
            rows.append(((k + 0.08) / bays, (k + 0.92) / bays, 0.55, 2.5, _SHOP))
        else:
            rows.append(((k + 0.27) / bays, (k + 0.73) / bays, 1.0, 2.7, _GLASS))
    if shop:
        rows.append((0.02, 0.98, 2.6, 3.3, _AWNING))
    for storey in range(storeys):
        low = GROUND_FLOOR_M + storey * STOREY_M
        for k in range(bays):
            rows.append(((k + 0.24) / bays, (k + 0.76) / bays, low + 0.25, low + 0.4, _FRAME))
            rows.append(((k + 0.28) / bays, (k + 0.72) / bays, low + 0.4, low + 2.1, _GLASS))
    return np.array(rows)


def _corners(walls: list[_Wall], wall_n: NDArray[np.int64], table_n5: Floats) -> Floats:
    starts_w2, stops_w2 = np.array([wall.start for wall in walls]), np.array([wall.stop for wall in walls])
    start_n2, way_n2 = starts_w2[wall_n], (stops_w2 - starts_w2)[wall_n]
    corners_n43 = np.empty((len(wall_n), 4, 3))
    along_n4 = table_n5[:, (0, 1, 1, 0)]
    corners_n43[:, :, 0] = start_n2[:, :1] + way_n2[:, :1] * along_n4
    corners_n43[:, :, 1] = table_n5[:, (2, 2, 3, 3)]
    corners_n43[:, :, 2] = start_n2[:, 1:] + way_n2[:, 1:] * along_n4
    return corners_n43


def _in_view(
    uv_n42: Floats, depth_n4: Floats, tint_n: NDArray[np.int64], camera: Camera
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rectangles to paint, and which of them must be cut at the near plane."""
    uv_24n, depth_4n = np.ascontiguousarray(uv_n42.T), np.ascontiguousarray(depth_n4.T)  # reduces faster
    (left_n, high_n), (right_n, low_n) = uv_24n.min(axis=1), uv_24n.max(axis=1)
    width, rows = camera.size_wh
    nearest_n, farthest_n = depth_4n.min(axis=0), depth_4n.max(axis=0)
    inside_n = (right_n > 0) & (left_n < width) & (low_n > 0) & (high_n < rows)
    large_n = np.minimum(right_n - left_n, low_n - high_n) > np.where(tint_n == _FRAME, 1.5, 0.9)
    whole_n = (nearest_n > NEAR_M) & inside_n & (large_n | (tint_n == _WALL))
    cut_n = (nearest_n <= NEAR_M) & (farthest_n > NEAR_M) & (tint_n <= _ROOF)
    return whole_n | cut_n, cut_n


def _inks(
    walls: list[_Wall], wall_n: NDArray[np.int64], tint_n: NDArray[np.int64], depth_n: Floats, view: View,
    dice: Dice,
) -> list[int]:  # fmt: skip
    """The colour of each rectangle under the light, as Pillow packs it."""
    light = view.light
    tints_wt3 = np.array([_tints(wall.building) for wall in walls], dtype=np.float64)
    facing_w = np.array([light.facing(wall.facing[0], 0.0, wall.facing[1]) for wall in walls])
    if light.lamps:
        middles = [((wall.start[0] + wall.stop[0]) / 2, (wall.start[1] + wall.stop[1]) / 2) for wall in walls]
        facing_w = facing_w * np.array([0.4 + 0.6 * view.gain(x * 0.9, z) for x, z in middles])
    clear_n = np.exp(-light.haze * np.maximum(depth_n, 0.0))
    out_n3 = tints_wt3[wall_n, tint_n] * (np.array(light.ambient) * (facing_w[wall_n] * clear_n)[:, None])
    tone_n = np.random.default_rng(dice.whole(0, 1 << 30)).random(len(wall_n))
    glass_n = tint_n >= _GLASS
    glass_n &= tint_n != _FRAME
    if light.lamps:
        lit_n = glass_n & ((tone_n < 0.4) | ((tint_n == _SHOP) & (tone_n < 0.85)))
        out_n3[lit_n] = _LAMPLIGHT * ((0.62 + 0.8 * (tone_n[lit_n] % 0.4)) * np.sqrt(clear_n[lit_n]))[:, None]
    else:
        mirrored_n = (0.1 + 0.3 * tone_n) * clear_n
        out_n3[glass_n] += (np.array(light.sky_low) * mirrored_n[:, None])[glass_n]
    out_n3 += np.array(light.fog) * (1 - clear_n)[:, None]
    return inks_of(out_n3)


def _tints(building: Building) -> list[RGB]:
    found: list[RGB] = [(0, 0, 0)] * _TINT_COUNT
    found[_WALL], found[_FOOT], found[_ROOF] = building.wall, scaled(building.wall, 0.7), building.roof
    found[_AWNING] = building.awning or building.wall
    found[_GLASS], found[_SHOP], found[_FRAME] = (66, 80, 94), (72, 82, 92), scaled(building.wall, 1.12)
    return found
