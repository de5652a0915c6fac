"""The figures of methods on boxes, judged on the same images in the same resamples, so that every difference is paired.

The trials of a method are pooled: each judged image of each trial stands once in the pool, with what that trial's model
found on it. What is resampled are groups of images, the same for every method.

Shapes: b resamples (row 0 whole data), k classes, d judged detections, i images of the pool, u groups, q bins of score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sabbatical.metrics.columns import Bools, Detections, Floats, Ints, Truths
from sabbatical.metrics.detection import detection_figures
from sabbatical.metrics.matching import Matches, match
from sabbatical.metrics.resampling import Resamples
from sabbatical.metrics.thresholds import PLAIN
from sabbatical.study.box_trial import BoxOutcome
from sabbatical.study.boxes import BoxTask
from sabbatical.taxonomy import tables

RESAMPLES = 400
COSTS = ("train_seconds", "predict_ms", "parameters", "images")
IOUS = (0.5, 0.75)
BINS = 15
FLOOR = 0.05
"""Lower scores than that nobody would see; they are left out of calibration."""
CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True)
class Pool:
    """What every method is judged on.

    Attributes:
        truths: of all judged images, one after the other, by trials.
        judged_ik: which classes an image can judge.
        resamples: of groups of images.
        task: whose images they are.
        place: for each trial (seed), where its first image stands in the pool, and its images in the task.
    """

    truths: Truths
    judged_ik: Bools
    resamples: Resamples
    task: BoxTask
    place: Mapping[int, tuple[int, Ints]]

    @classmethod
    def of(cls, task: BoxTask, image_i_of: Mapping[int, Ints], resamples: int = RESAMPLES) -> Pool:
        """The pool of some seeds, each with the images that it judges."""
        pooled = np.concatenate(list(image_i_of.values()))
        starts = np.cumsum([0, *(len(image_i) for image_i in image_i_of.values())]).tolist()
        groups = [task.images[i].group for i in pooled]
        return cls(
            truths=_truths(task, pooled),
            judged_ik=_judged(task, pooled),
            resamples=Resamples.of(len(pooled), groups, resamples=resamples),
            task=task,
            place={seed: (start, image_i) for start, (seed, image_i) in zip(starts, image_i_of.items(), strict=False)},
        )

    @cached_property
    def truths_k(self) -> Ints:
        truths_k: Ints = (self.truths.positive_nk & self.truths.known_nk).sum(axis=0)
        return truths_k

    def matches(self, outcomes: Mapping[int, BoxOutcome]) -> Matches:
        """What one method's trials found, matched with the truths of the pool."""
        parts = [_moved(outcome.detections, *self.place[seed]) for seed, outcome in outcomes.items()]
        pooled = Detections(*(np.concatenate(columns) for columns in zip(*map(_columns, parts), strict=True)))
        return match(pooled, self.truths, self.judged_ik, ious=IOUS)


@dataclass(frozen=True)
class BoxFigures:
    """One method in the pool; every array has a row for each resample.

    Attributes:
        ap50_bk: average precision at IoU 0.5; NaN without truths.
        map50_b: mean over classes.
        map_b: mean over classes, and over IoU 0.5 and 0.75: how well boxes end where objects do.
        recall_bk, precision_bk: at a score of 0.5.
        threshold_k: of the best F1 on validation images, means over trials.
        error_b: expected calibration error of scores from 0.05 on.
        curves: for each class, the operating points by falling score.
        by_seed: mean AP of each trial alone.
        cost: training seconds, milliseconds an image, parameters, images learned from: medians over trials.
    """

    ap50_bk: Floats
    map50_b: Floats
    map_b: Floats
    recall_bk: Floats
    precision_bk: Floats
    threshold_k: Floats
    error_b: Floats
    curves: Mapping[int, WeighedCurve]
    by_seed: dict[int, float]
    cost: dict[str, float]

    def recall_at(self, k: int, precision_b: Floats) -> Floats:
        """The highest recall of a class at these precisions, one a resample; 0 where they are not reached."""
        return self.curves[k].recall_at(precision_b)


