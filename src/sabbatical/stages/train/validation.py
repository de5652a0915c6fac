"""Choose the score from which each class is believed, on the validation split, by the best F1.

A threshold chosen by few truths is mostly chance, so it counts as much as its truths, and 0.5 as much as five: with one
truth it hardly leaves 0.5, with fifty it is what was chosen. No item moves to
another split for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sabbatical.core.batches import batched
from sabbatical.metrics.columns import Detections, Floats, Truths
from sabbatical.metrics.matching import match
from sabbatical.metrics.thresholds import PLAIN, Scored, choose_thresholds
from sabbatical.stages.dataset.actions import LabelColumns, Truth, truth_of
from sabbatical.stages.train.families import Trained
from sabbatical.stages.train.runtime import Answer, Question, load
from sabbatical.stages.train.samples import local_image
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

MOST_ITEMS = 1000
PRIOR = 5  # truths that 0.5 counts as
FEW = 20  # truths; with fewer the record says so
PIN = "More data fill it, or pin some to it: `sabbatical ingest SOURCE --split validation`."


def thresholds_for(
    trained: Trained,
    validation: LabelColumns,
    tree: SuperTaxonomy,
    taxonomies: Sequence[tuple[str, Taxonomy]],
    workspace: Workspace,
) -> tuple[dict[str, float], list[str]]:
    """Threshold by class name, and warnings about classes that have few truths to choose it by."""
    chosen = _spread(validation)
    if not len(chosen):
        return {}, [f"No item of the snapshot is in validation: {PLAIN} is the threshold of every class. {PIN}"]
    truth = truth_of(chosen, tree, dict(taxonomies))
    model = load(trained.family, trained.file)
    boxes = trained.family == "detector"
    answers: list[Answer] = []
    for part in batched(range(len(chosen)), model.batch):
        answers += model([_question(workspace, chosen, i, boxes) for i in part])
    scored = _scored_boxes(answers, truth) if boxes else scored_texts(answers, truth)
    best_k = cautious(scored)
    few = [f"{name} {many}" for name, many in zip(tree.names, scored.truths_k.tolist(), strict=True) if many < FEW]
    told = f"Fewer than {FEW} truths in validation ({', '.join(few)}): their thresholds stay near {PLAIN}. {PIN}"
    return dict(zip(tree.names, best_k.round(4).tolist(), strict=True)), [told] if few else []


def cautious(scored: Scored) -> Floats:
    """The thresholds of the best F1, drawn to 0.5 where truths are few; shape k."""
    weight_k = scored.truths_k / (scored.truths_k + PRIOR)
    return weight_k * choose_thresholds(scored) + (1 - weight_k) * PLAIN


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


def scored_texts(answers: list[Answer], truth: Truth) -> Scored:
    """Every labeled text once, by what is known of it; texts that were left without a label tell nothing."""
    one_n = np.unique(truth.item_n, return_index=True)[1]  # a text that somebody left without a label has none
    scores_ik = np.zeros((len(one_n), truth.judged_ik.shape[1]))
    for scores_k, i in zip(scores_ik, truth.item_n[one_n], strict=True):
        scores_k[:] = answers[i].scores_n
    return Scored.of_table(scores_ik, truth.positive_nk[one_n], truth.known_nk[one_n])
