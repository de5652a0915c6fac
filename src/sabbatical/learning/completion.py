"""Labels completed by a model itself, only where the customer could not have drawn.

A masked entry says nothing; a good model can say something there. What it finds of a class that an image's customer
does not draw becomes an object of that class, what it is unsure of stays unknown, and the rest becomes background if
the model is known to miss next to nothing of the class. A
box that was drawn under a coarse label, and that the model surely tells the finer class of, takes that class. What was
drawn, and the empty places of classes that are drawn, are never contradicted.

Completed images have rows of their own in the table bank: twins of their customers' rows that cover more, with 2 k more
labels, k for objects that were found and k for those that are unsure.

Legend: t rows of the bank; l labels; k classes; n boxes; f found boxes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sabbatical.geometry import pairwise_iou
from sabbatical.learning.predict import Detections
from sabbatical.learning.samples import CUT, Sample, SampleSource
from sabbatical.taxonomy import TableBank

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
SAME = 0.5
"""IoU from which a found box is the drawn one."""


@dataclass(frozen=True)
class Thresholds:
    """What a score of each class is worth.

    Attributes:
        found_k: float32, from which a box is an object.
        unsure_k: float32, from which it may be one.
        whole_k: bool, whether a model that says less of a place may be believed that nothing is there. Where it misses
            objects, they would become background, which is what masking is there to prevent.
    """

    found_k: Floats
    unsure_k: Floats
    whole_k: Bools


def completed_bank(bank: TableBank, ancestors_kk: Bools, whole_k: Bools) -> TableBank:
    """The bank with a twin of every row for its completed images, rows t..2t-1, and 2 k more labels.

    Args:
        bank: the rows of the customers.
        ancestors_kk: whether the second class is the first one or stands above it.
        whole_k: see `Thresholds`; empty places of other classes stay unknown where they were.
    """
    classes = bank.target_tlk.shape[2]
    related_kk = ancestors_kk | ancestors_kk.T
    beneath_kk = ancestors_kk.T & ~np.eye(classes, dtype=bool)
    target_fk = np.concatenate([ancestors_kk, np.zeros_like(ancestors_kk)]).astype(np.float32)
    known_fk = np.concatenate([~beneath_kk, ~related_kk]).astype(np.float32)
    hidden_tk = ~bank.target_tlk.any(axis=1)
    twin_weight_tk = np.where(hidden_tk, 0, bank.box_weight_tk).astype(np.float32)  # boxes learn from what was drawn
    return TableBank(
        target_tlk=_twice(bank.target_tlk, target_fk),
        known_tlk=_twice(bank.known_tlk, known_fk),
        covered_tk=np.concatenate([bank.covered_tk, np.maximum(bank.covered_tk, whole_k)]).astype(np.float32),
        ignored_tl=np.tile(np.pad(bank.ignored_tl, [(0, 0), (0, 2 * classes)]), (2, 1)),
        box_weight_tk=np.concatenate([bank.box_weight_tk, twin_weight_tk]),
        class_tl=np.tile(_numbered(bank.class_tl, classes), (2, 1)),
    )


def _twice(rows_tlk: NDArray[np.float32], more_fk: NDArray[np.float32]) -> NDArray[np.float32]:
    longer = np.concatenate([rows_tlk, np.broadcast_to(more_fk, (len(rows_tlk), *more_fk.shape))], axis=1)
    return np.concatenate([longer, longer])


def _numbered(class_tl: NDArray[np.int64], classes: int) -> NDArray[np.int64]:
    more = np.concatenate([np.arange(classes), np.full(classes, -1)])
    return np.concatenate([class_tl, np.broadcast_to(more, (len(class_tl), 2 * classes))], axis=1)


class Completed:
    """A source of samples whose undrawn part is filled in by what a model found.

    Args:
        source: the samples as people drew them.
        found: detections of each sample's image, in its pixels, in the order of the source.
        thresholds: what they are worth.
        bank: the rows of the customers, before `completed_bank`.
        ancestors_kk: as there.
    """

    def __init__(
        self,
        source: SampleSource,
        found: Sequence[Detections],
        thresholds: Thresholds,
        bank: TableBank,
        ancestors_kk: Bools,
    ) -> None:
        self.source = source
        self.found = found
        self.thresholds = thresholds
        self.bank = bank
        self.ancestors_kk = ancestors_kk

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Sample:
        drawn, found = self.source[index], self.found[index]
        rows, labels, classes = self.bank.target_tlk.shape
        sure_f = found.scores_n >= self.thresholds.found_k[found.classes_n]
        kept_f = found.scores_n >= self.thresholds.unsure_k[found.classes_n]
        iou_fn = pairwise_iou(found.boxes_n4, drawn.boxes_n4.reshape(-1, 4))
        labels_n = self._finer(drawn, found, sure_f, iou_fn)
        hidden_f = self.bank.covered_tk[drawn.taxonomy][found.classes_n] == 0
        new_f = kept_f & hidden_f & self._free(drawn, found, iou_fn)
        label_f = labels + found.classes_n + np.where(sure_f, 0, classes)
        return replace(
            drawn,
            boxes_n4=np.concatenate([drawn.boxes_n4.reshape(-1, 4), found.boxes_n4[new_f]]).astype(np.float32),
            labels_n=np.concatenate([labels_n, label_f[new_f]]).astype(np.int64),
            taxonomy=rows + drawn.taxonomy,
        )

    def _finer(self, drawn: Sample, found: Detections, sure_f: Bools, iou_fn: NDArray[np.float64]) -> NDArray[np.int64]:
        """Labels of the drawn boxes; a coarse one becomes the class beneath it that the model surely sees there."""
        labels_n = drawn.labels_n.copy()
        if not len(labels_n) or not len(found):
            return labels_n
        class_n = np.where(labels_n == CUT, -1, self.bank.class_tl[drawn.taxonomy, labels_n])
        beneath_fn = self.ancestors_kk[found.classes_n[:, None], class_n] & (found.classes_n[:, None] != class_n)
        fits_fn = beneath_fn & (class_n >= 0) & sure_f[:, None] & (iou_fn >= SAME)
        score_fn = np.where(fits_fn, found.scores_n[:, None], 0.0)
        told_n = fits_fn.any(axis=0)
        labels_n[told_n] = self.bank.target_tlk.shape[1] + found.classes_n[score_fn.argmax(axis=0)[told_n]]
        return labels_n

    def _free(self, drawn: Sample, found: Detections, iou_fn: NDArray[np.float64]) -> Bools:
        """Which found boxes are not a drawn object whose label excludes their class."""
        if not len(drawn.labels_n):
            return np.ones(len(found), bool)
        row = np.where(drawn.labels_n == CUT, 0, drawn.labels_n)
        known_nk, target_nk = self.bank.known_tlk[drawn.taxonomy, row], self.bank.target_tlk[drawn.taxonomy, row]
        denied_nk = (known_nk > 0) & (target_nk == 0) | (target_nk > 0)
        denied_nk[drawn.labels_n == CUT] = False
        free_f: Bools = ~((iou_fn >= SAME) & denied_nk[:, found.classes_n].T).any(axis=1)
        return free_f
