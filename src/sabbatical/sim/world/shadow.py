"""Shadows on the ground: a dark place where a thing stands, and by sunlight its shape laid away from the sun."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image

from sabbatical.sim.world.brush import Brush, Point, ink_of
from sabbatical.sim.world.view import Look, Pose, View

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
    for (size, _), corners, nearest in zip(looks, uv_k82.tolist(), nearest_k.tolist(), strict=True):
        if nearest > 0.8:
            clear = math.exp(-light.haze * nearest)
            points = [(u, v) for u, v in corners]
            tree = size[0] == size[1] > 0.6
            if sunny:
                _lay(brush, points, ink_of(_DARK, int(230 * light.shadow * clear)), tree)
            _under(brush, points[:4], ink_of(_DARK, int((0.25 if tree else 0.5) * 255 * clear)), size[0] == size[1])


def _base(size: tuple[float, float, float], pose: Pose) -> list[tuple[float, float, float]]:
    sin, cos = math.sin(pose.heading), math.cos(pose.heading)
    half_x, half_z = size[0], size[1]
    corners = ((-half_x, -half_z), (half_x, -half_z), (half_x, half_z), (-half_x, half_z))
    return [(pose.x + x * cos + z * sin, 0.0, pose.z - x * sin + z * cos) for x, z in corners]


def _lay(brush: Brush, points: list[Point], ink: int, tree: bool) -> None:
    """Fill the hull of a base (four points) and its displaced copy; what is thin becomes a line, a tree a crown."""
    wide = abs(max(points[1][0], points[2][0]) - min(points[0][0], points[3][0]))
    if wide < 10 or tree:
        (u0, v0), (u1, v1) = _middle(points[:4]), _middle(points[4:])
        stop = (u0 + 0.6 * (u1 - u0), v0 + 0.6 * (v1 - v0)) if tree else (u1, v1)
        brush.line([(u0, v0), stop], ink, max(round(wide * (0.15 if tree else 0.6)), 1))
    if tree:
        _ellipse(brush, points[4:], ink)
    elif wide >= 10:
        brush.polygon(_hull(points), ink)


def _under(brush: Brush, points: list[Point], ink: int, is_round: bool) -> None:
    if is_round or abs(points[1][0] - points[0][0]) < 12:
        _ellipse(brush, points, ink)
    else:
        brush.polygon(points, ink)


def _middle(points: list[Point]) -> Point:
    return (points[0][0] + points[2][0]) / 2, (points[0][1] + points[2][1]) / 2


def _ellipse(brush: Brush, points: list[Point], ink: int) -> None:
    us, vs = [u for u, _ in points], [v for _, v in points]
    brush.ellipse(min(us) - 1, min(vs), max(us) + 1, max(vs) + 1, ink)


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
