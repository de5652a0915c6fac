"""What a model finds on the things that a customer labeled: in boxes by their overlap, in texts by what they are about.

Legend: n labeled things, m found boxes, u places where nothing is drawn, k classes, 4 = x0 y0 x1 y1 in pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sabbatical.geometry import nms, pairwise_iou
from sabbatical.schemas.label import Payload
from sabbatical.stages.train.actions import Answer
from sabbatical.taxonomy import SuperTaxonomy
from sabbatical.taxonomy.names import folded
from sabbatical.taxonomy.proposing import Sightings, finest

SAME_PLACE = 0.5  # IoU
NEAR = 0.3  # IoU with a drawn box, from which on a found one is neither of it nor of nothing
PLAIN_THRESHOLD = 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sight:
    """One labeled thing, and the finest class that is found on it; -1 for none."""

    item: str
    label: int
    box: tuple[float, float, float, float] | None
    found: int
    score: float


@dataclass
class Sighting:
    """Looks at answers as they come. Classes are those of `tree`, some of which the model was `taught`."""

    tree: SuperTaxonomy
    labels: Sequence[str]
    taught: Sequence[str]
    thresholds: Mapping[str, float]
    texts: bool = False
    sights: list[Sight] = field(default_factory=list)
    undrawn_k: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.undrawn_k = np.zeros(len(self.tree))
        self._row = {folded(label): row for row, label in enumerate(self.labels)}
        self._least_k = np.array([self.thresholds.get(name, PLAIN_THRESHOLD) for name in self.tree.names])

    def look(self, item: str, payload: Payload, answer: Answer) -> None:
        """Add what is found on one item; `answer` is over the classes of `tree`."""
        (self._text if self.texts else self._boxes)(item, payload, answer)

    def counted(self) -> Sightings:
        """All that was seen, as counts."""
        found_lk, nothing_l = np.zeros((len(self.labels), len(self.tree))), np.zeros(len(self.labels))
        for one in self.sights:
            if one.found >= 0:
                found_lk[one.label, one.found] += 1
            else:
                nothing_l[one.label] += 1
        taught_k = np.array([name in self.taught for name in self.tree.names])
        return Sightings(found_lk, nothing_l, self.undrawn_k, taught_k)

    def _text(self, item: str, payload: Payload, answer: Answer) -> None:
        score_1k = np.zeros((1, len(self.tree)))
        score_1k[0, answer.classes_n] = answer.scores_n
        found = finest(self.tree, score_1k, self._least_k)
        for label in dict.fromkeys(payload.labels):
            self._add(item, label, None, int(found[0]), score_1k[0])

    def _boxes(self, item: str, payload: Payload, answer: Answer) -> None:
        drawn_n4 = payload.boxes_n4.reshape(-1, 4)
        overlap_nm = pairwise_iou(drawn_n4, answer.boxes_n4)
        best_m = overlap_nm.argmax(axis=0) if len(drawn_n4) else np.zeros(len(answer.boxes_n4), np.int64)
        most_m = overlap_nm.max(axis=0) if len(drawn_n4) else np.zeros(len(answer.boxes_n4))
        score_nk = self._scores(best_m, answer, most_m >= SAME_PLACE, len(drawn_n4))
        found_n = finest(self.tree, score_nk, self._least_k)
        for n, box in enumerate(drawn_n4.tolist()):
            if n not in payload.crowds:
                self._add(item, payload.labels[n], (box[0], box[1], box[2], box[3]), int(found_n[n]), score_nk[n])
        if not payload.partial:
            self._nothing_drawn(answer, most_m < NEAR)

    def _nothing_drawn(self, answer: Answer, free_m: NDArray[np.bool_]) -> None:
        """Places where something is found and nothing is drawn, each once."""
        rows = np.flatnonzero(free_m)
        boxes_m4, scores_m = answer.boxes_n4[rows], answer.scores_n[rows]
        kept_u = nms(boxes_m4, scores_m, SAME_PLACE)
        if not len(kept_u):
            return
        overlap_um = pairwise_iou(boxes_m4[kept_u], boxes_m4)
        rest = Answer(answer.classes_n[rows], scores_m, boxes_m4)
        score_uk = self._scores(overlap_um.argmax(axis=0), rest, overlap_um.max(axis=0) >= SAME_PLACE, len(kept_u))
        found_u = finest(self.tree, score_uk, self._least_k)
        self.undrawn_k += np.bincount(found_u[found_u >= 0], minlength=len(self.tree))

    def _scores(self, place_m: NDArray[np.int64], answer: Answer, there_m: NDArray[np.bool_], places: int) -> Floats:
        """[places, k]: the best score of each class among the found boxes of each place."""
        score_nk = np.zeros((places, len(self.tree)))
        np.maximum.at(score_nk, (place_m[there_m], answer.classes_n[there_m]), answer.scores_n[there_m])
        return score_nk

    def _add(
        self, item: str, label: str, box: tuple[float, float, float, float] | None, found: int, score_k: Floats
    ) -> None:
        row = self._row.get(folded(label))
        if row is not None:
            beneath = self.tree.ancestors_kk[:, found]
            score = float(score_k[beneath].max()) if found >= 0 else 0.0
            self.sights.append(Sight(item, row, box, found, round(score, 4)))
