"""From labels and stored answers to a report: line up truth and answers as columns, and judge.

Legend: i labeled items, m detections, k classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sabbatical.core.progress import Progress
from sabbatical.metrics.classification import Answers
from sabbatical.metrics.columns import Detections, Floats, Truths
from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset.actions import Labeled, Truth
from sabbatical.stages.evaluate.classification_report import OtherClassifier, classification_report
from sabbatical.stages.evaluate.detection_report import OtherDetector, detection_report
from sabbatical.stages.evaluate.slices import Column
from sabbatical.stages.evaluate.subject import Subject
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.predict.actions import Answered
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import SuperTaxonomy

MOST_VALUES = 12  # an attribute with more values than this does not make slices
COUNTERS = frozenset({"frame", "frame_id", "id", "index", "number", "scene", "split"})
"""Attributes that count items rather than describe them."""


@dataclass(frozen=True)
class Bench:
    """The items that judge, and what is true of them."""

    workspace: Workspace
    project_id: str
    snapshot: str
    labeled: Sequence[Labeled]
    tree: SuperTaxonomy
    truth: Truth

    def answers(self, model: ModelVersion, progress: Progress) -> list[Answer]:
        """What the model says of each labeled item, from the store where it has said it before.

        Of a model that speaks another version of the tree, what both versions name.
        """
        ids = [one.item_id for one in self.labeled]
        found: list[Answered] = predictions.ask(self.workspace, self.project_id, model, ids, progress)
        answers = [answered.answer for answered in found]
        if tuple(model.classes) == self.tree.names:
            return answers
        place_k = np.array([self.tree.names.index(name) if name in self.tree else -1 for name in model.classes])
        return [answer.renumbered(place_k) for answer in answers]

    def subject(self, model: ModelVersion) -> Subject:
        known = [(one.width or 0, one.height or 0) for one in self.labeled]
        return Subject(
            model=model.name,
            snapshot=self.snapshot,
            items=[one.item_id for one in self.labeled],
            classes=list(self.tree.names),
            slices=slice_columns(self.labeled),
            captured_at=[one.captured_at for one in self.labeled],
            groups=[one.group for one in self.labeled],
            frames=known if all(width and height for width, height in known) else None,
            closure=self.tree.ancestors_kk,
            untaught=[name for name, count in model.record.get("taught", {}).items() if count == 0],
        )


def judge(
    bench: Bench,
    model: ModelVersion,
    answers: list[Answer],
    against: tuple[ModelVersion, list[Answer]] | None,
    *,
    plain_threshold: bool,
) -> Report:
    """The report of a model, compared with another on the same items where one is given."""
    truth = bench.truth
    subject = bench.subject(model)
    if model.family == "text":
        other_text = OtherClassifier(against[0].name, _text_answers(bench, truth, against[1])) if against else None
        return classification_report(subject, _text_answers(bench, truth, answers), against=other_text)
    truths = Truths.of(truth.boxes_n4, truth.item_n, truth.positive_nk, truth.known_nk, crowd=truth.crowd_n)
    other = None
    if against:
        other = OtherDetector(
            against[0].name, _detections(against[1]), _thresholds(against[0], bench.tree, plain_threshold)
        )
    return detection_report(
        subject,
        _detections(answers),
        truths,
        truth.judged_ik,
        threshold_k=_thresholds(model, bench.tree, plain_threshold),
        against=other,
    )


def slice_columns(labeled: Sequence[Labeled]) -> dict[str, Column]:
    """Columns that make slices: the customer, and each attribute with a few values."""
    columns: dict[str, Column] = {}
    named = [one.customer for one in labeled]
    if len(set(named)) > 1:
        columns["customer"] = named
    for name in sorted({name for one in labeled for name in one.attributes} - COUNTERS):
        values = [one.attributes.get(name) for one in labeled]
        texts = [value if value is None else str(value) for value in values]
        if 1 < len(set(texts)) <= MOST_VALUES:
            columns[name] = texts
    return columns


def _detections(answers: Sequence[Answer]) -> Detections:
    image_m = np.repeat(np.arange(len(answers)), [len(answer.scores_n) for answer in answers])
    return Detections.of(
        np.concatenate([answer.boxes_n4 for answer in answers]),
        image_m,
        np.concatenate([answer.classes_n for answer in answers]),
        np.concatenate([answer.scores_n for answer in answers]),
    )


def _thresholds(model: ModelVersion, tree: SuperTaxonomy, plain: bool) -> Floats | None:
    chosen = model.record.get("thresholds", {})
    if plain or not chosen:
        return None
    return np.array([chosen.get(name, 0.5) for name in tree.names], np.float64)


def _text_answers(bench: Bench, truth: Truth, answers: Sequence[Answer]) -> Answers:
    """One row an item; an item without a label knows nothing."""
    classes = len(bench.tree)
    target_ik = np.zeros((len(bench.labeled), classes), np.bool_)
    known_ik = np.zeros((len(bench.labeled), classes), np.bool_)
    np.logical_or.at(target_ik, truth.item_n, truth.positive_nk)
    np.logical_or.at(known_ik, truth.item_n, truth.known_nk)
    scores_ik = np.zeros((len(answers), classes), np.float32)
    for scores_k, answer in zip(scores_ik, answers, strict=True):
        scores_k[answer.classes_n] = answer.scores_n
    return Answers.of(scores_ik, target_ik, known_ik, closure=bench.tree.ancestors_kk)
