"""From images of any size to the chances of every class at each of their own pixels. Free of torch.

Legend: b images; h, w height and width; c colour channels; k classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sabbatical.core.batches import batched
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.images import Placement, place

Floats = NDArray[np.float32]


class Answers(NamedTuple):
    """Of each pixel of a canvas: chances, float32 (b, h, w, k), and how deep it lies, (b, h, w, 1) or (b, h, w, 0)."""

    chance_bhwk: Floats
    depth_bhw1: Floats


class MaskRunner(Protocol):
    """A network of masks ready to run: the torch module, or an exported one."""

    @property
    def config(self) -> DetectorConfig: ...

    def __call__(self, images_bhwc: NDArray[np.uint8]) -> Answers:
        """Answers for canvases of the configured size, uint8 RGB."""


@dataclass(frozen=True, slots=True)
class Segmented:
    """What an image shows.

    Attributes:
        chance_khw: float32 in 0..1, of the image's own size.
        depth_hw: float32 in 0..1, how deep inside its own thing a pixel lies; None where things were not learned.
    """

    chance_khw: Floats
    depth_hw: Floats | None


def segment(runner: MaskRunner, images: Iterable[NDArray[np.uint8]], *, batch: int = 8) -> Iterator[Segmented]:
    """What each image shows, in order; the same however they are batched. Images are let go one batch after the other.

    Args:
        runner: a network of masks.
        images: uint8 RGB (h, w, 3), of any sizes.
        batch: images run at once.
    """
    for group in batched(iter(images), batch):
        placed = [place(image_hwc, runner.config.canvas) for image_hwc in group]
        answers = runner(np.stack([canvas_hwc for canvas_hwc, _ in placed]))
        for n, (image_hwc, (_, placement)) in enumerate(zip(group, placed, strict=True)):
            height, width = image_hwc.shape[:2]
            planes_hwp = np.concatenate([answers.chance_bhwk[n], answers.depth_bhw1[n]], axis=2)
            planes_phw = np.stack(
                [_back(plane_hw, placement, (height, width)) for plane_hw in np.moveaxis(planes_hwp, 2, 0)]
            )
            classes = answers.chance_bhwk.shape[3]
            yield Segmented(planes_phw[:classes], planes_phw[classes] if len(planes_phw) > classes else None)


def _back(plane_hw: Floats, placement: Placement, size: tuple[int, int]) -> Floats:
    """A plane of the canvas as one of the image (height, width)."""
    height, width = size
    x0, y0, x1, y1 = placement.to_canvas(np.array([[0, 0, width, height]], np.float32))[0].tolist()
    if (x0, y0, x1, y1) == (0, 0, *plane_hw.shape[::-1]) and plane_hw.shape == size:
        return plane_hw
    box = (max(x0, 0.0), max(y0, 0.0), min(x1, plane_hw.shape[1]), min(y1, plane_hw.shape[0]))
    image = Image.fromarray(np.ascontiguousarray(plane_hw))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box))
