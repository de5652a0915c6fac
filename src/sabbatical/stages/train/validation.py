"""Choose the score from which each class is believed, on the validation split, by the best F1.

Where a class has too few truths to choose by, 0.5 stays and the record says so.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sabbatical.core.batches import batched
from sabbatical.metrics.columns import Detections, Truths
from sabbatical.metrics.matching import match
from sabbatical.metrics.thresholds import Scored, choose_thresholds
from sabbatical.stages.dataset.actions import LabelColumns, Truth, truth_of
from sabbatical.stages.train.families import Trained
from sabbatical.stages.train.runtime import Answer, Question, load
from sabbatical.stages.train.samples import local_image
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

MOST_ITEMS = 1000
ENOUGH = 5  # truths
PLAIN = 0.5


def thresholds_for(
    trained: Trained,
    validation: LabelColumns,
    tree: SuperTaxonomy,
    taxonomies: Sequence[tuple[str, Taxonomy]],
    workspace: Workspace,
) -> tuple[dict[str, float], list[str]]:
    """Threshold by class name, and warnings about classes whose threshold could not be chosen."""
    chosen = _spread(validation)
    if not len(chosen):
        return {}, ["There is no validation data: 0.5 is the threshold of every class."]
    truth = truth_of(chosen, tree, dict(taxonomies))
    model = load(trained.family, trained.file)
    boxes = trained.family == "detector"
    answers: list[Answer] = []
    for part in batched(range(len(chosen)), model.batch):
        answers += model([_question(workspace, chosen, i, boxes) for i in part])
    scored = _scored_boxes(answers, truth) if boxes else _scored_texts(answers, truth)
    best_k = choose_thresholds(scored)
    few_k = scored.truths_k < ENOUGH
    best_k[few_k] = PLAIN
    few = [name for name, few in zip(tree.names, few_k, strict=True) if few]
    warnings = [f"Fewer than {ENOUGH} truths in validation for {', '.join(few)}: threshold {PLAIN}."] if few else []
    return {name: round(float(best), 4) for name, best in zip(tree.names, best_k, strict=True)}, warnings


def _question(workspace: Workspace, labels: LabelColumns, i: int, boxes: bool) -> Question:
    item = labels.items[i]
    return Question(item, image=local_image(workspace, item)) if boxes else Question(item, text=labels.texts[i])


def _spread(validation: LabelColumns) -> LabelColumns:
    """At most `MOST_ITEMS`, evenly from the whole."""
    step = max(1, -(-len(validation) // MOST_ITEMS))
    return validation.take(np.arange(0, len(validation), step))


def _scored_boxes(answers: list[Answer], truth: Truth) -> Scored:
    image_m = np.repeat(np.arange(len(answers)), [len(answer.scores_n) for answer in answers])
    detections = Detections.of(
        np.concatenate([answer.boxes_n4 for answer in answers]),
        image_m,
        np.concatenate([answer.classes_n for answer in answers]),
        np.concatenate([answer.scores_n for answer in answers]),
    )
    truths = Truths.of(truth.boxes_n4, truth.item_n, truth.positive_nk, truth.known_nk, crowd=truth.crowd_n)
    return Scored.of_matches(match(detections, truths, truth.judged_ik, ious=(0.5,)))


def _scored_texts(answers: list[Answer], truth: Truth) -> Scored:
    one_n = np.unique(truth.item_n, return_index=True)[1]
    scores_ik = np.stack([answers[i].scores_n for i in truth.item_n[one_n]]).astype(np.float64)
    return Scored.of_table(scores_ik, truth.positive_nk[one_n], truth.known_nk[one_n])
