"""Which detection found which truth, by the rules of COCO, for every IoU threshold and size range at once.

In each cell (image, class) detections choose in order of falling score: the truth with the highest IoU that is still
free, a truth that counts before one that is ignored, the later of two equal ones. A detection that takes an ignored
truth (crowd, out of the size range, or of a label too coarse to tell the class) is itself ignored, as is an unmatched
one whose own size is out of range. Cells whose class the image's taxonomy does not cover do not exist.

Source: Lin et al., Microsoft COCO, ECCV 2014, and the behaviour of its reference implementation. Federated cells:
Gupta et al., LVIS, CVPR 2019.

Shapes: m detections and n truths as given; d detections that are judged, by class and falling score; g truth rows
(one truth stands in the cell of each class it may be of); c detections that overlap some truth; p pairs of overlapping
detection and truth row; a size ranges; t IoU thresholds; k classes; i images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.metrics.columns import Bools, Detections, Floats, Ints, Truths, box_areas

IOU_THRESHOLDS: Floats = np.linspace(0.5, 0.95, 10)
AREAS: dict[str, tuple[float, float]] = {
    "all": (0.0, 1e10),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e10),
}
PAIRS_AT_ONCE = 2_000_000
CHOICES_AT_ONCE = 2_000_000

Int32s = NDArray[np.int32]


@dataclass(frozen=True)
class Matches:
    """The matched table; all other numbers derive from it without matching again.

    `detection_d` points into the detections given, `truth_g` into the truths. `rank_d` is the place of a detection by
    score in its cell, from 0. `overlapping_c` lists the d that overlap some truth, `found_atc` the truth row g that
    each took at every size range and threshold, -1 for none.
    """

    classes: int
    images: int
    areas: tuple[str, ...]
    ious_t: Floats
    detection_d: Ints
    class_d: Ints
    image_d: Ints
    score_d: Floats
    rank_d: Ints
    in_range_ad: Bools
    truth_g: Ints
    class_g: Ints
    image_g: Ints
    ignored_ag: Bools
    overlapping_c: Ints
    found_atc: Int32s

    def at(self, iou: float = 0.5, area: str = "all") -> tuple[int, int]:
        """Positions (a, t) of a size range and a threshold; `BadInput` for one that was not matched."""
        near = np.flatnonzero(np.isclose(self.ious_t, iou))
        if area not in self.areas or not len(near):
            raise BadInput(f"matched were sizes {list(self.areas)} and IoU {self.ious_t.round(3).tolist()}", where="at")
        return self.areas.index(area), int(near[0])

    def found(self, a: int, t: int) -> Int32s:
        """The truth row that each detection took, -1 for none; shape d, int32."""
        found_d = np.full(len(self.detection_d), -1, np.int32)
        found_d[self.overlapping_c] = self.found_atc[a, t]
        return found_d

    def outcomes(self, a: int, t: int) -> NDArray[np.int8]:
        """1 right, 0 wrong, -1 ignored; shape d, int8."""
        outcome_d = np.where(self.in_range_ad[a], np.int8(0), np.int8(-1))
        found_c = self.found_atc[a, t]
        taken = found_c >= 0
        ignored = self.ignored_ag[a, found_c[taken]]
        outcome_d[self.overlapping_c[taken]] = np.where(ignored, np.int8(-1), np.int8(1))
        return outcome_d

    def truths(self, a: int) -> Ints:
        """Number of truths that count, by class; shape k."""
        return np.bincount(self.class_g[~self.ignored_ag[a]], minlength=self.classes)

    def missed(self, a: int, t: int) -> Ints:
        """Truth rows that count and that no detection took."""
        counts_g = ~self.ignored_ag[a]
        found_c = self.found_atc[a, t]
        counts_g[found_c[found_c >= 0]] = False
        return np.flatnonzero(counts_g)


class Overlaps(Protocol):
    """How shapes that are no boxes overlap. `area_m`: of each detection in px²."""

    @property
    def area_m(self) -> Floats: ...

    def iou(self, detection_p: Ints, truth_p: Ints) -> Floats:
        """IoU of pairs, by their places in the detections and truths given; of a crowd as COCO has it."""


def match(
    detections: Detections,
    truths: Truths,
    judged_ik: Bools,
    *,
    ious: Sequence[float] | Floats = IOU_THRESHOLDS,
    areas: dict[str, tuple[float, float]] | None = None,
    max_detections: int = 100,
    overlaps: Overlaps | None = None,
) -> Matches:
    """Match all cells. `areas` are closed ranges in px²; only the best `max_detections` of a cell are judged.

    Shapes overlap as their boxes do, or as `overlaps` says.

    Time grows with detections and overlapping pairs, memory with detections, and neither with images x classes.
    Raises `BadInput` for columns that do not fit together.
    """
    images, classes = judged_ik.shape
    detections.check(images, classes)
    truths.check(images, classes)
    areas = areas or AREAS
    bounds_a2 = np.array(list(areas.values()), np.float64)
    picked, cell_d, rank_d, by_cell = _ranked(detections, judged_ik, max_detections)
    truth_g, class_g, ignored_g = _truth_rows(truths, judged_ik)
    area_m = overlaps.area_m if overlaps else box_areas(detections.boxes_m4)
    area_d, area_g = area_m[picked], truths.area_n[truth_g]
    cells = _Cells(
        boxes_d4=detections.boxes_m4[picked[by_cell]],
        cell_d=cell_d[by_cell],
        boxes_g4=truths.boxes_n4[truth_g],
        cell_g=truths.image_n[truth_g] * classes + class_g,
        crowd_g=truths.crowd_n[truth_g],
        ignored_ag=ignored_g | (area_g < bounds_a2[:, :1]) | (area_g > bounds_a2[:, 1:]),
        ious_t=np.asarray(ious, np.float64),
        detection_d=picked[by_cell],
        truth_g=truth_g,
        overlaps=overlaps,
    )
    overlapping, found_atc = _choose(cells, _overlaps(cells))
    in_order = np.argsort(by_cell[overlapping])
    return Matches(
        classes=classes,
        images=images,
        areas=tuple(areas),
        ious_t=cells.ious_t,
        detection_d=picked,
        class_d=detections.class_m[picked],
        image_d=detections.image_m[picked],
        score_d=detections.score_m[picked],
        rank_d=rank_d,
        in_range_ad=(area_d >= bounds_a2[:, :1]) & (area_d <= bounds_a2[:, 1:]),
        truth_g=truth_g,
        class_g=class_g,
        image_g=truths.image_n[truth_g],
        ignored_ag=cells.ignored_ag,
        overlapping_c=by_cell[overlapping][in_order],
        found_atc=found_atc[:, :, in_order],
    )


def _ranked(detections: Detections, judged_ik: Bools, limit: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Judged detections by class, falling score, image and given order; their cells and ranks; their order by cell."""
    classes = judged_ik.shape[1]
    picked = np.flatnonzero(judged_ik[detections.image_m, detections.class_m])
    image_d, class_d = detections.image_m[picked], detections.class_m[picked]
    order = np.lexsort((image_d, -detections.score_m[picked], class_d))
    picked, cell_d = picked[order], (image_d * classes + class_d)[order]
    by_cell = np.argsort(cell_d, kind="stable")
    rank_d = np.empty_like(by_cell)
    rank_d[by_cell] = _place_in_run(cell_d[by_cell])
    if len(rank_d) and rank_d.max() >= limit:
        kept = rank_d < limit
        picked, cell_d, rank_d = picked[kept], cell_d[kept], rank_d[kept]
        by_cell = np.argsort(cell_d, kind="stable")
    return picked, cell_d, rank_d, by_cell


