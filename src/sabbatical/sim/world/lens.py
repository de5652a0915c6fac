"""What happens between the street and the file: glow, rain, drops on the glass, softness, noise.

Shapes: h rows, w columns, c channels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from sabbatical.sim.world.camera import Camera
from sabbatical.sim.world.dice import Dice
from sabbatical.sim.world.sprite import Glow

Pixels = NDArray[np.int16]


@dataclass(frozen=True)
class Lens:
    """How one camera renders a street; the same in all its scenes. `noise` is a standard deviation in grey levels."""

    gains: tuple[float, float, float]
    soft: bool
    noise: float

    @staticmethod
    def of(camera: Camera, dark: bool) -> Lens:
        """A camera's own look, drawn from its id; in the dark it is noisier."""
        dice = Dice(camera.id)
        warm, bright = dice.normal(0.05), dice.between(0.92, 1.06)
        return Lens(
            gains=(bright * (1.0 + warm), bright, bright * (1.0 - warm)),
            soft=dice.chance(0.4),
            noise=dice.between(1.0, 3.0) * (1.8 if dark else 1.0),
        )


@lru_cache(maxsize=512)
def _blob(half_u: int, half_v: int) -> Pixels:
    """A soft spot of height 127, (2 half_v, 2 half_u, 3)."""
    u = (np.arange(2 * half_u) + 0.5 - half_u) / half_u
    v = (np.arange(2 * half_v) + 0.5 - half_v) / half_v
    spot_hw = 127 * np.clip(1 - np.hypot(v[:, None], u), 0, 1) ** 2.2
    return np.repeat(spot_hw.astype(np.int16)[:, :, None], 3, axis=2)


Box = tuple[int, int, int, int]


@lru_cache(maxsize=256)  # lamps that stand still fall on the same place in all frames of a scene
def _light_of(glow: Glow, size_wh: tuple[int, int], tall: float, gain: float) -> tuple[Box, Pixels] | None:
    """Where a light falls in a frame (left, top, right, bottom), and how much it adds there; None when outside."""
    width, rows = size_wh
    half_u, half_v = min(_rounded(glow.radius), width), min(_rounded(glow.radius * tall), rows)
    left, top = int(glow.u) - half_u, int(glow.v) - half_v
    u0, v0, u1, v1 = max(left, 0), max(top, 0), min(left + 2 * half_u, width), min(top + 2 * half_v, rows)
    if u0 >= u1 or v0 >= v1:
        return None
    colour = (np.array(glow.colour) * gain).astype(np.int16)  # at most 255, so the product with 127 fits
    return (u0, v0, u1, v1), (_blob(half_u, half_v)[v0 - top : v1 - top, u0 - left : u1 - left] * colour) >> 7


def _rounded(radius: float) -> int:
    """A radius of at least 2 pixels in steps of a sixth, so that few blobs are needed."""
    return int(2 ** (round(4.5 * math.log2(max(radius, 2.0))) / 4.5))


def add_glow(picture: Image.Image, glow: Glow, tall: float = 1.0, gain: float = 1.0) -> None:
    """Add a light to an RGB picture in place; `tall` stretches it upwards."""
    found = _light_of(glow, picture.size, tall, gain)
    if found is not None:
        box, light_hwc = found
        lit_hwc = np.array(picture.crop(box), dtype=np.int16) + light_hwc
        picture.paste(Image.fromarray(np.clip(lit_hwc, 0, 255).astype(np.uint8)), box[:2])


@cache
def _grain(rows: int, width: int) -> Pixels:
    """Noise of deviation 64, partly alike in all channels."""
    rng = np.random.default_rng(11)
    colour = rng.standard_normal((rows, width, 3), dtype=np.float32)
    grey = rng.standard_normal((rows, width, 1), dtype=np.float32)
    grain: Pixels = np.clip(64 * (0.75 * colour + 0.65 * grey), -255, 255).astype(np.int16)
    return grain


@lru_cache(maxsize=32)
def _noise_bank(level: int, rows: int, width: int) -> Pixels:
    """Noise of a strength in half grey levels, larger than a frame, so that frames take different parts of it."""
    return (_grain(rows + 61, width + 67) * np.int16(level) + 64) >> 7


