"""Images as arrays: reading, and fitting any image onto the fixed canvas that a network sees.

Legend: h, w height and width; c colour channels; n boxes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from sabbatical.core.errors import BadFile

ORIENTATION = 0x0112  # EXIF
SIDEWAYS = frozenset({5, 6, 7, 8})
GREY = 114
"""What the canvas shows where there is no image."""


def read_image(file: Path | bytes, *, at_least: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Decode an image as RGB, turned the way its EXIF says.

    Args:
        file: a path, or the bytes of the file.
        at_least: (height, width) that suffice; a JPEG is then decoded at a half, a quarter or an eighth of its size
            where that is still as large. Boxes must be scaled by the ratio of the sizes.

    Raises:
        BadFile: it is no image, or a damaged one.
    """
    return _decoded(file, at_least)[0]


def read_scaled(file: Path | bytes, at_least: tuple[int, int]) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    """As `read_image`, and the (width, height) that it would have had in full. Raises BadFile."""
    return _decoded(file, at_least)


def _decoded(file: Path | bytes, at_least: tuple[int, int] | None) -> tuple[NDArray[np.uint8], tuple[int, int]]:
    where = None if isinstance(file, bytes) else str(file)
    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
            size = image.size[::-1] if image.getexif().get(ORIENTATION) in SIDEWAYS else image.size
            if at_least is not None:
                image.draft("RGB", (at_least[1], at_least[0]))
            ImageOps.exif_transpose(image, in_place=True)
            return np.asarray(image if image.mode == "RGB" else image.convert("RGB")), size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError) as error:
        raise BadFile(
            f"The image cannot be decoded ({error}).", where=where, hint="Replace the file, or leave it out."
        ) from error


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an image lies on a canvas: canvas = image * scale + offset, in pixels, x before y."""

    scale: tuple[float, float]
    offset: tuple[float, float]

    def to_canvas(self, boxes_n4: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes of the image, (x0, y0, x1, y1), as boxes of the canvas."""
        return (boxes_n4 * self._four(self.scale) + self._four(self.offset)).astype(np.float32)

    def to_image(self, boxes_n4: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes of the canvas as boxes of the image, not clipped."""
        return ((boxes_n4 - self._four(self.offset)) / self._four(self.scale)).astype(np.float32)

    @staticmethod
    def _four(pair: tuple[float, float]) -> NDArray[np.float64]:
        return np.array(pair + pair)


def place(
    image_hwc: NDArray[np.uint8],
    canvas: tuple[int, int],
    *,
    zoom: float = 1.0,
    shift: tuple[float, float] = (0.5, 0.5),
    flip: tuple[bool, bool] = (False, False),
    tables: list[int] | None = None,
) -> tuple[NDArray[np.uint8], Placement]:
    """Draw an image onto a grey canvas, its shape kept: one resampling, whatever the crop, scale and flip.

    Args:
        image_hwc: uint8, RGB.
        canvas: (height, width) in pixels.
        zoom: 1 fits the whole image; more crops it, less leaves a border.
        shift: (x, y) in 0..1, where along the free room the image (or the crop) lies; 0.5 is the middle.
        flip: (left and right, top and bottom) exchanged.
        tables: 768 new values, 256 for each colour, for a change of colours.

    Returns:
        The canvas, uint8 (height, width, 3), and where the image lies on it.
    """
    sizes = np.array([image_hwc.shape[1], image_hwc.shape[0]], dtype=float)
    room = np.array([canvas[1], canvas[0]], dtype=float)
    scale = float(np.min(room / sizes)) * zoom
    start = np.round((room - sizes * scale) * np.array(shift))
    low = np.maximum(start, 0.0)
    high = np.maximum(np.minimum(np.round(start + sizes * scale), room), low + 1)
    box = np.concatenate([(low - start) / scale, np.minimum((high - start) / scale, sizes)])
    patch = Image.fromarray(image_hwc).resize(
        (int(high[0] - low[0]), int(high[1] - low[1])), Image.Resampling.BILINEAR, box=tuple(box), reducing_gap=2.0
    )
    if tables is not None:
        patch = patch.point(tables)
    scale_2 = (high - low) / (box[2:] - box[:2])
    offset_2 = low - box[:2] * scale_2
    if flip[0]:
        patch = patch.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if flip[1]:
        patch = patch.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    first = np.where(flip, room - high, low).astype(int)
    drawn = np.full((*canvas, 3), GREY, dtype=np.uint8)
    drawn[first[1] : first[1] + patch.height, first[0] : first[0] + patch.width] = np.asarray(patch)
    scale_2 = np.where(flip, -scale_2, scale_2)
    offset_2 = np.where(flip, room - offset_2, offset_2)
    return drawn, Placement(
        scale=(float(scale_2[0]), float(scale_2[1])), offset=(float(offset_2[0]), float(offset_2[1]))
    )


def place_map(map_hw: NDArray[Any], canvas: tuple[int, int], placement: Placement, outside: float) -> NDArray[Any]:
    """A map that says something of each pixel of an image, moved along with it; every value is one that was there.

    Args:
        map_hw: of the image's size, any type.
        canvas: (height, width) in pixels.
        placement: where the image lies.
        outside: the value beside the image.

    Returns:
        The map of the canvas: each pixel says what the map says at its middle.
    """
    places, inside = [], []
    for size, room, axis in zip(map_hw.shape, canvas, (1, 0), strict=True):
        place_r = np.floor((np.arange(room) + 0.5 - placement.offset[axis]) / placement.scale[axis]).astype(np.int64)
        inside.append((place_r >= 0) & (place_r < size))
        places.append(place_r.clip(0, size - 1))
    found = map_hw[np.ix_(*places)]
    found[~np.logical_and.outer(*inside)] = outside
    return found
