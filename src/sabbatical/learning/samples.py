"""What a network learns from: one image with what was drawn on it under one taxonomy, boxes or pixels.

Legend: h, w image height and width; c colour channels; n boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CUT = -1
"""The label of a region that says nothing: an object mostly cropped away, or one that must not be trained on."""
EMPTY = -2
"""Of a pixel: nothing is drawn here. Counted from the end, it and `CUT` are the rows of background and of unassigned
places in `masking.MaskTables`."""


@dataclass(frozen=True, slots=True)
class Pixels:
    """What was drawn, pixel by pixel.

    Attributes:
        rows_hw: int16, the label of each pixel, a row of the label tables; or `EMPTY`, or `CUT`.
        depth_hw: float16, how deep inside its own thing a pixel lies, 1 at the deepest and 0 outside of all; NaN where
            nobody told one thing from the next. None where things are not asked for.
    """

    rows_hw: NDArray[np.int16]
    depth_hw: NDArray[np.float16] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One image and what was drawn on it.

    Attributes:
        image_hwc: uint8, RGB.
        boxes_n4: float32, pixels of this image, (x0, y0, x1, y1).
        labels_n: int64, rows of the label tables of this taxonomy; `CUT` marks a region to ignore.
        taxonomy: row of the `TableBank` that the labels belong to.
        key: the item's id; names it in warnings and errors.
        pixels: of the image's size, where masks were drawn.
    """

    image_hwc: NDArray[np.uint8]
    boxes_n4: NDArray[np.float32]
    labels_n: NDArray[np.int64]
    taxonomy: int
    key: str
    pixels: Pixels | None = None

    @property
    def nbytes(self) -> int:
        """Memory that the image and its pixels take."""
        maps = [self.pixels.rows_hw, self.pixels.depth_hw] if self.pixels else []
        return self.image_hwc.nbytes + sum(each.nbytes for each in maps if each is not None)


class SampleSource(Protocol):
    """Random access to samples; `__getitem__` is called from several threads at once and must not keep state."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...