def _place_in_run(sorted_keys: Ints) -> Ints:
    """0, 1, 2, ... within each run of equal keys."""
    places = np.arange(len(sorted_keys))
    new = np.ones(len(sorted_keys), bool)
    new[1:] = sorted_keys[1:] != sorted_keys[:-1]
    return places - np.maximum.accumulate(np.where(new, places, 0))


def _truth_rows(truths: Truths, judged_ik: Bools) -> tuple[Ints, Ints, Bools]:
    """Truths in the cells of all classes they are of, or may be of: truth, class, and whether it is ignored there."""
    stands_nk = (truths.positive_nk | ~truths.known_nk) & judged_ik[truths.image_n]
    truth_g, class_g = np.nonzero(stands_nk)
    return truth_g, class_g, ~truths.positive_nk[truth_g, class_g] | truths.crowd_n[truth_g]


@dataclass(frozen=True)
class _Cells:
    """Detections in order of their cells (by score inside each), and truth rows in any order."""

    boxes_d4: Floats
    cell_d: Ints
    boxes_g4: Floats
    cell_g: Ints
    crowd_g: Bools
    ignored_ag: Bools
    ious_t: Floats
    detection_d: Ints
    truth_g: Ints
    overlaps: Overlaps | None

    def iou(self, detection_p: Ints, row_p: Ints) -> Floats:
        """IoU of pairs of a detection and a truth row."""
        if self.overlaps:
            return self.overlaps.iou(self.detection_d[detection_p], self.truth_g[row_p])
        return _iou(self.boxes_d4[detection_p], self.boxes_g4[row_p], self.crowd_g[row_p])

    @property
    def least_t(self) -> Floats:
        """The IoU that is enough; a threshold of 1 forgives rounding, as in the reference."""
        return np.minimum(self.ious_t, 1 - 1e-10)


@dataclass(frozen=True)
class _Pairs:
    detection_p: Ints
    row_p: Ints
    iou_p: Floats

    def take(self, index: Ints | slice) -> _Pairs:
        return _Pairs(self.detection_p[index], self.row_p[index], self.iou_p[index])


