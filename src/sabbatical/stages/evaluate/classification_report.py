"""Answers on texts in, `Report` out.

Shapes: k classes, i items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sabbatical.core.errors import BadInput
from sabbatical.metrics.classification import Answers, classification_figures
from sabbatical.metrics.columns import Ints
from sabbatical.metrics.resampling import Resamples
from sabbatical.metrics.thresholds import Scored
from sabbatical.schemas.evaluate import Report, Sample, Turned
from sabbatical.stages.evaluate.calibration import reliability
from sabbatical.stages.evaluate.comparison import Judged, compare
from sabbatical.stages.evaluate.confusion import confusion_of
from sabbatical.stages.evaluate.samples import TURNED
from sabbatical.stages.evaluate.slices import LEAST_IN_CLASS, Part
from sabbatical.stages.evaluate.subject import Subject, calibration_of, curves_of, first_report
from sabbatical.stages.evaluate.words import sentences

WORST = 24


@dataclass(frozen=True)
class OtherClassifier:
    """The model to compare with, on the same items."""

    model: str
    answers: Answers


def classification_report(subject: Subject, answers: Answers, *, against: OtherClassifier | None = None) -> Report:
    """Judge a classifier. Raises `EmptyDataset` without items and `BadInput` for columns that do not fit together."""
    subject.check()
    classes, parts = list(subject.classes), subject.parts(sizes=False)
    draws = subject.draws(len(answers.guess_i))
    judged = _judged(subject, answers, parts, draws)
    counts_ik = answers.known_ik & answers.judged_i[:, None]
    report = first_report(subject, "text", judged, parts, draws, counts_ik.sum(axis=0).tolist())
    kept = answers.judged_i
    report.curves = curves_of(Scored.of_table(answers.score_ik, answers.target_ik, counts_ik), classes)
    honest = reliability(answers.confidence_i[kept], answers.right_i[kept], answers.guess_i[kept], len(classes))
    report.calibration = calibration_of(honest, classes)
    report.confusion = confusion_of(*answers.pairs(), classes, nothing=False)
    report.worst = _worst(subject, answers)
    if against:
        other = _judged(subject, against.answers, parts, draws)
        report.comparison = compare(against.model, judged, other, classes, parts)
        lost, won = _turned(against.answers, answers)
        report.comparison.right_to_wrong = _turned_rows(subject, against.answers, answers, lost)
        report.comparison.wrong_to_right = _turned_rows(subject, against.answers, answers, won)
        report.comparison.right_to_wrong_count, report.comparison.wrong_to_right_count = len(lost), len(won)
    report.sentences = sentences(report)
    return report


def _judged(subject: Subject, answers: Answers, parts: Sequence[Part], draws: Resamples) -> Judged:
    if answers.score_ik.shape != (len(subject.items), len(subject.classes)):
        shape = f"{len(subject.items)} items x {len(subject.classes)} classes"
        raise BadInput(f"scores are {answers.score_ik.shape}, not {shape}", where="answers")
    whole = classification_figures(answers, draws)
    return Judged(whole, [classification_figures(answers, draws, part.mask_i, LEAST_IN_CLASS) for part in parts])


def _worst(subject: Subject, answers: Answers) -> list[Sample]:
    """Wrong answers, the most confident first."""
    wrong = np.flatnonzero(answers.judged_i & ~answers.right_i)
    worst = wrong[np.argsort(-answers.confidence_i[wrong], kind="stable")[:WORST]]
    return [
        Sample(
            item=subject.items[i],
            kind="wrong_class",
            score=float(np.clip(answers.confidence_i[i], 0, 1)),
            true_name=subject.classes[answers.label_i[i]],
            predicted_name=subject.classes[answers.guess_i[i]],
        )
        for i in worst.tolist()
    ]


def _turned(before: Answers, after: Answers) -> tuple[Ints, Ints]:
    """Items right before and wrong after, and the other way, by how far the score of the label's class moved."""
    both = before.judged_i & after.judged_i
    change_i = np.nan_to_num(before.loss_i) - np.nan_to_num(after.loss_i)
    lost = np.flatnonzero(both & before.right_i & ~after.right_i)
    won = np.flatnonzero(both & ~before.right_i & after.right_i)
    return lost[np.argsort(change_i[lost], kind="stable")], won[np.argsort(-change_i[won], kind="stable")]


def _turned_rows(subject: Subject, before: Answers, after: Answers, rows: Ints) -> list[Turned]:
    label_i = after.label_i
    return [
        Turned(
            item=subject.items[i],
            name=subject.classes[label_i[i]],
            before=float(before.score_ik[i, label_i[i]]),
            after=float(after.score_ik[i, label_i[i]]),
        )
        for i in rows[:TURNED].tolist()
    ]
