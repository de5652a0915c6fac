"""The sky: a gradient, clouds, the glow around a low sun, and roofs far away."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sabbatical.sim.world.colour import mixed
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.texture import noise_tile
from sabbatical.sim.world.view import View

Tones = NDArray[np.float32]

_STEP = 4
"""The sky is painted at a quarter of the size and smoothed."""


def paint_sky(picture: Image.Image, view: View, dice: Dice) -> None:
    """Paint from the top of an RGB picture down to the horizon, if the horizon is in it."""
    light, camera = view.light, view.camera
    width = camera.size_wh[0]
    rows = int(min(camera.horizon, camera.size_wh[1])) + 1
    top, left = dice.whole(0, 255), dice.whole(0, 255)
    far = Dice(dice.whole(0, 1 << 30))
    if rows < 3:
        return
    height, across = rows // _STEP + 1, width // _STEP
    down_h1 = np.linspace(0, 1, height, dtype=np.float32)[:, None] ** 1.4
    sky_hw3 = _between(light.sky_top, light.sky_low, np.broadcast_to(down_h1, (height, across)))
    rows_h = (top + np.arange(height) * 3) & 255
    columns_w = (left + np.arange(across)) & 255
    cloud_hw = noise_tile(3, 26)[rows_h][:, columns_w] + 0.35 * noise_tile(4, 9)[rows_h][:, columns_w]
    share_hw = np.clip((cloud_hw - 87 + 150 * light.cloudiness) / 70, 0, 1) * 0.85
    sky_hw3 += share_hw[:, :, None] * (np.array(light.cloud, dtype=np.float32) - sky_hw3)
    _sun_glow(sky_hw3, view)
    sky = Image.fromarray(sky_hw3.clip(0, 255).astype(np.uint8)).resize((width, rows), Image.Resampling.BILINEAR)
    picture.paste(sky, (0, 0))
    _skyline(picture, view, far, rows)


def _between(top: tuple[int, int, int], low: tuple[int, int, int], share_hw: Tones) -> Tones:
    first, last = np.array(top, dtype=np.float32), np.array(low, dtype=np.float32)
    return first + share_hw[:, :, None].astype(np.float32) * (last - first)


def _sun_glow(sky_hw3: Tones, view: View) -> None:
    """Warm light around the sun, where it stands in front of the camera and nothing dims it."""
    light, camera = view.light, view.camera
    right, up, ahead = (float(value) for value in camera.axes_33 @ np.array(light.sun))
    if light.shadow < 0.2 or ahead < 0.2:
        return
    u = (camera.size_wh[0] / 2 + camera.focal * right / ahead) / _STEP
    v = (camera.size_wh[1] / 2 - camera.focal * up / ahead) / _STEP
    rows_h1, columns_w = np.arange(sky_hw3.shape[0])[:, None], np.arange(sky_hw3.shape[1])
    reach_hw = np.exp(-np.hypot(rows_h1 - v, columns_w - u) / 9.0)[:, :, None]
    sky_hw3 += reach_hw * np.array((90.0, 70.0, 34.0), dtype=np.float32)


def _skyline(picture: Image.Image, view: View, dice: Dice, rows: int) -> None:
    """Roofs far away, almost taken by the haze."""
    draw = ImageDraw.Draw(picture)
    colour = mixed(view.light.shade((120, 128, 140), 110.0), view.light.fog, 0.35)
    count = max(math.ceil(picture.width / 16), 1)
    x = 0.0
    for _ in range(count):
        span, high, pale = dice.between(7, 30), dice.share(), dice.share()
        draw.rectangle((x, rows - 2 - 16 * high, x + span, rows), fill=mixed(colour, view.light.sky_low, pale * 0.4))
        x += span