def _overlaps(cells: _Cells) -> _Pairs:
    """Pairs of one cell whose IoU is enough for the lowest threshold."""
    start_g = np.searchsorted(cells.cell_d, cells.cell_g, "left")
    many_g = np.searchsorted(cells.cell_d, cells.cell_g, "right") - start_g
    kept = [_Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for rows in runs(many_g, PAIRS_AT_ONCE):
        many = many_g[rows]
        row_p = np.repeat(np.arange(rows.start, rows.stop), many)
        detection_p = np.arange(many.sum()) + np.repeat(start_g[rows] - (np.cumsum(many) - many), many)
        iou_p = cells.iou(detection_p, row_p)
        near = np.flatnonzero(iou_p >= cells.least_t.min())
        kept.append(_Pairs(detection_p, row_p, iou_p).take(near))
    return _Pairs(*(np.concatenate([getattr(pairs, name) for pairs in kept]) for name in _Pairs.__match_args__))


def runs(weights: Ints, limit: int) -> Iterator[slice]:
    """Consecutive slices whose weights sum to about `limit` at most (one element may weigh more)."""
    total = np.cumsum(weights)
    start = 0
    while start < len(weights):
        before = total[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(total, before + limit, "right")))
        yield slice(start, stop)
        start = stop


def _iou(boxes_p4: Floats, others_p4: Floats, crowd_p: Bools) -> Floats:
    """IoU of pairs; over the detection's own area where the other box is a crowd, as COCO has it."""
    x1, y1, x2, y2 = boxes_p4.T
    u1, v1, u2, v2 = others_p4.T
    width, height = np.minimum(x2, u2) - np.maximum(x1, u1), np.minimum(y2, v2) - np.maximum(y1, v1)
    shared: Floats = np.where((width > 0) & (height > 0), width * height, 0.0)
    own = (x2 - x1) * (y2 - y1)
    union = np.where(crowd_p, own, own + (u2 - u1) * (v2 - v1) - shared)
    iou_p: Floats = np.divide(shared, union, out=np.zeros_like(shared), where=shared > 0)
    return iou_p


def _choose(cells: _Cells, pairs: _Pairs) -> tuple[Ints, Int32s]:
    """Detections that overlap something (places in order of cells), and what each takes at every a and t."""
    overlapping, detection_p = np.unique(pairs.detection_p, return_inverse=True)
    found_atc = np.full((len(cells.ignored_ag), len(cells.ious_t), len(overlapping)), -1, np.int32)
    cell_c = cells.cell_d[overlapping]
    order = np.lexsort((pairs.row_p, pairs.iou_p, detection_p))
    pairs = _Pairs(detection_p, pairs.row_p, pairs.iou_p).take(order)
    turn_p = _place_in_run(cell_c)[pairs.detection_p]
    many_of_cell = np.unique(cell_c[pairs.detection_p], return_counts=True)[1]
    ends = np.cumsum(many_of_cell)
    for chunk in runs(many_of_cell, CHOICES_AT_ONCE // max(1, len(found_atc) * len(cells.ious_t))):
        within = slice(int(ends[chunk.start] - many_of_cell[chunk.start]), int(ends[chunk.stop - 1]))
        _take_turns(cells, pairs.take(within), turn_p[within], found_atc)
    return overlapping, found_atc


def _take_turns(cells: _Cells, pairs: _Pairs, turn_p: Ints, found_atc: Int32s) -> None:
    """The first detection of every cell chooses, then the second of every cell, and so on; fills `found_atc`.

    Pairs of a detection stand in order of IoU, so that the last one it may take wins: of those that count, else of the
    ignored ones.
    """
    rows, local_p = np.unique(pairs.row_p, return_inverse=True)
    free_atg = np.ones((*found_atc.shape[:2], len(rows)), bool)
    order = np.argsort(turn_p, kind="stable")
    for turn in np.split(order, np.flatnonzero(np.diff(turn_p[order])) + 1):
        mine, local_q = pairs.take(turn), local_p[turn]
        may_atq = free_atg[:, :, local_q] | cells.crowd_g[mine.row_p]
        may_atq &= mine.iou_p >= cells.least_t[:, None]
        value_aq = np.arange(1, len(turn) + 1) + len(turn) * ~cells.ignored_ag[:, mine.row_p]
        value_atq = np.where(may_atq, value_aq[:, None, :], 0).astype(np.int32)
        first_s = np.flatnonzero(np.diff(mine.detection_p, prepend=-1))
        best_ats = np.maximum.reduceat(value_atq, first_s, axis=2)
        a, t, s = np.nonzero(best_ats)
        q = (best_ats[a, t, s] - 1) % len(turn)
        found_atc[a, t, mine.detection_p[q]] = mine.row_p[q]
        free_atg[a, t, local_q[q]] = False