@cache
def _rain_bank(width: int, rows: int, picture: int) -> Pixels:
    """One of a few pictures of falling rain (2 h, w, 3), repeated downwards so that any shift is a slice."""
    dice = Dice("rain", picture)
    streaks = Image.new("L", (width, rows))
    draw = ImageDraw.Draw(streaks)
    slant = dice.between(-0.2, 0.2)
    for _ in range(width * rows // 340):
        x, y, length = dice.between(0, width), dice.between(-20, rows), dice.between(5, 22)
        draw.line((x, y, x + slant * length, y + length), fill=dice.whole(24, 90), width=1)
    streaks_hw = np.asarray(streaks.filter(ImageFilter.BoxBlur(0.4))).astype(np.int16)
    return np.tile(streaks_hw[:, :, None], (2, 1, 3))


def rain_over(picture: Image.Image, wet: float, dice: Dice) -> Pixels:
    """Streaks of rain (2 h, w, 3) to be added to a scene's frames: brighter where the street is bright or wetter."""
    width, rows = picture.size
    brightness = float(np.asarray(picture)[::8, ::8].mean())
    strength = wet * (0.5 + 0.5 * wet) * (24 + 0.45 * brightness)
    return (_rain_bank(width, rows, dice.whole(0, 3)) * np.int16(strength)) >> 7


@dataclass(frozen=True)
class Drop:
    """A drop on the glass: pixels."""

    u: int
    v: int
    radius: int


def sample_drops(dice: Dice, size_wh: tuple[int, int]) -> tuple[Drop, ...]:
    """The drops of one scene; they stay where they are."""
    width, rows = size_wh
    return tuple(
        Drop(dice.whole(0, width - 1), dice.whole(0, rows - 1), dice.whole(3, 8)) for _ in range(dice.whole(2, 7))
    )


def add_drops(picture: Image.Image, drops: tuple[Drop, ...]) -> None:
    """Each drop shows a wide view of its surroundings upside down."""
    width, rows = picture.size
    for drop in drops:
        side, reach = 2 * drop.radius, drop.radius * 4
        around = (max(drop.u - reach, 0), max(drop.v - reach, 0), min(drop.u + reach, width), min(drop.v + reach, rows))
        small = picture.resize((side, side), Image.Resampling.NEAREST, box=around)
        picture.paste(
            small.transpose(Image.Transpose.ROTATE_180), (drop.u - drop.radius, drop.v - drop.radius), _drop_mask(side)
        )


@cache
def _drop_mask(side: int) -> Image.Image:
    return Image.fromarray(np.minimum(_blob(side // 2, side // 2)[:, :, 0] * 9, 215).astype(np.uint8))


def expose(picture: Image.Image, lens: Lens, glows: list[Glow], rain: Pixels | None, dice: Dice) -> NDArray[np.uint8]:
    """The finished picture (h, w, 3): the lens's softness and noise, lamps' glow, and rain (see `rain_over`)."""
    width, rows = picture.size
    top, left = dice.whole(0, 60), dice.whole(0, 66)
    noise_hwc = _noise_bank(round(lens.noise * 2), rows, width)[top : top + rows, left : left + width]
    pixels_hwc = np.array(picture, dtype=np.int16)
    if lens.soft:
        _soften(pixels_hwc)
    pixels_hwc += noise_hwc
    for glow in glows:
        found = _light_of(glow, picture.size, tall=1.0, gain=0.7)
        if found is not None:
            (u0, v0, u1, v1), light_hwc = found
            pixels_hwc[v0:v1, u0:u1] += light_hwc
    if rain is not None:
        start = dice.whole(0, rows - 1)
        pixels_hwc += rain[start : start + rows]
    return np.clip(pixels_hwc, 0, 255, out=pixels_hwc).astype(np.uint8)


def _soften(pixels_hwc: Pixels) -> None:
    """A slight blur in place: weights 1, 2, 1 across and down."""
    pixels_hwc[:, 1:-1] = (pixels_hwc[:, :-2] + (pixels_hwc[:, 1:-1] << 1) + pixels_hwc[:, 2:]) >> 2
    pixels_hwc[1:-1] = (pixels_hwc[:-2] + (pixels_hwc[1:-1] << 1) + pixels_hwc[2:]) >> 2
