"""What happens between the street and the file: glow, rain, drops on the glass, colour cast, softness, noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sabbatical.sim.world.camera import CAMERA_KINDS, Camera
from sabbatical.sim.world.sprite import Glow

_SMALL = 4
"""Glow is drawn at a quarter of the size: it is soft anyway."""


@dataclass(frozen=True)
class Lens:
    """How one camera renders colour; the same for all scenes of that camera."""

    gains: tuple[float, float, float]
    gamma: float
    softness: float
    noise: float

    @staticmethod
    def of(camera: Camera, dark: bool) -> Lens:
        """A camera's own look, drawn from its id; in the dark it is noisier."""
        kind, number = camera.id.rsplit("-", 1)
        rng = np.random.default_rng([CAMERA_KINDS.index(kind), int(number)])
        warm = float(rng.normal(0, 0.05))
        return Lens(
            gains=(1.0 + warm, 1.0, 1.0 - warm),
            gamma=float(rng.uniform(0.9, 1.12)),
            softness=float(rng.choice([0.0, 0.0, 0.45, 0.7])),
            noise=float(rng.uniform(1.5, 4.5)) * (2.2 if dark else 1.0),
        )

    @property
    def table(self) -> list[int]:
        """A lookup table for the three channels."""
        ramp = np.arange(256) / 255.0
        channels = [np.clip(255 * (ramp * gain) ** self.gamma, 0, 255) for gain in self.gains]
        table: list[int] = np.concatenate(channels).astype(np.int64).tolist()
        return table


@cache
def _blob() -> Image.Image:
    axis = np.linspace(-1, 1, 64)
    reach = np.hypot(axis[:, None], axis[None, :])
    return Image.fromarray((255 * np.clip(1 - reach, 0, 1) ** 2.2).astype(np.uint8))


def glow_map(size_wh: tuple[int, int], glows: list[Glow], tall: float = 1.0, gain: float = 1.0) -> Image.Image | None:
    """The light of all glows as an RGB picture to be added; None when there are none."""
    if not glows:
        return None
    width, rows = size_wh[0] // _SMALL, size_wh[1] // _SMALL
    small = Image.new("RGB", (width, rows))
    for glow in glows:
        half_u, half_v = max(glow.radius / _SMALL, 1.0), max(glow.radius * tall / _SMALL, 1.0)
        left, top = round(glow.u / _SMALL - half_u), round(glow.v / _SMALL - half_v)
        blob = _blob().resize((max(round(2 * half_u), 2), max(round(2 * half_v), 2)))
        red, green, blue = (int(channel * gain) for channel in glow.colour)
        patch = Image.new("RGB", blob.size)
        patch.paste((red, green, blue), (0, 0, *blob.size), blob)
        box = (left, top, left + blob.width, top + blob.height)
        small.paste(ImageChops.add(small.crop(box), patch), box)
    return small.resize(size_wh, Image.Resampling.BILINEAR)


@cache
def _noise_bank() -> NDArray[np.int16]:
    rng = np.random.default_rng(11)
    grain = rng.standard_normal((512, 640, 3)) * 0.75 + rng.standard_normal((512, 640, 1)) * 0.65
    return (grain * 64).astype(np.int16)


@cache
def _rain_bank(width: int, rows: int) -> tuple[Image.Image, ...]:
    """A few pictures of falling rain (mode L)."""
    bank = []
    for k in range(4):
        rng = np.random.default_rng([21, k])
        picture = Image.new("L", (width, rows))
        draw = ImageDraw.Draw(picture)
        slant = float(rng.uniform(-0.18, 0.18))
        for _ in range(width * rows // 420):
            x, y = float(rng.uniform(0, width)), float(rng.uniform(-20, rows))
            length = float(rng.uniform(5, 20))
            draw.line((x, y, x + slant * length, y + length), fill=int(rng.integers(24, 74)), width=1)
        bank.append(picture.filter(ImageFilter.BoxBlur(0.5)))
    return tuple(bank)


def add_rain(picture: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """Streaks of rain over the picture; they shine as brightly as what is behind them allows."""
    width, rows = picture.size
    bank = _rain_bank(width, rows)
    streaks = bank[int(rng.integers(len(bank)))]
    streaks = ImageChops.offset(streaks, int(rng.integers(width)), int(rng.integers(rows)))
    mean = picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(mean, tuple)
    tone = tuple(min(int(channel * 1.15) + 56, 255) for channel in mean)
    share = streaks.point([int(value * strength) for value in range(256)])
    picture.paste(tone, (0, 0, width, rows), share)
    return picture


@dataclass(frozen=True)
class Drop:
    """A drop on the glass: pixels."""

    u: int
    v: int
    radius: int


def sample_drops(rng: np.random.Generator, size_wh: tuple[int, int]) -> tuple[Drop, ...]:
    """The drops of one scene; they stay where they are."""
    count = int(rng.integers(2, 9))
    return tuple(
        Drop(int(rng.integers(size_wh[0])), int(rng.integers(size_wh[1])), int(rng.integers(3, 9)))
        for _ in range(count)
    )


def add_drops(picture: Image.Image, drops: tuple[Drop, ...]) -> Image.Image:
    """Each drop shows a wide view of its surroundings, upside down."""
    for drop in drops:
        side = 2 * drop.radius
        reach = drop.radius * 4
        view = picture.crop((drop.u - reach, drop.v - reach, drop.u + reach, drop.v + reach)).resize((side, side))
        view = view.transpose(Image.Transpose.ROTATE_180)
        mask = _blob().point(_DROP).resize((side, side))
        picture.paste(view, (drop.u - drop.radius, drop.v - drop.radius), mask)
    return picture


_DROP = [min(value * 6, 220) for value in range(256)]


def expose(picture: Image.Image, lens: Lens, table: list[int], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The finished picture as an array (h, w, 3): softness, colour and noise of the camera."""
    if lens.softness:
        picture = picture.filter(ImageFilter.BoxBlur(lens.softness))
    pixels_hw3 = np.asarray(picture.point(table))
    rows, width = pixels_hw3.shape[:2]
    bank = _noise_bank()
    top, left = int(rng.integers(0, max(bank.shape[0] - rows, 1))), int(rng.integers(0, max(bank.shape[1] - width, 1)))
    grain_hw3 = bank[top : top + rows, left : left + width] * np.int16(round(lens.noise * 4)) >> 8
    noisy_hw3 = pixels_hw3 + grain_hw3
    return np.clip(noisy_hw3, 0, 255, out=noisy_hw3).astype(np.uint8)
