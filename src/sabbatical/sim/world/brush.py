"""Pillow's core without the checks of every call, which cost as much as a small polygon or a small picture.

This is the only file that speaks to the core. It packs a colour as signed 32 bits: red in the lowest byte, then opaque.
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
    """Fills shapes in pixels of an image (RGB, or RGBa) with packed colours; `glaze` blends them by their alpha."""

    def __init__(self, image: Image.Image, glaze: bool = False) -> None:
        core = ImageDraw.Draw(image, "RGBA" if glaze else None).draw
        self._paste = image.im.paste
        self._polygon, self._ellipse, self._lines = core.draw_polygon, core.draw_ellipse, core.draw_lines

    def wipe(self, width: int, rows: int) -> None:
        """Empty the upper left corner."""
        self._paste(0, (0, 0, width, rows))

    def polygon(self, corners: Sequence[float] | Sequence[Point], ink: int) -> None:
        """Fill a polygon: u, v, u, v, ... or pairs."""
        self._polygon(corners, ink, 1)

    def ellipse(self, left: float, top: float, right: float, bottom: float, ink: int) -> None:
        """Fill an ellipse in a box."""
        self._ellipse((left, top, right, bottom), ink, 1)

    def line(self, path: Sequence[Point], ink: int, width: int) -> None:
        """A bent line."""
        self._lines(path, ink, width)


class Stamp:
    """A small picture and a mask of its size, ready to be put into larger ones at one place; what juts out is cut off.

    What they are put into must be in memory and not shared, as all pictures made or copied here are.
    """

    def __init__(self, image: Image.Image, alpha: Image.Image, mask: Image.Image, left: int, top: int) -> None:
        self._image, self._alpha, self._mask = image.im, alpha.im, mask.im
        self._box = (left, top, left + image.width, top + image.height)

    def colour(self, picture: Image.Image) -> None:
        """Put the picture in, through its alpha."""
        picture.im.paste(self._image, self._box, self._alpha)

    def own(self, owners: Image.Image, owner: int) -> None:
        """Put a number in, wherever the mask is set."""
        owners.im.paste(owner, self._box, self._mask)


def ink_of(colour: RGB, alpha: int = 255) -> int:
    """One colour, packed, with an alpha for glazes."""
    ink = colour[0] + (colour[1] << 8) + (colour[2] << 16) + (alpha << 24)
    return ink if alpha < 128 else ink - (1 << 32)


def inks_of(colours_n3: NDArray[np.float64]) -> list[int]:
    """Many colours (n, 3), clipped and packed."""
    whole_n3 = np.clip(colours_n3, 0, 255).astype(np.int64)
    inks: list[int] = (whole_n3 @ np.array((1, 1 << 8, 1 << 16)) + _OPAQUE).tolist()
    return inks
