"""The ground: road, pavements and markings, with light, shadow and grain per pixel. Shapes: h rows, w columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sabbatical.sim.world.camera import NEAR_M, Camera
from sabbatical.sim.world.colour import RGB, mixed
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.street import END_M, Street
from sabbatical.sim.world.texture import noise_tile, sampled
from sabbatical.sim.world.view import View

Plane = NDArray[np.float32]
Box = tuple[float, float, float, float]

_ROAD: RGB = (104, 106, 112)
_PAVING: RGB = (178, 172, 162)
_KERB: RGB = (206, 202, 194)
_LINE: RGB = (228, 226, 216)
_FINE = 2


class GroundPlane:
    """Where pixels see the ground, from the horizon's row `first` on: x, z (h, w) and depth (h, 1), metres."""

    def __init__(self, camera: Camera) -> None:
        width, rows = camera.size_wh
        self.first = int(min(max(np.ceil(camera.horizon), 0), rows - 2))
        across_w = ((np.arange(width) + 0.5 - width / 2) / camera.focal).astype(np.float32)
        down_h1 = ((np.arange(self.first, rows) + 0.5 - rows / 2) / camera.focal).astype(np.float32)[:, None]
        right, up, ahead = camera.axes_33.astype(np.float32)
        fall_h1 = np.maximum(up[1] * down_h1 - ahead[1], 1e-3)  # right has no vertical part: a row falls alike
        self.depth_h1: Plane = np.float32(camera.height) / fall_h1
        self.x_hw: Plane = (
            np.float32(camera.x) + self.depth_h1 * (ahead[0] - up[0] * down_h1) + (self.depth_h1 * right[0]) * across_w
        )
        self.z_hw: Plane = self.depth_h1 * (ahead[2] - up[2] * down_h1) + (self.depth_h1 * right[2]) * across_w


def paint_ground(view: View, street: Street, plane: GroundPlane, dice: Dice) -> Image.Image:
    """The ground as an RGB picture of the camera's size; above the horizon it is black."""
    width, rows = view.camera.size_wh
    flat = Image.new("RGB", (width * _FINE, rows * _FINE), _PAVING)
    draw = ImageDraw.Draw(flat)
    layers = _markings(street, mixed(_ROAD, _LINE, dice.between(0.55, 1.0)))
    boxes = np.array([box for _, box in layers])
    seen_b43 = np.zeros((len(boxes), 4, 3))
    seen_b43[:, :, 0], seen_b43[:, :, 2] = boxes[:, (0, 2, 2, 0)], boxes[:, (1, 1, 3, 3)]
    uv_n2, depth_n = view.camera.project(seen_b43.reshape(-1, 3))
    pixels = (uv_n2 * _FINE).reshape(-1, 8)
    near_b = depth_n.reshape(-1, 4).min(axis=1) < NEAR_M
    for k, (colour, _) in enumerate(layers):
        if near_b[k]:
            outline = view.camera.outline(seen_b43[k], _FINE)
            if outline is not None:
                draw.polygon(outline, fill=colour)
        else:
            draw.polygon(pixels[k].tolist(), fill=colour)
    small_hw3 = np.zeros((rows, width, 3), dtype=np.uint8)
    small_hw3[plane.first :] = np.asarray(flat.reduce(_FINE, (0, plane.first * _FINE, *flat.size)))
    # channels side by side in one long row: numpy multiplies long rows much faster than triples
    below = small_hw3[plane.first :].reshape(rows - plane.first, width * 3)
    lit = _gains(view, street, plane).repeat(3, axis=1)
    lit *= np.tile(_single(view.light.ambient), width)
    lit *= below
    lit += (1 - _clear(view, plane)) * np.tile(_single(view.light.fog), width)
    below[:] = np.clip(lit, 0, 255, out=lit)
    return Image.fromarray(small_hw3)


def _single(colour: tuple[float, float, float]) -> Plane:
    return np.array(colour, dtype=np.float32)


def _clear(view: View, plane: GroundPlane) -> Plane:
    """How much of each row's own colour the haze lets through, (h, 1)."""
    clear_h1: Plane = np.exp(np.float32(-view.light.haze) * np.minimum(plane.depth_h1, 400.0))
    return clear_h1