@dataclass(frozen=True)
class WeighedCurve:
    """The detections of one class that count, by falling score, and the resamples' weights.

    Attributes:
        score_d, right_d, unit_d: of each detection.
        truths_b: truths of the class in each resample.
        weights_bu: of the resamples.
    """

    score_d: Floats
    right_d: Bools
    unit_d: Ints
    truths_b: Floats
    weights_bu: NDArray[np.uint8]

    def precision_at(self, threshold: float) -> Floats:
        """The precision of what scores at least that much, one a resample; 1 where nothing does."""
        kept = self.score_d >= threshold
        many_u = np.bincount(self.unit_d[kept], minlength=self.weights_bu.shape[1])
        right_u = np.bincount(self.unit_d[kept], self.right_d[kept], self.weights_bu.shape[1])
        many_b, right_b = self.weights_bu @ many_u, self.weights_bu @ right_u
        precision_b: Floats = np.where(many_b > 0, right_b / np.maximum(many_b, 1), 1.0)
        return precision_b

    def recall_at(self, precision_b: Floats) -> Floats:
        """See `BoxFigures.recall_at`."""
        recall_b = np.zeros(len(self.weights_bu))
        rows = max(1, CELLS_AT_ONCE // max(1, len(self.right_d)))
        for start in range(0, len(recall_b), rows):
            block = slice(start, start + rows)
            weights_bd = self.weights_bu[block][:, self.unit_d].astype(np.float32)
            right_bd = np.cumsum(weights_bd * self.right_d, axis=1)
            seen_bd = np.cumsum(weights_bd, axis=1)
            good_bd = (right_bd >= precision_b[block, None] * seen_bd) & (seen_bd > 0)
            best_b = np.where(good_bd, right_bd, 0).max(axis=1, initial=0)
            recall_b[block] = best_b / np.maximum(self.truths_b[block], 1)
        return recall_b


def on_images(outcome: BoxOutcome, image_i: Ints) -> BoxOutcome:
    """The part of an outcome that lies on some of the images that it judges (positions in the task)."""
    return replace(
        outcome,
        image_i=image_i,
        detections=outcome.detections.take(np.isin(outcome.detections.image_m, image_i)),
    )


def figures_of(pool: Pool, outcomes: Mapping[int, BoxOutcome]) -> BoxFigures:
    """The figures of one method from its trials, by seed."""
    matches = pool.matches(outcomes)
    classes = len(pool.task.tree)
    plain_k = np.full(classes, PLAIN)
    found = detection_figures(matches, plain_k, pool.resamples, judged_ik=pool.judged_ik, all_ious=True)
    return BoxFigures(
        ap50_bk=found.by_class["ap50"],
        map50_b=found.overall["map50"],
        map_b=found.overall["map"],
        recall_bk=found.by_class["recall"],
        precision_bk=found.by_class["precision"],
        threshold_k=np.mean([outcome.threshold_k for outcome in outcomes.values()], axis=0),
        error_b=calibration_errors(matches, pool.resamples),
        curves={k: _curve(matches, pool, k) for k in np.flatnonzero(pool.truths_k).tolist()},
        by_seed=_by_seed(pool, outcomes),
        cost={name: float(np.median([outcome.facts.get(name, 0) for outcome in outcomes.values()])) for name in COSTS},
    )


def calibration_errors(matches: Matches, resamples: Resamples) -> Floats:
    """Expected calibration error in every resample, over bins that hold equally many scores of the whole data; b."""
    a, t = matches.at(0.5, "all")
    outcome_d = matches.outcomes(a, t)
    kept = np.flatnonzero((outcome_d >= 0) & (matches.score_d >= FLOOR))
    kept = kept[np.argsort(matches.score_d[kept], kind="stable")]
    if not len(kept):
        return np.full(len(resamples.weights_bu), np.nan)
    bin_d = np.arange(len(kept)) * BINS // len(kept)
    cell_d = bin_d * resamples.units + resamples.unit_i[matches.image_d[kept]]
    gap_d = (outcome_d[kept] == 1) - matches.score_d[kept]
    gap_uq = np.bincount(cell_d, gap_d, BINS * resamples.units).reshape(BINS, -1).T
    many_u = np.bincount(resamples.unit_i[matches.image_d[kept]], minlength=resamples.units)
    weights_bu = resamples.weights_bu.astype(np.float64)
    error_b: Floats = np.abs(weights_bu @ gap_uq).sum(axis=1) / np.maximum(weights_bu @ many_u, 1)
    return error_b


def _curve(matches: Matches, pool: Pool, k: int) -> WeighedCurve:
    a, t = matches.at(0.5, "all")
    outcome_d = matches.outcomes(a, t)
    of_class = np.flatnonzero((matches.class_d == k) & (outcome_d >= 0))
    unit_i = pool.resamples.unit_i
    counted_n = pool.truths.positive_nk[:, k] & pool.truths.known_nk[:, k]
    truths_u = np.bincount(unit_i[pool.truths.image_n[counted_n]], minlength=pool.resamples.units)
    return WeighedCurve(
        score_d=matches.score_d[of_class],
        right_d=outcome_d[of_class] == 1,
        unit_d=unit_i[matches.image_d[of_class]],
        truths_b=(pool.resamples.weights_bu @ truths_u).astype(np.float64),
        weights_bu=pool.resamples.weights_bu,
    )


def _by_seed(pool: Pool, outcomes: Mapping[int, BoxOutcome]) -> dict[int, float]:
    """Mean AP of every trial on its own images."""
    found = {}
    for seed, outcome in outcomes.items():
        alone = Pool.of(pool.task, {seed: outcome.image_i}, resamples=0)
        matches = alone.matches({seed: outcome})
        plain_k = np.full(len(pool.task.tree), PLAIN)
        figures = detection_figures(matches, plain_k, alone.resamples, judged_ik=alone.judged_ik)
        found[seed] = float(figures.overall["map50"][0])
    return found


def _columns(found: Detections) -> Sequence[NDArray[np.generic]]:
    return found.boxes_m4, found.image_m, found.class_m, found.score_m


def _moved(found: Detections, start: int, image_i: Ints) -> Detections:
    """Detections with their images' places in the pool instead of those in the task."""
    place = np.full(int(image_i.max()) + 1, -1)
    place[image_i] = start + np.arange(len(image_i))
    return Detections(found.boxes_m4, place[found.image_m], found.class_m, found.score_m)


def _truths(task: BoxTask, image_i: Ints) -> Truths:
    images = [task.images[i] for i in image_i]
    columns = np.array([task.tree.index(name) for image in images for name in image.names_n], np.int64)
    return Truths.of(
        np.concatenate([image.boxes_n4.reshape(-1, 4) for image in images]),
        np.repeat(np.arange(len(images)), [len(image.names_n) for image in images]),
        task.tree.ancestors_kk[columns],
        ~task.tree.ancestors_kk.T[columns] | np.eye(len(task.tree), dtype=bool)[columns],
    )


def _judged(task: BoxTask, image_i: Ints) -> Bools:
    counts_k = np.array([not task.judged or name in task.judged for name in task.tree.names])
    covered = {domain: (tables(task.tree, full).covered_k > 0) & counts_k for domain, full in task.full.items()}
    judged_ik: Bools = np.array([covered[task.images[i].domain] for i in image_i])
    return judged_ik
