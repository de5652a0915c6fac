"""What a detector learns from: one image with the boxes drawn on it under one taxonomy.

Legend: h, w image height and width; c colour channels; n boxes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CUT = -1
"""The label of a region that says nothing: an object mostly cropped away, or one that must not be trained on."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image and what was drawn on it.

    Attributes:
        image_hwc: uint8, RGB.
        boxes_n4: float32, pixels of this image, (x0, y0, x1, y1).
        labels_n: int64, rows of the label tables of this taxonomy; `CUT` marks a region to ignore.
        taxonomy: row of the `TableBank` that the labels belong to.
        key: the item's id; names it in warnings and errors.
    """

    image_hwc: NDArray[np.uint8]
    boxes_n4: NDArray[np.float32]
    labels_n: NDArray[np.int64]
    taxonomy: int
    key: str


class SampleSource(Protocol):
    """Random access to samples; `__getitem__` is called from several threads at once and must not keep state."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Sample: ...
