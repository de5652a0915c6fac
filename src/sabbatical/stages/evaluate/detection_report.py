"""Columns of boxes in, `Report` out.

Shapes: m detections, n truths, k classes, i items.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sabbatical.core.errors import BadInput
from sabbatical.metrics.average_precision import coco_numbers
from sabbatical.metrics.columns import Bools, Detections, Floats, Truths
from sabbatical.metrics.detection import detection_figures, on_images
from sabbatical.metrics.figures import Figures
from sabbatical.metrics.matching import Matches, match
from sabbatical.metrics.resampling import Resamples
from sabbatical.metrics.thresholds import PLAIN, ClassCurve, Scored, f_score
from sabbatical.schemas.evaluate import Coco, Operating, Report, Threshold
from sabbatical.stages.evaluate.calibration import FLOOR, reliability
from sabbatical.stages.evaluate.comparison import Judged, compare
from sabbatical.stages.evaluate.confusion import confusion_of, taken_for
from sabbatical.stages.evaluate.samples import Items, turned_boxes, worst_boxes
from sabbatical.stages.evaluate.slices import LEAST_IN_CLASS, Part
from sabbatical.stages.evaluate.subject import Subject, calibration_of, curves_of, first_report
from sabbatical.stages.evaluate.words import sentences


@dataclass(frozen=True)
class OtherDetector:
    """The model to compare with, on the same items."""

    model: str
    detections: Detections
    threshold_k: Floats | None = None


def detection_report(
    subject: Subject,
    detections: Detections,
    truths: Truths,
    judged_ik: Bools,
    *,
    threshold_k: Floats | None = None,
    against: OtherDetector | None = None,
) -> Report:
    """Judge a detector. `judged_ik`: does the taxonomy of item i cover class k; only these cells count.

    `threshold_k`: the score from which a box of each class is shown, chosen on validation data (`choose_thresholds`);
    0.5 by default. Raises `EmptyDataset` without items and `BadInput` for columns that do not fit together.
    """
    subject.check()
    classes, parts = list(subject.classes), subject.parts(sizes=True)
    draws = subject.draws(len(detections.score_m))
    mine = _Detector.of(subject, detections, truths, judged_ik, threshold_k)
    judged = mine.judged(parts, draws)
    report = first_report(subject, "boxes", judged, parts, draws, judged_ik.sum(axis=0).tolist())
    scored = Scored.of_matches(mine.matches)
    numbers = coco_numbers(mine.matches).summary()
    report.coco = Coco.model_validate({name: value for name, value in numbers.items() if not math.isnan(value)})
    report.thresholds = _thresholds(scored, mine.threshold_k, classes)
    report.curves = curves_of(scored, classes)
    honest = reliability(scored.score_s, scored.right_s, scored.class_s, len(classes), floor=FLOOR)
    report.calibration = calibration_of(honest, classes)
    taken = taken_for(detections, truths, judged_ik, mine.threshold_k, subject.closure_kk)
    report.confusion = confusion_of(taken.true_p, taken.predicted_p, classes, nothing=True)
    report.worst = worst_boxes(taken, detections, truths, mine.matches, _items(subject))
    if against:
        other = _Detector.of(subject, against.detections, truths, judged_ik, against.threshold_k)
        report.comparison = compare(against.model, judged, other.judged(parts, draws), classes, parts)
        _compare_boxes(report, subject, mine, other, truths)
    report.sentences = sentences(report)
    return report


@dataclass(frozen=True)
class _Detector:
    """A model's matched table and thresholds."""

    matches: Matches
    threshold_k: Floats
    judged_ik: Bools

    @classmethod
    def of(
        cls, subject: Subject, detections: Detections, truths: Truths, judged_ik: Bools, threshold_k: Floats | None
    ) -> _Detector:
        items, classes = len(subject.items), len(subject.classes)
        if judged_ik.shape != (items, classes):
            raise BadInput(f"judged is {judged_ik.shape}, not {items} items x {classes} classes", where="judged")
        thresholds = np.full(classes, PLAIN) if threshold_k is None else np.asarray(threshold_k, np.float64)
        if thresholds.shape != (classes,):
            raise BadInput(f"{thresholds.size} thresholds were given for {classes} classes", where="thresholds")
        return cls(match(detections, truths, judged_ik), thresholds, judged_ik)

    def judged(self, parts: Sequence[Part], draws: Resamples) -> Judged:
        whole = detection_figures(self.matches, self.threshold_k, draws, judged_ik=self.judged_ik, all_ious=True)
        return Judged(whole, [self._part(part, draws) for part in parts])

    def _part(self, part: Part, draws: Resamples) -> Figures:
        matches = self.matches if part.mask_i.all() else on_images(self.matches, part.mask_i)
        judged_ik = self.judged_ik & part.mask_i[:, None]
        return detection_figures(
            matches, self.threshold_k, draws, judged_ik=judged_ik, area=part.area, least=LEAST_IN_CLASS
        )


def _compare_boxes(report: Report, subject: Subject, mine: _Detector, other: _Detector, truths: Truths) -> None:
    """What only boxes have in a comparison: turned truths, the other's curves, recall at the other's precision."""
    comparison = report.comparison
    if comparison is None:
        return
    lost, won, many_lost, many_won = turned_boxes(
        (other.matches, other.threshold_k),
        (mine.matches, mine.threshold_k),
        truths,
        subject.closure_kk,
        _items(subject),
    )
    comparison.right_to_wrong, comparison.wrong_to_right = lost, won
    comparison.right_to_wrong_count, comparison.wrong_to_right_count = many_lost, many_won
    theirs = Scored.of_matches(other.matches)
    comparison.curves = curves_of(theirs, subject.classes)
    their_curves = dict(theirs.curves())
    for k, curve in Scored.of_matches(mine.matches).curves():
        precision = their_curves[k].at(float(other.threshold_k[k]))[0]
        if precision is not None:
            threshold = report.thresholds[subject.classes[k]]
            threshold.at_precision, threshold.recall_at_precision = precision, curve.recall_at_precision(precision)[0]


def _thresholds(scored: Scored, threshold_k: Floats, classes: Sequence[str]) -> dict[str, Threshold]:
    return {
        classes[k]: Threshold(chosen=_operating(curve, float(threshold_k[k])), half=_operating(curve, PLAIN))
        for k, curve in scored.curves()
    }


def _operating(curve: ClassCurve, threshold: float) -> Operating:
    precision, recall = curve.at(threshold)
    return Operating(threshold=threshold, precision=precision, recall=recall, f1=f_score(precision, recall))


def _items(subject: Subject) -> Items:
    return Items(subject.items, subject.classes, subject.frames)
