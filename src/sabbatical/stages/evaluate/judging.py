"""From labels and stored answers to a report: line up truth and answers as columns, and judge.

Legend: i labeled items, m detections, k classes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import NotFound
from sabbatical.core.progress import Part, Progress
from sabbatical.metrics.classification import Answers
from sabbatical.metrics.columns import Detections, Floats, Truths
from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset.actions import LabelColumns, Truth
from sabbatical.stages.evaluate.classification_report import OtherClassifier, classification_report
from sabbatical.stages.evaluate.detection_report import OtherDetector, detection_report
from sabbatical.stages.evaluate.facts import Facts
from sabbatical.stages.evaluate.subject import Subject
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import SuperTaxonomy

Scores = NDArray[np.float32]


@dataclass(frozen=True)
class Bench:
    """The items that judge, and what is true of them."""

    workspace: Workspace
    project_id: str
    snapshot: str
    labels: LabelColumns
    facts: Facts
    tree: SuperTaxonomy
    truth: Truth

    def detections(self, model: ModelVersion, progress: Progress) -> Detections:
        """What the model finds on each labeled item, from the store where it has said it before.

        Of a model that speaks another version of the tree, what both versions name.
        """
        many, classes, boxes, scores = array("i"), array("i"), array("f"), array("f")
        for answer in self._answers(model, progress):
            many.append(len(answer.scores_n))
            classes.extend(answer.classes_n.tolist())
            boxes.frombytes(answer.boxes_n4.astype(np.float32).tobytes())
            scores.frombytes(answer.scores_n.astype(np.float32).tobytes())
        image_m = np.repeat(np.arange(len(many)), many)
        return Detections.of(np.frombuffer(boxes, np.float32).reshape(-1, 4), image_m, classes, scores)

    def scores(self, model: ModelVersion, progress: Progress) -> Scores:
        """How sure the model is of each class of the tree for each labeled text; i x k."""
        scores_ik = np.zeros((len(self.labels), len(self.tree)), np.float32)
        for scores_k, answer in zip(scores_ik, self._answers(model, progress), strict=True):
            scores_k[answer.classes_n] = answer.scores_n
        return scores_ik

    def _answers(self, model: ModelVersion, progress: Progress) -> Iterator[Answer]:
        """One answer for each labeled item, a batch of them in memory."""
        same = tuple(model.classes) == self.tree.names
        place_k = np.array([self.tree.names.index(name) if name in self.tree else -1 for name in model.classes])
        items = self.labels.items
        answered = 0
        for part in predictions.stream(self.workspace, self.project_id, model, items, len(items), progress):
            answered += len(part)
            yield from (one.answer if same else one.answer.renumbered(place_k) for one in part)
        if answered != len(items):
            raise NotFound(
                f"{len(items) - answered:,} items of the snapshot {self.snapshot} are not in the project any more.",
                hint="Make a new snapshot: `sabbatical snapshot create`.",
            )

    def subject(self, model: ModelVersion) -> Subject:
        sides_i2 = self.labels.sides_i2
        return Subject(
            model=model.name,
            snapshot=self.snapshot,
            items=self.labels.items,
            classes=list(self.tree.names),
            slices=self.facts.slices(),
            captured_at=self.facts.captured_at,
            groups=self.facts.group_i,
            frames=sides_i2 if sides_i2.all() else None,
            closure=self.tree.ancestors_kk,
            untaught=[name for name, count in model.record.get("taught", {}).items() if count == 0],
        )


def judge(
    bench: Bench, model: ModelVersion, against: ModelVersion | None, progress: Progress, *, plain_threshold: bool
) -> Report:
    """The report of a model, compared with another on the same items where one is given.

    Raises:
        NotFound: items of the snapshot are gone.
        BadFile: the weights of a model are damaged.
        Interrupted: it was cancelled; what was answered is kept.
    """
    half = 0.45 if against else 0.9
    first, second, subject = Part(progress, 0.0, half), Part(progress, half, 0.9), bench.subject(model)
    if model.family == "text":
        said = _text_answers(bench, bench.scores(model, first))
        other = OtherClassifier(against.name, _text_answers(bench, bench.scores(against, second))) if against else None
        progress.tell(0.9, "Judging")
        return classification_report(subject, said, against=other)
    truth = bench.truth
    found = bench.detections(model, first)
    theirs = None
    if against:
        thresholds = _thresholds(against, bench.tree, plain_threshold)
        theirs = OtherDetector(against.name, bench.detections(against, second), thresholds)
    progress.tell(0.9, "Judging")
    return detection_report(
        subject,
        found,
        Truths.of(truth.boxes_n4, truth.item_n, truth.positive_nk, truth.known_nk, crowd=truth.crowd_n),
        truth.judged_ik,
        threshold_k=_thresholds(model, bench.tree, plain_threshold),
        against=theirs,
    )


def _thresholds(model: ModelVersion, tree: SuperTaxonomy, plain: bool) -> Floats | None:
    chosen = model.record.get("thresholds", {})
    if plain or not chosen:
        return None
    return np.array([chosen.get(name, 0.5) for name in tree.names], np.float64)


def _text_answers(bench: Bench, scores_ik: Scores) -> Answers:
    """One row an item; an item without a label knows nothing."""
    truth = bench.truth
    target_ik, known_ik = np.zeros((2, *scores_ik.shape), np.bool_)
    np.logical_or.at(target_ik, truth.item_n, truth.positive_nk)
    np.logical_or.at(known_ik, truth.item_n, truth.known_nk)
    return Answers.of(scores_ik, target_ik, known_ik, closure=bench.tree.ancestors_kk)
