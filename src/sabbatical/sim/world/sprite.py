"""Sprites: one thing drawn small and sharp, with its mask, ready to be put into a frame.

A thing is drawn at several times its size on a canvas of its own and then reduced, which smooths its edges; the
alpha channel that comes out is the thing's own mask.
"""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from PIL import Image

from sabbatical.sim.world.brush import Brush, Point, Stamp, ink_of
from sabbatical.sim.world.colour import RGB


@dataclass(frozen=True)
class Glow:
    """A light that shines into the lens: pixels, pixels, radius in pixels, colour."""

    u: float
    v: float
    radius: float
    colour: RGB


@dataclass(frozen=True)
class Sprite:
    """A thing as drawn: RGBA picture, its mask (mode 1), and where its upper left corner stands (pixels)."""

    image: Image.Image
    mask: Image.Image
    left: int
    top: int
    glows: tuple[Glow, ...] = ()

    @cached_property
    def stamp(self) -> Stamp:
        """What puts it into a frame."""
        return Stamp(self.image, self.image, self.mask, self.left, self.top)

    @cached_property
    def area(self) -> int:
        """How many pixels the whole silhouette has, also those outside the frame."""
        return self.mask.histogram()[255]


class Canvas:
    """A transparent picture that covers a box of the frame, drawn in frame coordinates at several times the size."""

    def __init__(self, left: float, top: float, right: float, bottom: float, limit_wh: tuple[int, int]) -> None:
        width, rows = limit_wh
        self.left = max(math.floor(left) - 1, -width // 2)
        self.top = max(math.floor(top) - 1, -rows // 2)
        across = min(math.ceil(right) + 1, width + width // 2) - self.left
        down = min(math.ceil(bottom) + 1, rows + rows // 2) - self.top
        self.width, self.rows = max(across, 1), max(down, 1)
        area = self.width * self.rows
        self.times = 4 if area < 700 else 3 if area < 1800 else 2
        # "RGBa" (colours already multiplied by alpha) reduces without a conversion; all that is drawn is opaque.
        self._pad = _pad(self.width * self.times, self.rows * self.times)
        self.brush = self._pad.brush

    def sprite(self, glows: tuple[Glow, ...] = ()) -> Sprite:
        """Reduce to frame size; what is covered by half or more belongs to the mask."""
        box = (0, 0, self.width * self.times, self.rows * self.times)
        small = self._pad.image.reduce(self.times, box).convert("RGBA")
        mask = small.getchannel("A").convert("1", dither=Image.Dither.NONE)
        return Sprite(small, mask, self.left, self.top, glows)


class _Pad:
    """A sheet that a thread draws all its canvases on, one after the other: making one costs more than wiping it."""

    def __init__(self, width: int, rows: int) -> None:
        self.image = Image.new("RGBa", (width, rows))
        self.brush = Brush(self.image)


_pads = threading.local()


def _pad(width: int, rows: int) -> _Pad:
    """This thread's sheet, at least of a size and wiped there."""
    pad: _Pad | None = getattr(_pads, "pad", None)
    if pad is None or pad.image.width < width or pad.image.height < rows:
        pad = _pads.pad = _Pad(max(width, 800), max(rows, 500))
    else:
        pad.brush.wipe(width, rows)
    return pad


class Pen:
    """Draws flat figures on a canvas in metres: x to the right of the foot point, y up."""

    def __init__(self, canvas: Canvas, u: float, v: float, scale: float, shade: Callable[[RGB], RGB]) -> None:
        self._brush = canvas.brush
        self._scale = scale * canvas.times
        self._u = (u - canvas.left) * canvas.times
        self._v = (v - canvas.top) * canvas.times
        self._shade = shade
        self._inks: dict[RGB, int] = {}

    def _ink(self, colour: RGB) -> int:
        found = self._inks.get(colour)
        if found is None:
            found = self._inks[colour] = ink_of(self._shade(colour))
        return found

    def within(self, x: float, y: float, unit: float) -> Pen:
        """A pen for a picture inside this one: its foot point stands at (x, y), its unit is `unit` of this one's."""
        inner = copy.copy(self)
        inner._u, inner._v = self._u + x * self._scale, self._v - y * self._scale
        inner._scale = self._scale * unit
        return inner

    def polygon(self, points: Sequence[Point], colour: RGB) -> None:
        """Fill a polygon."""
        u, v, scale = self._u, self._v, self._scale
        self._brush.polygon([(u + x * scale, v - y * scale) for x, y in points], self._ink(colour))

    def box(self, left: float, bottom: float, right: float, top: float, colour: RGB) -> None:
        """Fill an upright rectangle."""
        u, v, scale = self._u, self._v, self._scale
        u0, u1, v0, v1 = u + left * scale, u + right * scale, v - top * scale, v - bottom * scale
        self._brush.polygon((u0, v0, u1, v0, u1, v1, u0, v1), self._ink(colour))

    def oval(self, x: float, y: float, half_x: float, half_y: float, colour: RGB) -> None:
        """Fill an ellipse."""
        scale = self._scale
        u, v, reach_u, reach_v = self._u + x * scale, self._v - y * scale, abs(half_x * scale), half_y * scale
        self._brush.ellipse(u - reach_u, v - reach_v, u + reach_u, v + reach_v, self._ink(colour))

    def stroke(self, points: Sequence[Point], thick: float, colour: RGB) -> None:
        """A line of a thickness, with blunt ends."""
        u, v, scale = self._u, self._v, self._scale
        path = [(u + x * scale, v - y * scale) for x, y in points]
        self._brush.line(path, self._ink(colour), max(round(thick * scale), 1))

    def dot(self, place: Point, thick: float, colour: RGB) -> None:
        """A round joint for strokes of a thickness; left out where nobody could see it."""
        half = thick * self._scale / 2 - 0.5
        if half > 3:
            u, v = self._u + place[0] * self._scale, self._v - place[1] * self._scale
            self._brush.ellipse(u - half, v - half, u + half, v + half, self._ink(colour))
