"""Shadows on the ground: a dark place where a thing stands, and by sunlight its shape laid away from the sun."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image

from sabbatical.sim.world.brush import Brush, Point, ink_of
from sabbatical.sim.world.view import Look, Pose, View

_CONTACT = 0.5
_DARK = (12, 14, 22)
_TALLEST_M = 4.5
"""Shadows of what is taller end here, or trees would darken the whole street."""


def cast_shadows(picture: Image.Image, standing: Iterable[tuple[Look, Pose]], view: View) -> None:
    """Darken the ground of an RGB picture under and behind things."""
    light = view.light
    looks = [(look.footprint, pose) for look, pose in standing if look.footprint[0] > 0]
    if not looks:
        return
    sunny = light.shadow > 0.15
    reach = [min(size[2], _TALLEST_M) / max(light.sun[1], 0.2) if sunny else 0.0 for size, _ in looks]
    bases_k43 = np.array([_base(size, pose) for size, pose in looks])
    tops_k43 = bases_k43 - np.array(reach)[:, None, None] * (light.sun[0], 0.0, light.sun[2])
    uv_n2, depth_n = view.camera.project(np.concatenate([bases_k43, tops_k43], axis=1).reshape(-1, 3))
    uv_k82, nearest_k = uv_n2.reshape(-1, 8, 2), depth_n.reshape(-1, 8).min(axis=1)
    brush = Brush(picture, glaze=True)
    for corners, nearest in zip(uv_k82.tolist(), nearest_k.tolist(), strict=True):
        if nearest > 0.8:
            clear = math.exp(-light.haze * nearest)
            points = [(u, v) for u, v in corners]
            if sunny:
                _lay(brush, points, ink_of(_DARK, int(230 * light.shadow * clear)))
            _under(brush, points[:4], ink_of(_DARK, int(255 * _CONTACT * clear)))


def _base(size: tuple[float, float, float], pose: Pose) -> list[tuple[float, float, float]]:
    sin, cos = math.sin(pose.heading), math.cos(pose.heading)
    half_x, half_z = size[0], size[1]
    corners = ((-half_x, -half_z), (half_x, -half_z), (half_x, half_z), (-half_x, half_z))
    return [(pose.x + x * cos + z * sin, 0.0, pose.z - x * sin + z * cos) for x, z in corners]


def _lay(brush: Brush, points: list[Point], ink: int) -> None:
    """Fill the hull of a base (four points) and its displaced copy; what is thin becomes a line."""
    wide = abs(max(points[1][0], points[2][0]) - min(points[0][0], points[3][0]))
    if wide < 10:
        ends = [((points[k][0] + points[k + 2][0]) / 2, (points[k][1] + points[k + 2][1]) / 2) for k in (0, 4)]
        brush.line(ends, ink, max(round(wide * 0.6), 1))
    else:
        brush.polygon(_hull(points), ink)


def _under(brush: Brush, points: list[Point], ink: int) -> None:
    us, vs = [u for u, _ in points], [v for _, v in points]
    if max(us) - min(us) < 16:
        brush.ellipse(min(us) - 1, min(vs), max(us) + 1, max(vs) + 1, ink)
    else:
        brush.polygon(points, ink)


def _hull(points: list[Point]) -> list[Point]:
    """The convex hull (Andrew, Another efficient algorithm for convex hulls, 1979)."""
    ordered = sorted(points)
    return _chain(ordered) + _chain(ordered[::-1])


def _chain(ordered: list[Point]) -> list[Point]:
    chain: list[Point] = []
    for x, y in ordered:
        while len(chain) >= 2:
            (ax, ay), (bx, by) = chain[-2], chain[-1]
            if (bx - ax) * (y - ay) > (by - ay) * (x - ax):
                break
            chain.pop()
        chain.append((x, y))
    return chain[:-1]
