"""Figures of a detector are those of COCO and of plain counting, on all data and on any part of it."""

from __future__ import annotations

import numpy as np
import pytest

from sabbatical.metrics.average_precision import coco_numbers
from sabbatical.metrics.detection import detection_figures, on_images
from sabbatical.metrics.matching import match
from sabbatical.metrics.resampling import Resamples
from tests.stages.evaluate.worlds import found, scenes

JUDGED = np.ones((60, 3), bool)


@pytest.mark.parametrize("area", ["all", "small", "medium", "large"])
def test_whole_data_give_the_numbers_of_coco_for_every_size(area: str) -> None:
    world = scenes(60)
    matches = match(found(world, 1), world.truths, JUDGED)
    figures = detection_figures(
        matches, np.full(3, 0.5), Resamples.of(60, resamples=5), judged_ik=JUDGED, area=area, all_ious=True
    )
    a = matches.areas.index(area)
    numbers = coco_numbers(matches)
    np.testing.assert_allclose(figures.by_class["ap50"][0], numbers.ap_atk[a, 0], atol=1e-12)
    assert figures.overall["map"][0] == pytest.approx(np.nanmean(numbers.ap_atk[a]))


def test_recall_and_precision_are_those_of_counting_what_is_shown() -> None:
    world = scenes(60)
    detections = found(world, 1)
    threshold_k = np.array([0.3, 0.6, 0.9])
    matches = match(detections, world.truths, JUDGED)
    figures = detection_figures(matches, threshold_k, Resamples.of(60, resamples=0), judged_ik=JUDGED)
    right = np.zeros(3)
    for box, i, k, score in zip(*vars(detections).values(), strict=True):
        near = (
            (world.truths.image_n == i) & (world.class_n == k) & (np.abs(world.truths.boxes_n4 - box).max(axis=1) < 40)
        )
        right[k] += score >= threshold_k[k] and near.any()
    shown = np.bincount(detections.class_m[detections.score_m >= threshold_k[detections.class_m]], minlength=3)
    np.testing.assert_allclose(figures.by_class["precision"][0], right / shown)
    np.testing.assert_allclose(figures.by_class["recall"][0], right / np.bincount(world.class_n))
    np.testing.assert_allclose(figures.by_class["f1"][0], 2 * right / (shown + np.bincount(world.class_n)))


def test_a_part_of_the_images_is_the_same_as_matching_only_these() -> None:
    world = scenes(60)
    detections = found(world, 1)
    part = on_images(match(detections, world.truths, JUDGED), world.night_i)
    alone = match(detections, world.truths, JUDGED & world.night_i[:, None])
    np.testing.assert_allclose(coco_numbers(part).precision_atrk, coco_numbers(alone).precision_atrk)
    np.testing.assert_array_equal(part.detection_d, alone.detection_d)


def test_a_model_without_a_shown_box_has_a_recall_of_zero_and_no_precision() -> None:
    world = scenes(60)
    matches = match(found(world, 1), world.truths, JUDGED)
    figures = detection_figures(matches, np.full(3, 2.0), Resamples.of(60, resamples=50), judged_ik=JUDGED)
    assert figures.value("recall") == 0
    assert figures.value("precision") is None
    assert figures.value("f1") == 0
    assert figures.interval("recall") is not None
    assert figures.interval("precision") is None