def _markings(street: Street, line: RGB) -> list[tuple[RGB, Box]]:
    """Flat rectangles (x, z, x, z) in the order of painting."""
    half, cross = street.half, street.crossing
    found: list[tuple[RGB, Box]] = [(_KERB, (-half - 0.22, -4, half + 0.22, END_M)), (_ROAD, (-half, -4, half, END_M))]
    found += [(line, (-0.07, z, 0.07, z + 2.2)) for z in range(1, 56, 5)]
    if half > 5:
        found += [(line, (side * (half - 2.15) - 0.05, -2.0, side * (half - 2.15) + 0.05, 60.0)) for side in (-1, 1)]
    if street.junction is not None:
        low, high = street.junction - street.cross_half, street.junction + street.cross_half
        found += [(_KERB, (-60, low - 0.2, -half, high + 0.2)), (_KERB, (half, low - 0.2, 60, high + 0.2))]
        found += [(_ROAD, (-60, low, 60, high)), (_ROAD, (-half, low - 1, half, high + 1))]
        middle = street.junction
        for side in (-1, 1):
            starts = (side * (half + 2 + 5 * k) for k in range(6))
            found += [(line, (x, middle - 0.07, x + side * 2.2, middle + 0.07)) for x in starts]
    found.append((_ROAD, (-half, cross - 3.4, half, cross + 2.2)))
    count = int((half - 0.35) * 2)
    found += [(line, (k - half + 0.35, cross - 1.6, k - half + 0.85, cross + 1.6)) for k in range(count + 1)]
    found.append((line, (0.1, cross - 3.1, half - 0.1, cross - 2.75)))
    return found


def _gains(view: View, street: Street, plane: GroundPlane) -> Plane:
    """By how much each ground pixel is brighter than in plain ambient light without haze, (h, w)."""
    light, depth_h1 = view.light, plane.depth_h1
    grain_hw = sampled(noise_tile(2, 10), plane.z_hw[::2, ::2] * 7, plane.x_hw[::2, ::2] * 7)
    gain_hw = _doubled(grain_hw, plane) * (0.0011 * np.exp(-depth_h1 / 40)).astype(np.float32)
    gain_hw += 1
    if light.shadow:
        gain_hw *= np.float32(1.04) - np.float32(light.shadow) * _building_shadow(view, street, plane)
    if light.lamps:
        gain_hw *= _lamp_gains(view, plane)
    gain_hw *= _clear(view, plane) * np.float32(1.0 - 0.24 * light.wet)
    return gain_hw


def _lamp_gains(view: View, plane: GroundPlane) -> Plane:
    """Pools of light under the street lamps; computed on every second pixel."""
    x_hw, z_hw = plane.x_hw[::2, ::2], plane.z_hw[::2, ::2]
    near_hw = np.zeros_like(x_hw)
    for lamp_x, lamp_z in view.lamps[:8]:
        near_hw += 9.0 / (9.0 + np.square(x_hw - np.float32(lamp_x)) + np.square(z_hw - np.float32(lamp_z)))
    gain_hw = 1 + np.minimum(near_hw, 1.4) * np.float32(view.lamp_power)
    return _doubled(gain_hw, plane)


def _doubled(values_hw: Plane, plane: GroundPlane) -> Plane:
    """Values of every second pixel, repeated for all."""
    whole: Plane = values_hw.repeat(2, axis=1).repeat(2, axis=0)[: plane.x_hw.shape[0], : plane.x_hw.shape[1]]
    return whole


def _building_shadow(view: View, street: Street, plane: GroundPlane) -> Plane:
    """1 where a building stands between the ground and the sun, 0 elsewhere, soft at the edge."""
    sun_x, sun_y, sun_z = view.light.sun
    side = 1.0 if sun_x > 0 else -1.0
    ratio = abs(sun_x) / max(sun_y, 0.1)
    if ratio < 0.05:
        return np.zeros_like(plane.x_hw)
    to_wall_hw = np.float32(side * street.wall) - plane.x_hw
    hits_hw = plane.z_hw + to_wall_hw * np.float32(sun_z / sun_x)
    heights = street.heights(side)
    index_hw = np.clip(hits_hw * 2, 0, len(heights) - 1).astype(np.int32)
    shade_hw: Plane = np.clip((heights.take(index_hw) * np.float32(ratio) - np.abs(to_wall_hw)) * 2, 0, 1)
    return shade_hw


def mirror_ground(picture: Image.Image, ground: Image.Image, view: View, plane: GroundPlane) -> Image.Image:
    """Wet ground shows what stands above the horizon upside down, most in puddles; only where `ground` is not 0."""
    first = plane.first
    rows = picture.height - first
    if first < 4:
        return picture
    pixels_hw3 = np.array(picture)
    source_h = np.clip(first - 1 - (np.arange(rows) * first) // max(rows, first), 0, first - 1)
    blurred_hw3 = pixels_hw3[:first].astype(np.float32)
    blurred_hw3[1:-1] = (blurred_hw3[:-2] + blurred_hw3[1:-1] + blurred_hw3[2:]) / 3
    puddle_hw = sampled(noise_tile(5, 16), plane.z_hw * 10, plane.x_hw * 18)
    share_hw = view.light.wet * (0.14 + 0.3 * np.clip((puddle_hw - 46.0) / 20, 0, 1))
    share_hw *= np.asarray(ground)[first:] > 0
    below_hw3 = pixels_hw3[first:]
    pixels_hw3[first:] = below_hw3 + share_hw[:, :, None] * (blurred_hw3[source_h] - below_hw3)
    return Image.fromarray(pixels_hw3)
