"""From images of any size to detections in their own pixels. Free of torch: it runs what turns canvases into places.

Legend: b images; h, w height and width; c colour channels; m places an image; n detections.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.batches import batched
from sabbatical.geometry import clip, nms, valid
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.images import Placement, place


class Places(NamedTuple):
    """The best places of each canvas, best first: float32 (b, m, 4) in its pixels, float32 (b, m), int64 (b, m)."""

    boxes_bm4: NDArray[np.float32]
    scores_bm: NDArray[np.float32]
    classes_bm: NDArray[np.int64]


class Runner(Protocol):
    """A detector ready to run: the torch module, or an exported one."""

    @property
    def config(self) -> DetectorConfig: ...

    def __call__(self, images_bhwc: NDArray[np.uint8]) -> Places:
        """Places on canvases of the configured size, uint8 RGB."""


@dataclass(frozen=True, slots=True)
class Detections:
    """What was found in one image, best first.

    Attributes:
        boxes_n4: float32, pixels of the image, (x0, y0, x1, y1), inside it.
        classes_n: int64, columns of the super-taxonomy.
        scores_n: float32 in 0..1.
    """

    boxes_n4: NDArray[np.float32]
    classes_n: NDArray[np.int64]
    scores_n: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores_n)

    def above(self, thresholds_k: NDArray[np.float32] | float) -> Detections:
        """Those whose score reaches the threshold of their class (or one for all)."""
        thresholds = np.asarray(thresholds_k)
        sure_n = self.scores_n >= (thresholds if thresholds.ndim == 0 else thresholds[self.classes_n])
        return Detections(self.boxes_n4[sure_n], self.classes_n[sure_n], self.scores_n[sure_n])


def predict(
    runner: Runner,
    images: Iterable[NDArray[np.uint8]],
    *,
    batch: int = 16,
    least_score: float = 0.01,
    overlap: float = 0.6,
) -> list[Detections]:
    """Detections of each image, in order; the same however the images are batched.

    Images are taken one by one and let go once they lie on their canvas: of a stream two are there at once.

    Args:
        runner: a detector.
        images: uint8 RGB (h, w, 3), of any sizes.
        batch: images run at once.
        least_score: lower ones are not reported.
        overlap: IoU above which the weaker of two boxes of one class is dropped.
    """
    found: list[Detections] = []
    for fitted in batched((_fit(image_hwc, runner.config.canvas) for image_hwc in images), batch):
        places = runner(np.stack([each.canvas_hwc for each in fitted]))
        found.extend(_finish(fitted, places, least_score, overlap))
    return found


class Fitted(NamedTuple):
    """An image on its canvas, where it lies there, and its own (height, width)."""

    canvas_hwc: NDArray[np.uint8]
    placement: Placement
    size: tuple[int, int]


def _fit(image_hwc: NDArray[np.uint8], canvas: tuple[int, int]) -> Fitted:
    return Fitted(*place(image_hwc, canvas), image_hwc.shape[:2])


def _finish(fitted: Sequence[Fitted], places: Places, least_score: float, overlap: float) -> list[Detections]:
    """Back to each image's own pixels, cut to it, and without the weaker of overlapping boxes."""
    boxes_bm4 = np.stack(
        [
            clip(each.placement.to_image(boxes_m4), each.size[1], each.size[0]).boxes_n4
            for boxes_m4, each in zip(places.boxes_bm4, fitted, strict=True)
        ]
    )
    image_n, place_n = np.nonzero((places.scores_bm >= least_score) & valid(boxes_bm4))
    boxes_n4, scores_n = boxes_bm4[image_n, place_n], places.scores_bm[image_n, place_n]
    classes_n = places.classes_bm[image_n, place_n]
    keep_n = nms(boxes_n4, scores_n, overlap, class_n=classes_n, image_n=image_n)
    ends = np.searchsorted(image_n[keep_n], np.arange(1, len(fitted)))
    return [Detections(boxes_n4[part_n], classes_n[part_n], scores_n[part_n]) for part_n in np.split(keep_n, ends)]
