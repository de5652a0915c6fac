"""What a model says of an item, in the words of a customer's taxonomy.

A class is called by the deepest label that covers it; what is found of a class above all labels (a `vehicle`, where the
customer draws cars and lorries apart) cannot be called anything and is left out. Of boxes of one branch of the tree
that stand in one place the likeliest stays.

Only some are shown from the start. By the keystroke-level model a box that can be accepted saves 1.5 s of drawing, one
that shows nothing costs the 1.35 s of looking at it, and about half of those that show something can be accepted as
they are: to show a box pays from a probability of 1.35 / (1.35 + 0.5 x 1.5) on.

Legend: n objects found, k classes of the model's tree, l labels.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sabbatical.geometry import nms
from sabbatical.schemas.assist import Suggested
from sabbatical.stages.train.actions import Answer
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

SAME_PLACE = 0.6  # IoU
LEAST_SCORE = 0.05
PLAIN_THRESHOLD = 0.5
PAYS = 0.64
MOST_LABELS = 5  # of a text


def suggested_boxes(
    answer: Answer, tree: SuperTaxonomy, taxonomy: Taxonomy, thresholds: Mapping[str, float]
) -> list[Suggested]:
    """Boxes under the customer's labels, the likeliest first."""
    label_n = labels_of(tree, taxonomy)[answer.classes_n]
    kept = np.flatnonzero((label_n >= 0) & (answer.scores_n >= LEAST_SCORE))
    root_k = tree.ancestors_kk.argmax(axis=1)  # parents stand first
    boxes_n4, scores_n = answer.boxes_n4[kept], answer.scores_n[kept]
    kept = kept[nms(boxes_n4, scores_n, SAME_PLACE, class_n=root_k[answer.classes_n[kept]])]
    found = []
    for n in kept.tolist():
        score = round(float(answer.scores_n[n]), 4)
        sure = score >= thresholds.get(tree.names[answer.classes_n[n]], PLAIN_THRESHOLD)
        x0, y0, x1, y1 = (round(side, 2) for side in answer.boxes_n4[n].tolist())
        name, shown = taxonomy.names[label_n[n]], sure and score >= PAYS
        found.append(Suggested(label=name, box=(x0, y0, x1, y1), score=score, sure=sure, shown=shown))
    return found


def suggested_labels(
    answer: Answer, tree: SuperTaxonomy, taxonomy: Taxonomy, thresholds: Mapping[str, float]
) -> list[Suggested]:
    """Labels of a text, the likeliest first; one that stands for several classes is as likely as all of them."""
    score_k = np.zeros(len(tree))
    score_k[answer.classes_n] = answer.scores_n
    found = []
    for label in taxonomy.labels:
        classes = [name for name in label.drawn if name in tree]
        if classes:
            score = min(float(score_k[[tree.index(name) for name in classes]].sum()), 1.0)
            sure = score >= min(thresholds.get(name, PLAIN_THRESHOLD) for name in classes)
            found.append(Suggested(label=label.name, score=round(score, 4), sure=sure, shown=False))
    best = sorted(found, key=lambda one: -one.score)[:MOST_LABELS]
    return [one.model_copy(update={"shown": place == 0}) for place, one in enumerate(best)]


def labels_of(tree: SuperTaxonomy, taxonomy: Taxonomy) -> NDArray[np.int64]:
    """int64 [k]: the row of the deepest label whose instances each class belongs to, -1 for none."""
    label_k = np.full(len(tree), -1)
    depth_k = np.full(len(tree), -1)
    for row, label in enumerate(taxonomy.labels):
        for drawn in (tree.index(name) for name in label.drawn if name in tree):
            better_k = tree.ancestors_kk[:, drawn] & (tree.depth_k[drawn] > depth_k)
            label_k[better_k], depth_k[better_k] = row, tree.depth_k[drawn]
    return label_k
