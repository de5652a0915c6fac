"""The figures of methods on masks, judged on the same images in the same resamples, so that every difference is paired.

The trials of a method are pooled: each judged image of each trial stands once in the pool, with what that trial's model
said of it. What is resampled are groups of images, the same for every method.

Shapes: b resamples (row 0 whole data), k classes, i images of the pool, m found things, n true ones, 4 see
`panoptic_counts`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sabbatical.metrics.average_precision import resampled_ap
from sabbatical.metrics.columns import Bools, Detections, Floats, Ints, Truths
from sabbatical.metrics.figures import Figures
from sabbatical.metrics.instances import MaskPairs, panoptic_counts, panoptic_quality
from sabbatical.metrics.matching import match
from sabbatical.metrics.resampling import Resamples
from sabbatical.metrics.segmentation import PixelTally, segmentation_figures
from sabbatical.metrics.thresholds import PLAIN
from sabbatical.study.mask_trial import Found, MaskOutcome
from sabbatical.study.masks import MaskTask

RESAMPLES = 400
MOST_THINGS = 1000


@dataclass(frozen=True)
class MaskPool:
    """What every method is judged on.

    Attributes:
        image_i: positions in the task's images of all judged images, trial after trial (an image judges once a trial).
        kept_i: bool, which of all judged images of the trials these are; those of one domain, say.
        resamples: of groups of images.
    """

    image_i: Ints
    kept_i: Bools
    resamples: Resamples

    @classmethod
    def of(
        cls, task: MaskTask, judged: Sequence[Ints], *, domain: str | None = None, resamples: int = RESAMPLES
    ) -> MaskPool:
        """The pool of the images that some trials judge, each trial's in turn."""
        pooled = np.concatenate(judged)
        kept_i = np.array([domain in (None, task.images[i].domain) for i in pooled])
        groups = [task.images[i].group for i in pooled[kept_i]]
        return cls(pooled[kept_i], kept_i, Resamples.of(len(groups), groups, resamples=resamples))


@dataclass(frozen=True)
class MaskFigures:
    """One method in the pool; every array has a row for each resample.

    Attributes:
        plain: at a chance of one half.
        chosen: at each trial's thresholds of the best IoU on validation images.
        things_b: of the things, by name: "map" (mean AP at IoU .50:.95), "ap50", "ap75", "pq"; empty where none are.
    """

    plain: Figures
    chosen: Figures
    things_b: Mapping[str, Floats]


def mask_figures(pool: MaskPool, outcomes: Sequence[MaskOutcome]) -> MaskFigures:
    """The figures of one method from its trials, in the order of the pool's."""
    counts_ik2v = np.concatenate([outcome.counts_ik2v for outcome in outcomes])[pool.kept_i]
    chosen_ik = np.concatenate([np.tile(outcome.threshold_k, (len(outcome.image_i), 1)) for outcome in outcomes])
    tally = PixelTally(counts_ik2v, pool.resamples)
    founds = [outcome.found for outcome in outcomes if outcome.found is not None]
    return MaskFigures(
        plain=segmentation_figures(tally, np.full(counts_ik2v.shape[1], PLAIN)),
        chosen=segmentation_figures(tally, chosen_ik[pool.kept_i]),
        things_b=_things(pool, _pooled(founds, [len(outcome.image_i) for outcome in outcomes])) if founds else {},
    )


def _pooled(founds: Sequence[Found], images: Sequence[int]) -> Found:
    """The things of several trials, whose images stand one trial after the other."""
    starts = np.cumsum([0, *images])
    return Found(
        np.concatenate([found.image_m + start for found, start in zip(founds, starts, strict=False)]),
        np.concatenate([found.score_m for found in founds]),
        np.concatenate([found.image_n + start for found, start in zip(founds, starts, strict=False)]),
        MaskPairs.joined([found.pairs for found in founds]),
    )


def _things(pool: MaskPool, found: Found) -> dict[str, Floats]:
    """Average precision by IoU of masks, and panoptic quality, in every resample."""
    images, unit_i, weights_bu = len(pool.kept_i), pool.resamples.unit_i, pool.resamples.weights_bu
    matches = match(
        Detections.of(np.zeros((len(found.image_m), 4)), found.image_m, np.zeros(len(found.image_m)), found.score_m),
        Truths.of_classes(
            np.zeros((len(found.image_n), 4)), found.image_n, np.zeros(len(found.image_n)), 1, area=found.pairs.area_n
        ),
        pool.kept_i[:, None],
        areas={"all": (0.0, 1e10)},
        max_detections=MOST_THINGS,
        overlaps=found.pairs,
    )
    place_i = np.zeros(images, np.int64)
    place_i[pool.kept_i] = unit_i
    truths_i = np.bincount(found.image_n, minlength=images) * pool.kept_i
    truths_u = np.bincount(place_i, truths_i, pool.resamples.units)
    truths_bk = (weights_bu.astype(np.float64) @ truths_u)[:, None]
    ap_tb = resampled_ap(matches, 0, range(len(matches.ious_t)), weights_bu, place_i, truths_bk)[:, :, 0]
    counts_i4 = panoptic_counts(found.pairs, found.image_m, found.image_n, images) * pool.kept_i[:, None]
    counts_u4 = np.zeros((pool.resamples.units, 4))
    np.add.at(counts_u4, place_i, counts_i4)
    return {
        "map": ap_tb.mean(axis=0),
        "ap50": ap_tb[0],
        "ap75": ap_tb[int(np.argmin(np.abs(matches.ious_t - 0.75)))],
        "pq": panoptic_quality(weights_bu.astype(np.float64) @ counts_u4),
    }
