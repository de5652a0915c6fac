"""Masks of things are judged as COCO judges them."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sabbatical.geometry import Rle
from sabbatical.metrics.average_precision import coco_numbers
from sabbatical.metrics.columns import Detections, Truths
from sabbatical.metrics.instances import MaskPairs, panoptic_counts, panoptic_quality
from sabbatical.metrics.matching import match

SIZE = (70, 90)


def blobs(random: np.random.Generator, many: int) -> np.ndarray:
    """A map of overlapping discs of many sizes, the later over the earlier; numbered without a gap."""
    y_hw, x_hw = np.mgrid[: SIZE[0], : SIZE[1]]
    thing_hw = np.zeros(SIZE, np.int32)
    for n in range(1, many + 1):
        x, y, radius = random.uniform(0, SIZE[1]), random.uniform(0, SIZE[0]), random.uniform(3, 24)
        thing_hw[(x_hw - x) ** 2 + (y_hw - y) ** 2 < radius**2] = n
    return np.unique(thing_hw, return_inverse=True)[1].reshape(SIZE).astype(np.int32)


def shaken(true_hw: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """What a model might find: the true things moved by some pixels, some of them lost, and some that are not there."""
    moved = np.roll(true_hw, tuple(random.integers(-3, 4, 2)), (0, 1))
    moved[np.isin(moved, random.integers(1, true_hw.max() + 2, 2))] = 0
    more = blobs(random, 3)
    moved = np.where((moved == 0) & (more > 0), more + true_hw.max(), moved)
    return np.unique(moved, return_inverse=True)[1].reshape(SIZE).astype(np.int32)


def test_ap_of_masks_equals_the_reference() -> None:
    random = np.random.default_rng(5)
    trues = [blobs(random, int(random.integers(2, 9))) for _ in range(8)]
    founds = [shaken(true_hw, random) for true_hw in trues]
    pairs = MaskPairs.joined([MaskPairs.of(f, t) for f, t in zip(founds, trues, strict=True)])
    image_m = np.repeat(np.arange(8), [each.max() for each in founds])
    image_n = np.repeat(np.arange(8), [each.max() for each in trues])
    score_m = random.random(len(image_m)).round(3)
    matches = match(
        Detections.of(np.zeros((len(image_m), 4)), image_m, np.zeros(len(image_m)), score_m),
        Truths.of_classes(np.zeros((len(image_n), 4)), image_n, np.zeros(len(image_n)), 1, area=pairs.area_n),
        np.ones((8, 1), bool),
        overlaps=pairs,
    )
    ours = list(coco_numbers(matches).summary().values())
    np.testing.assert_allclose(ours, reference(founds, trues, score_m), atol=1e-9)
    assert 0.05 < ours[0] < 0.95


def reference(founds: list[np.ndarray], trues: list[np.ndarray], score_m: np.ndarray) -> list[float]:
    """The twelve numbers of pycocotools, NaN where it says -1."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        rows = [
            {"id": i, "image_id": image, "category_id": 1, "iscrowd": 0, **_shape(mask_hw)}
            for i, (image, mask_hw) in enumerate(_things(trues), start=1)
        ]
        sizes = [{"id": i, "height": SIZE[0], "width": SIZE[1]} for i in range(len(trues))]
        truth.dataset = {"images": sizes, "annotations": rows, "categories": [{"id": 1, "name": "blob"}]}
        truth.createIndex()
        found = truth.loadRes(
            [
                {"image_id": image, "category_id": 1, "score": float(score), **_shape(mask_hw)}
                for (image, mask_hw), score in zip(_things(founds), score_m, strict=True)
            ]
        )
        run = COCOeval(truth, found, "segm")
        run.evaluate()
        run.accumulate()
        run.summarize()
    return [np.nan if value < 0 else float(value) for value in run.stats]


def _things(maps: list[np.ndarray]) -> list[tuple[int, np.ndarray]]:
    return [(image, each == n) for image, each in enumerate(maps) for n in range(1, each.max() + 1)]


def _shape(mask_hw: np.ndarray) -> dict[str, object]:
    return {"segmentation": Rle.encode(mask_hw).to_coco(), "area": float(mask_hw.sum())}


def test_panoptic_quality_counts_right_wrong_and_missed() -> None:
    true_hw = np.zeros((10, 30), np.int32)
    true_hw[:, :10], true_hw[:, 10:20] = 1, 2
    found_hw = np.zeros((10, 30), np.int32)
    found_hw[:, :8], found_hw[:5, 10:20], found_hw[:, 25:] = 1, 2, 3
    pairs = MaskPairs.of(found_hw, true_hw)
    counts = panoptic_counts(pairs, np.zeros(3, np.int64), np.zeros(2, np.int64), 1)
    assert counts.tolist() == [[1.0, 0.8, 2.0, 1.0]]  # an IoU of exactly a half is none
    assert panoptic_quality(counts)[0] == pytest.approx(0.8 / (1 + 1.5))
    assert np.isnan(panoptic_quality(np.zeros((1, 4)))[0])
