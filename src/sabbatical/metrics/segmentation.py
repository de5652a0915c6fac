"""How well the chances of pixels tell what they show, judged only where whoever drew them can judge.

Pixels are counted once, by class, truth and chance in small steps; whatever is asked then (IoU at any threshold, the
best threshold, average precision, calibration, any resample of images) comes from the counts. A pixel judges a class
where its label knows it: the rows and masks are those of training (`taxonomy.tables`), so partial labels are judged as
in federated evaluation, and full labels all over.

Shapes: h, w rows and columns; k classes; r rows of one taxonomy (labels, background, unassigned); v steps of chance;
i images; u units that are resampled; c cells; b resamples (row 0 whole data). Where an axis has 2, that is truth: not
of the class, of the class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.metrics.columns import Bools, Floats, Ints
from sabbatical.metrics.figures import Figures, mean_over_classes, over, rates
from sabbatical.metrics.resampling import Resamples
from sabbatical.metrics.thresholds import PLAIN

STEPS = 128
"""Steps of chance; one half is the edge of one."""
LEAD = ("miou", "iou")
FLOOR = 0.05
"""Lower chances than that nobody would see; they are left out of calibration."""


def pixel_counts(
    chance_khw: NDArray[np.float32],
    row_hw: NDArray[np.integer],
    target_rk: NDArray[np.float32],
    known_rk: NDArray[np.float32],
) -> Ints:
    """How many pixels of one image show each class or do not, by chance; int64 (k, 2, v).

    Args:
        chance_khw: in 0..1.
        row_hw: what was drawn, as rows of the tables; negative ones count from the end (-2 nothing drawn, -1 unknown).
        target_rk: {0, 1}, what each row shows.
        known_rk: {0, 1}, what it can tell.
    """
    rows, classes = target_rk.shape
    row_p = np.where(row_hw < 0, row_hw + rows, row_hw).ravel().astype(np.int64) * STEPS
    step_kp = np.minimum((chance_khw.reshape(classes, -1) * STEPS).astype(np.int64), STEPS - 1)
    seen_krv = np.stack([np.bincount(row_p + step_p, minlength=rows * STEPS) for step_p in step_kp])
    seen_krv = seen_krv.reshape(classes, rows, STEPS)
    shows_k2r = np.stack([known_rk * (1 - target_rk), known_rk * target_rk]).transpose(2, 0, 1)
    counts_k2v: Ints = np.einsum("krv,ktr->ktv", seen_krv, shows_k2r.astype(np.int64))
    return counts_k2v


def best_thresholds(counts_ik2v: Ints) -> Floats:
    """The threshold of the highest IoU of each class; a half for one that no pixel shows; shape k."""
    above_k2v = _above(counts_ik2v.sum(axis=0).astype(np.float64))
    iou_kv = over(above_k2v[:, 1], above_k2v[:, 0] + above_k2v[:, 1, :1])
    shown_k = above_k2v[:, 1, 0] > 0
    best_k: Floats = np.where(shown_k, np.nan_to_num(iou_kv).argmax(axis=1) / STEPS, PLAIN)
    return best_k


@dataclass(frozen=True)
class PixelTally:
    """Counts of judged images, and resamples of the units that they belong to."""

    counts_ik2v: Ints
    resamples: Resamples

    @property
    def images_k(self) -> Ints:
        """How many images judge each class."""
        images_k: Ints = (self.counts_ik2v.sum(axis=(2, 3)) > 0).sum(axis=0)
        return images_k

    def weighed(self, cells_i: NDArray[np.number]) -> Floats:
        """Sums over images in every resample, of cells (i, ...); b x ..."""
        flat_uc = np.zeros((self.resamples.units, math.prod(cells_i.shape[1:])))
        np.add.at(flat_uc, self.resamples.unit_i, cells_i.reshape(len(cells_i), -1))
        return (self.resamples.weights_bu.astype(np.float64) @ flat_uc).reshape(-1, *cells_i.shape[1:])

    def at(self, threshold_k: Floats) -> dict[str, Floats]:
        """IoU, recall, precision and F1 of each class in every resample, b x k; NaN where no pixel shows the class.

        Thresholds may differ from image to image (i, k), where several models judge in one pool.
        """
        shown_kv = np.arange(STEPS) / STEPS >= threshold_k[..., None]
        right_bk = self.weighed((self.counts_ik2v[:, :, 1] * shown_kv).sum(axis=2))
        wrong_bk = self.weighed((self.counts_ik2v[:, :, 0] * shown_kv).sum(axis=2))
        truths_bk = self.weighed(self.counts_ik2v[:, :, 1].sum(axis=2))
        iou_bk = np.where(truths_bk > 0, over(right_bk, truths_bk + wrong_bk), np.nan)
        return {"iou": iou_bk} | rates(right_bk, right_bk + wrong_bk, truths_bk)

    def average_precision(self) -> Floats:
        """Mean precision over all recalls, by falling chance; b x k, NaN where no pixel shows the class."""
        above_bk2v = _above(self.weighed(self.counts_ik2v))
        precision_bkv = over(above_bk2v[:, :, 1], above_bk2v.sum(axis=2))
        gain_bkv = above_bk2v[:, :, 1] - np.pad(above_bk2v[:, :, 1, 1:], ((0, 0), (0, 0), (0, 1)))
        ap_bk: Floats = over((np.nan_to_num(precision_bkv) * gain_bkv).sum(axis=2), above_bk2v[:, :, 1, 0])
        return ap_bk

    def calibration_errors(self) -> Floats:
        """Mean distance of chances from what is so, over pixels of a chance of 0.05 or more; b x k."""
        seen_v = np.arange(STEPS) / STEPS >= FLOOR
        counts_bk2v = self.weighed(self.counts_ik2v)[..., seen_v]
        many_bkv = counts_bk2v.sum(axis=2)
        said_v = ((np.arange(STEPS) + 0.5) / STEPS)[seen_v]
        error_bk: Floats = over(np.abs(counts_bk2v[:, :, 1] - many_bkv * said_v).sum(axis=2), many_bkv.sum(axis=2))
        return error_bk


def segmentation_figures(tally: PixelTally, threshold_k: Floats, mean_k: Bools | None = None) -> Figures:
    """The figures of one model: IoU, recall, precision and F1 at thresholds, and AP over all; means over classes.

    Args:
        tally: the counts.
        threshold_k: of each class, or (i, k).
        mean_k: classes that enter means; by default those that some pixel shows.
    """
    by_class = tally.at(threshold_k) | {
        "ap": tally.average_precision(),
        "calibration_error": tally.calibration_errors(),
    }
    n_k = tally.counts_ik2v[:, :, 1].sum(axis=(0, 2))
    counted_k = (n_k > 0) if mean_k is None else mean_k & (n_k > 0)
    means = {("miou" if name == "iou" else name): mean_over_classes(each, counted_k) for name, each in by_class.items()}
    seen_i = tally.counts_ik2v.any(axis=(1, 2, 3))
    return Figures(
        overall=means,
        by_class=by_class,
        n=int(n_k.sum()),
        n_k=n_k,
        mean_k=counted_k,
        images=int(seen_i.sum()),
        units=len(np.unique(tally.resamples.unit_i[seen_i])),
        lead=LEAD,
    )


def _above(counts_k2v: Floats) -> Floats:
    """How many have this chance or a higher one, along the last axis."""
    above: Floats = np.cumsum(counts_k2v[..., ::-1], axis=-1)[..., ::-1]
    return above
