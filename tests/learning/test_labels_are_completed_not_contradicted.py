"""Completion fills in what nobody could draw, tells coarse labels apart, and leaves the rest as it was drawn."""

from __future__ import annotations

import numpy as np
import torch

from sabbatical.learning.completion import Completed, Thresholds, completed_bank
from sabbatical.learning.masking import heat_targets, mask_tables
from sabbatical.learning.predict import Detections
from sabbatical.learning.samples import CUT, Sample
from tests.learning.shapes import COARSE, DISC, FINE, FLAT, SQUARE, STAR, SUPER, TILE, bank_of

BANK = bank_of(COARSE, FINE)
LABELS, CLASSES = BANK.target_tlk.shape[1:]
EVERY = np.ones(CLASSES, bool)
SURE = Thresholds(np.full(CLASSES, 0.6, np.float32), np.full(CLASSES, 0.2, np.float32), EVERY)
BOX, ELSEWHERE, FAR = [10, 10, 30, 30], [40, 10, 60, 30], [10, 40, 30, 60]


class One:
    """A source of a single sample."""

    def __init__(self, taxonomy: int, boxes: list[list[float]], labels: list[int]) -> None:
        drawn = (np.array(boxes, np.float32).reshape(-1, 4), np.array(labels, np.int64))
        self.sample = Sample(np.zeros((64, 64, 3), np.uint8), *drawn, taxonomy, "one")

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Sample:
        return self.sample


def completed(source: One, found: list[tuple[list[int], int, float]]) -> Sample:
    boxes_n4 = np.array([box for box, _, _ in found], np.float32).reshape(-1, 4)
    classes_n = np.array([k for _, k, _ in found], np.int64)
    detections = Detections(boxes_n4, classes_n, np.array([score for *_, score in found], np.float32))
    return Completed(source, [detections], SURE, BANK, SUPER.ancestors_kk)[0]


def test_what_was_found_of_a_class_that_nobody_drew_becomes_an_object() -> None:
    sample = completed(One(0, [BOX], [0]), [(ELSEWHERE, DISC, 0.9), (FAR, STAR, 0.3), (FAR, STAR, 0.1)])
    assert sample.labels_n.tolist() == [0, LABELS + DISC, LABELS + CLASSES + STAR]
    assert sample.taxonomy == 2
    bank = completed_bank(BANK, SUPER.ancestors_kk, EVERY)
    assert bank.target_tlk[2, LABELS + DISC].tolist() == [k == DISC for k in range(CLASSES)]
    assert bank.target_tlk[2, LABELS + CLASSES + STAR].sum() == 0


def test_the_empty_places_of_a_class_that_is_drawn_stay_empty() -> None:
    sample = completed(One(1, [BOX], [0]), [(ELSEWHERE, DISC, 0.99), (FAR, SQUARE, 0.99)])
    assert sample.labels_n.tolist() == [0]


def test_a_drawn_object_that_excludes_the_class_keeps_its_place() -> None:
    sample = completed(One(0, [BOX], [0]), [(BOX, DISC, 0.99)])
    assert sample.labels_n.tolist() == [0]


def test_a_coarse_label_becomes_the_finer_class_that_is_surely_seen() -> None:
    assert completed(One(0, [BOX], [0]), [(BOX, SQUARE, 0.9), (BOX, TILE, 0.7)]).labels_n.tolist() == [LABELS + SQUARE]
    assert completed(One(0, [BOX], [0]), [(BOX, SQUARE, 0.5)]).labels_n.tolist() == [0]
    assert completed(One(0, [BOX], [CUT]), [(BOX, SQUARE, 0.9)]).labels_n.tolist() == [CUT]


def test_rows_of_the_customers_stay_as_they_were() -> None:
    bank = completed_bank(BANK, SUPER.ancestors_kk, EVERY)
    np.testing.assert_array_equal(bank.target_tlk[:2, :LABELS], BANK.target_tlk)
    np.testing.assert_array_equal(bank.known_tlk[2:, :LABELS], BANK.known_tlk)
    np.testing.assert_array_equal(bank.covered_tk[:2], BANK.covered_tk)
    assert (bank.covered_tk[2:] == 1).all()


def test_what_is_unsure_stays_unknown_and_the_rest_of_the_image_becomes_background() -> None:
    sample = completed(One(0, [], []), [(ELSEWHERE, DISC, 0.3)])
    tables = mask_tables(completed_bank(BANK, SUPER.ancestors_kk, EVERY), tuple(range(CLASSES)))
    bump_1p = torch.zeros(1, 16)
    bump_1p[0, 5], bump_1p[0, 6] = 1.0, 0.5
    row, label = torch.tensor([sample.taxonomy]), torch.tensor(sample.labels_n)
    nowhere_bp = torch.zeros(1, 16, dtype=torch.bool)
    targets = heat_targets(tables, row, torch.tensor([0]), label, torch.tensor([5]), bump_1p, nowhere_bp)
    assert targets.heat_bkp.sum() == 0
    assert targets.mask_bmp[0, DISC, 5:7].tolist() == [0, 0]
    assert targets.mask_bmp[0, DISC, 7:].min() == 1
    assert targets.mask_bmp[0, [FLAT, STAR]].min() == 1


def test_boxes_learn_only_from_what_a_person_drew() -> None:
    bank = completed_bank(BANK, SUPER.ancestors_kk, EVERY)
    weights_tlg = mask_tables(bank, tuple(range(CLASSES))).box_weight_tlg
    assert weights_tlg[2, LABELS + DISC].sum() == 0
    assert weights_tlg[2, 0, FLAT] == 1


def test_of_a_class_that_the_model_misses_empty_places_stay_unknown() -> None:
    whole_k = np.arange(CLASSES) == DISC
    bank = completed_bank(BANK, SUPER.ancestors_kk, whole_k)
    np.testing.assert_array_equal(bank.covered_tk[2:], np.maximum(BANK.covered_tk, whole_k))
