"""The samples behind the numbers: what the model is most surely wrong about, and what turned between two models.

Shapes: m detections, n truths, k classes, g truth rows, p pairs of what is and what was taken for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sabbatical.metrics.columns import Bools, Detections, Floats, Ints, Truths
from sabbatical.metrics.matching import Matches
from sabbatical.metrics.tree import deepest
from sabbatical.schemas.evaluate import Corners, Marked, Sample, Turned
from sabbatical.stages.evaluate.confusion import Taken

WORST_OF_A_KIND = 12
TURNED = 24
OF_ONE_ITEM = 2

Kind = Literal["missed", "ghost", "wrong_class"]


@dataclass(frozen=True)
class Items:
    """What the items are called, and the frames (width, height in px) that boxes were judged in."""

    ids: Sequence[str]
    classes: Sequence[str]
    frames: Sequence[tuple[int, int]] | NDArray[np.int32] | None = None

    def frame(self, i: int) -> tuple[int, int] | None:
        return None if self.frames is None else (int(self.frames[i][0]), int(self.frames[i][1]))


def found_scores(matches: Matches) -> Floats:
    """The score of the detection that took each truth row at IoU 0.5, NaN for none; shape g."""
    a, t = matches.at(0.5)
    found_c = matches.found_atc[a, t]
    taken = found_c >= 0
    score_g = np.full(len(matches.truth_g), np.nan)
    score_g[found_c[taken]] = matches.score_d[matches.overlapping_c[taken]]
    return score_g


def worst_boxes(
    taken: Taken, detections: Detections, truths: Truths, matches: Matches, items: Items, most: int = WORST_OF_A_KIND
) -> list[Sample]:
    """Missed truths, ghosts and wrong classes, the largest confident disagreement first; at most two of one item each.

    A missed truth scores 1 less the score of the best box of its class there; larger ones come first among equals.
    """
    missed = np.flatnonzero(taken.detection_p < 0)
    ghosts = np.flatnonzero(taken.truth_p < 0)
    wrong = np.flatnonzero((taken.truth_p >= 0) & (taken.detection_p >= 0) & (taken.true_p != taken.predicted_p))
    doubt = 1 - _best_score(matches, taken.truth_p[missed], taken.true_p[missed])
    missed = missed[np.lexsort((-truths.area_n[taken.truth_p[missed]], -doubt))]
    samples: list[Sample] = []
    ranked: dict[Kind, tuple[Ints, Floats]] = {
        "missed": (missed, np.sort(doubt)[::-1]),
        "ghost": _by_score(ghosts, taken, detections),
        "wrong_class": _by_score(wrong, taken, detections),
    }
    for kind, (rows, score) in ranked.items():
        image = _image_of(taken, detections, truths, rows)
        for at in _spread(image, most):
            p = rows[at]
            samples.append(
                Sample(
                    item=items.ids[image[at]],
                    kind=kind,
                    score=float(score[at]),
                    truth=_truth(taken, truths, items, p),
                    predicted=_predicted(taken, detections, items, p),
                    frame=items.frame(image[at]),
                )
            )
    return sorted(samples, key=lambda sample: -sample.score)


def turned_boxes(
    before: tuple[Matches, Floats], after: tuple[Matches, Floats], truths: Truths, closure_kk: Bools, items: Items
) -> tuple[list[Turned], list[Turned], int, int]:
    """Truths found by one model and not by the other, each at its own thresholds: right to wrong, wrong to right.

    Both lists begin with the largest fall or rise of the score; then their full counts.
    """
    matches = after[0]
    a, _ = matches.at(0.5)
    counts_g = ~matches.ignored_ag[a] & _finest_row(matches, closure_kk)
    scores = [found_scores(one) for one, _ in (before, after)]
    found = [
        score_g >= threshold_k[matches.class_g]
        for score_g, (_, threshold_k) in zip(scores, (before, after), strict=True)
    ]
    change_g = np.nan_to_num(scores[1]) - np.nan_to_num(scores[0])
    lost = np.flatnonzero(counts_g & found[0] & ~found[1])
    won = np.flatnonzero(counts_g & ~found[0] & found[1])
    lost, won = lost[np.argsort(change_g[lost], kind="stable")], won[np.argsort(-change_g[won], kind="stable")]

    def row(g: int) -> Turned:
        i = int(matches.image_g[g])
        return Turned(
            item=items.ids[i],
            name=items.classes[matches.class_g[g]],
            box=_corners(truths.boxes_n4[matches.truth_g[g]]),
            before=_maybe(scores[0][g]),
            after=_maybe(scores[1][g]),
            frame=items.frame(i),
        )

    return [row(g) for g in lost[:TURNED]], [row(g) for g in won[:TURNED]], len(lost), len(won)


def _by_score(rows: Ints, taken: Taken, detections: Detections) -> tuple[Ints, Floats]:
    score = detections.score_m[taken.detection_p[rows]]
    order = np.argsort(-score, kind="stable")
    return rows[order], score[order]


def _best_score(matches: Matches, truth: Ints, class_of: Ints) -> Floats:
    """Score of the box that took each truth as its class, 0 for none."""
    key_g = matches.truth_g * matches.classes + matches.class_g
    at = np.searchsorted(key_g, truth * matches.classes + class_of)
    return np.nan_to_num(found_scores(matches)[at])


def _finest_row(matches: Matches, closure_kk: Bools) -> Bools:
    """Of the rows of one truth (its class and ancestors of it), the deepest that counts; shape g."""
    a, _ = matches.at(0.5)
    counted = np.flatnonzero(~matches.ignored_ag[a])
    marked_nk = np.zeros((int(matches.truth_g.max(initial=-1)) + 1, matches.classes), bool)
    marked_nk[matches.truth_g[counted], matches.class_g[counted]] = True
    finest_g: Bools = deepest(marked_nk, closure_kk)[matches.truth_g] == matches.class_g
    return finest_g


def _image_of(taken: Taken, detections: Detections, truths: Truths, rows: Ints) -> Ints:
    by_truth = taken.truth_p[rows] >= 0
    image = np.empty(len(rows), np.int64)
    image[by_truth] = truths.image_n[taken.truth_p[rows][by_truth]]
    image[~by_truth] = detections.image_m[taken.detection_p[rows][~by_truth]]
    return image


def _spread(image: Ints, most: int) -> Iterable[int]:
    """The first places, skipping what would be a third of one item."""
    seen: Counter[int] = Counter()
    kept = 0
    for at, i in enumerate(image.tolist()):
        if kept == most:
            return
        seen[i] += 1
        if seen[i] <= OF_ONE_ITEM:
            kept += 1
            yield at


def _truth(taken: Taken, truths: Truths, items: Items, p: int) -> Marked | None:
    n = int(taken.truth_p[p])
    return None if n < 0 else Marked(box=_corners(truths.boxes_n4[n]), name=items.classes[taken.true_p[p]])


def _predicted(taken: Taken, detections: Detections, items: Items, p: int) -> Marked | None:
    m = int(taken.detection_p[p])
    if m < 0:
        return None
    name, score = items.classes[taken.predicted_p[p]], float(detections.score_m[m])
    return Marked(box=_corners(detections.boxes_m4[m]), name=name, score=score)


def _corners(box: Floats) -> Corners:
    x1, y1, x2, y2 = (round(float(edge), 2) for edge in box)
    return x1, y1, x2, y2


def _maybe(score: float) -> float | None:
    return None if np.isnan(score) else float(score)
