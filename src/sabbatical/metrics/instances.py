"""Things found as masks, against things drawn as masks: their IoU, for AP by `matching.match`, and panoptic quality.

Things of one image are one map of numbers, so that no two of them share a pixel.

Source: Kirillov et al., Panoptic Segmentation, CVPR 2019; AP as of boxes, see `average_precision`.

Shapes: h rows, w columns; m found things, n true ones, q pairs that share pixels, p pairs asked for; i images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.metrics.columns import Floats, Ints

HALF = 0.5
"""An IoU above this belongs to one pair at most, whatever else was found."""


@dataclass(frozen=True)
class MaskPairs:
    """Which found thing shares pixels with which true one; `matching.Overlaps` for `match`.

    `found_q` (ascending) and `true_q` are positions, `iou_q` above 0. `area_m`, `area_n`: pixels of each thing.
    """

    found_q: Ints
    true_q: Ints
    iou_q: Floats
    area_m: Floats
    area_n: Floats

    @classmethod
    def of(cls, found_hw: NDArray[np.integer], true_hw: NDArray[np.integer]) -> MaskPairs:
        """The pairs of one image, from maps that hold 0 for nothing and n for the n-th thing (position n - 1).

        Raises BadInput for maps of two sizes.
        """
        if found_hw.shape != true_hw.shape:
            raise BadInput(f"Maps of two sizes cannot be compared: {found_hw.shape} and {true_hw.shape}.")
        founds, trues = int(found_hw.max(initial=0)), int(true_hw.max(initial=0))
        both = found_hw.astype(np.int64).ravel() * (trues + 1) + true_hw.ravel()
        shared_mn = np.bincount(both, minlength=(founds + 1) * (trues + 1)).reshape(founds + 1, trues + 1)
        area_m, area_n = shared_mn.sum(1)[1:].astype(np.float64), shared_mn.sum(0)[1:].astype(np.float64)
        found_q, true_q = np.nonzero(shared_mn[1:, 1:])
        shared_q = shared_mn[found_q + 1, true_q + 1]
        return cls(found_q, true_q, shared_q / (area_m[found_q] + area_n[true_q] - shared_q), area_m, area_n)

    @classmethod
    def joined(cls, parts: Sequence[MaskPairs]) -> MaskPairs:
        """The pairs of several images, whose things stand one image after the other."""
        founds = np.cumsum([0, *(len(part.area_m) for part in parts)])
        trues = np.cumsum([0, *(len(part.area_n) for part in parts)])
        return cls(
            np.concatenate([np.zeros(0, np.int64), *(p.found_q + s for p, s in zip(parts, founds, strict=False))]),
            np.concatenate([np.zeros(0, np.int64), *(p.true_q + s for p, s in zip(parts, trues, strict=False))]),
            np.concatenate([np.zeros(0), *(part.iou_q for part in parts)]),
            np.concatenate([np.zeros(0), *(part.area_m for part in parts)]),
            np.concatenate([np.zeros(0), *(part.area_n for part in parts)]),
        )

    def iou(self, detection_p: Ints, truth_p: Ints) -> Floats:
        """IoU of pairs, 0 for those that share nothing."""
        if not len(self.iou_q):
            return np.zeros(len(detection_p))
        wide = len(self.area_n)
        known_q, asked_p = self.found_q * wide + self.true_q, detection_p * wide + truth_p
        at_p = np.minimum(np.searchsorted(known_q, asked_p), len(known_q) - 1)
        return np.where(known_q[at_p] == asked_p, self.iou_q[at_p], 0.0)


def panoptic_counts(pairs: MaskPairs, image_m: Ints, image_n: Ints, images: int) -> Floats:
    """Of each image: right things, their IoU in all, things that are not there, things missed; float64 (i, 4).

    A found thing is right where its IoU with a true one is above a half.
    """
    right = pairs.iou_q > HALF
    image_r = image_n[pairs.true_q[right]]
    many_i = np.bincount(image_r, minlength=images)
    iou_i = np.bincount(image_r, pairs.iou_q[right], images)
    wrong_i = np.bincount(image_m, minlength=images) - many_i
    missed_i = np.bincount(image_n, minlength=images) - many_i
    return np.stack([many_i, iou_i, wrong_i, missed_i], axis=1).astype(np.float64)


def panoptic_quality(counts_b4: Floats) -> Floats:
    """IoU of the right things over right ones and half of the wrong and missed; NaN for nothing at all; shape b."""
    many_b, iou_b, wrong_b, missed_b = counts_b4.T
    whole_b = many_b + (wrong_b + missed_b) / 2
    quality_b: Floats = np.divide(iou_b, whole_b, out=np.full_like(iou_b, np.nan), where=whole_b > 0)
    return quality_b
