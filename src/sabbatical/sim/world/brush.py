"""Pillow's drawing core without the checks of every call, which cost as much as a small polygon.

This is the only file that knows how the core packs a colour: signed, 32 bits, red in the lowest byte, then opaque.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from sabbatical.sim.world.colour import RGB

Point = tuple[float, float]
_OPAQUE = -(1 << 24)


class Brush:
    """Fills shapes in pixels of an image (RGB, or RGBa) with packed colours."""

    def __init__(self, image: Image.Image) -> None:
        core = ImageDraw.Draw(image).draw
        self._polygon, self._ellipse, self._lines = core.draw_polygon, core.draw_ellipse, core.draw_lines

    def polygon(self, corners: Sequence[float] | Sequence[Point], ink: int) -> None:
        """Fill a polygon: u, v, u, v, ... or pairs."""
        self._polygon(corners, ink, 1)

    def ellipse(self, left: float, top: float, right: float, bottom: float, ink: int) -> None:
        """Fill an ellipse in a box."""
        self._ellipse((left, top, right, bottom), ink, 1)

    def line(self, path: Sequence[Point], ink: int, width: int) -> None:
        """A bent line."""
        self._lines(path, ink, width)


def ink_of(colour: RGB) -> int:
    """One colour, packed."""
    return _OPAQUE + colour[0] + (colour[1] << 8) + (colour[2] << 16)


def inks_of(colours_n3: NDArray[np.float64]) -> list[int]:
    """Many colours (n, 3), clipped and packed."""
    whole_n3 = np.clip(colours_n3, 0, 255).astype(np.int64)
    inks: list[int] = (whole_n3 @ np.array((1, 1 << 8, 1 << 16)) + _OPAQUE).tolist()
    return inks
