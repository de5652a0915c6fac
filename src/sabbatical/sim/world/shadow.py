"""Shadows on the ground: a dark place where a thing stands, and by sunlight its shape laid away from the sun."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw

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
    shade = Image.new("L", picture.size)
    draw = ImageDraw.Draw(shade)
    for corners, nearest in zip(uv_k82.tolist(), nearest_k.tolist(), strict=True):
        if nearest > 0.8:
            clear = math.exp(-light.haze * nearest)
            if sunny:
                _lay(draw, corners, int(230 * light.shadow * clear))
            _under(draw, corners[:4], int(255 * _CONTACT * clear))
    box = shade.getbbox()
    if box:
        picture.paste(_DARK, box, shade.crop(box))


def _base(size: tuple[float, float, float], pose: Pose) -> list[tuple[float, float, float]]:
    sin, cos = math.sin(pose.heading), math.cos(pose.heading)
    half_x, half_z = size[0], size[1]
    corners = ((-half_x, -half_z), (half_x, -half_z), (half_x, half_z), (-half_x, half_z))
    return [(pose.x + x * cos + z * sin, 0.0, pose.z - x * sin + z * cos) for x, z in corners]


def _lay(draw: ImageDraw.ImageDraw, corners: list[list[float]], dark: int) -> None:
    """Fill the hull of a base and its displaced copy: both, and what lies between their edges."""
    points = [(u, v) for u, v in corners]
    wide = max(points[1][0], points[2][0]) - min(points[0][0], points[3][0])
    if abs(wide) < 10:
        ends = [(points[k][0] + points[k + 2][0], points[k][1] + points[k + 2][1]) for k in (0, 4)]
        draw.line([(u / 2, v / 2) for u, v in ends], fill=dark, width=max(round(abs(wide) * 0.6), 1))
        return
    for k in range(4):
        after = (k + 1) % 4
        draw.polygon([points[k], points[after], points[4 + after], points[4 + k]], fill=dark)
    draw.polygon(points[:4], fill=dark)
    draw.polygon(points[4:], fill=dark)


def _under(draw: ImageDraw.ImageDraw, corners: list[list[float]], dark: int) -> None:
    across = max(u for u, _ in corners) - min(u for u, _ in corners)
    if across < 16:
        us, vs = [u for u, _ in corners], [v for _, v in corners]
        draw.ellipse((min(us) - 1, min(vs), max(us) + 1, max(vs) + 1), fill=dark)
    else:
        draw.polygon([(u, v) for u, v in corners], fill=dark)
