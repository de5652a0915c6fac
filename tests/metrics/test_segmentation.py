"""Pixels are judged where their label can judge, and every figure is that of the pixels themselves."""

from __future__ import annotations

import numpy as np
import pytest

from sabbatical.metrics.resampling import Resamples
from sabbatical.metrics.segmentation import STEPS, PixelTally, best_thresholds, pixel_counts, segmentation_figures

TARGET = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]], np.float32)
"""Coarse, fine, other; background; unassigned."""
KNOWN = np.array([[1, 0, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0], [0, 0, 0]], np.float32)
"""The coarse label cannot tell the fine class, and where nothing is drawn the other class may stand."""


def picture(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Chances on the edges of steps (float32 k, h, w) and rows (h, w)."""
    random = np.random.default_rng(seed)
    return random.integers(0, STEPS, (3, 12, 17)).astype(np.float32) / STEPS, random.integers(-2, 3, (12, 17))


def counted(seeds: range) -> np.ndarray:
    return np.stack([pixel_counts(*picture(seed), TARGET, KNOWN) for seed in seeds])


def judged(k: int, seeds: range) -> tuple[np.ndarray, np.ndarray]:
    """Chance and truth of every pixel that can judge a class."""
    chances, truths = [], []
    for seed in seeds:
        chance_khw, row_hw = picture(seed)
        known = KNOWN[row_hw, k] > 0
        chances.append(chance_khw[k][known])
        truths.append(TARGET[row_hw, k][known] > 0)
    return np.concatenate(chances), np.concatenate(truths)


def test_figures_are_those_of_the_pixels_that_can_judge() -> None:
    seeds = range(4)
    tally = PixelTally(counted(seeds), Resamples.of(4, resamples=0))
    figures = segmentation_figures(tally, np.array([0.5, 0.25, 0.75]))
    for k, threshold in enumerate((0.5, 0.25, 0.75)):
        chance_p, truth_p = judged(k, seeds)
        said_p = chance_p >= threshold
        assert figures.class_value("iou", k) == pytest.approx((said_p & truth_p).sum() / (said_p | truth_p).sum())
        assert figures.class_value("recall", k) == pytest.approx((said_p & truth_p).sum() / truth_p.sum())
        levels = np.unique(chance_p)[::-1]
        right = np.array([truth_p[chance_p >= level].sum() for level in levels])
        precision = right / np.array([(chance_p >= level).sum() for level in levels])
        expected = (precision * np.diff(right, prepend=0)).sum() / truth_p.sum()
        assert figures.class_value("ap", k) == pytest.approx(expected)
        assert int(figures.n_k[k]) == truth_p.sum()
    assert figures.value("miou") == pytest.approx(np.mean([figures.class_value("iou", k) or 0 for k in range(3)]))


def test_what_a_label_cannot_tell_changes_nothing() -> None:
    chance_khw, row_hw = picture(1)
    other_khw = chance_khw.copy()
    blind_hwk = KNOWN[row_hw] == 0
    other_khw[np.moveaxis(blind_hwk, 2, 0)] = 0.9
    assert not np.array_equal(other_khw, chance_khw)
    np.testing.assert_array_equal(
        pixel_counts(other_khw, row_hw, TARGET, KNOWN), pixel_counts(chance_khw, row_hw, TARGET, KNOWN)
    )


def test_the_best_threshold_is_the_best_of_all_and_a_half_where_nothing_shows_the_class() -> None:
    counts = counted(range(3))
    best_k = best_thresholds(counts)
    tally = PixelTally(counts, Resamples.of(3, resamples=0))
    every = np.array([tally.at(np.full(3, step / STEPS))["iou"][0] for step in range(STEPS)])
    np.testing.assert_allclose(tally.at(best_k)["iou"][0], every.max(axis=0))
    counts[:, 1, 1] = 0
    assert best_thresholds(counts)[1] == 0.5


def test_chances_that_come_true_are_calibrated_and_a_resample_weighs_whole_images() -> None:
    counts = np.zeros((2, 1, 2, STEPS), np.int64)
    counts[0, 0, :, STEPS // 4] = (747, 253)  # the middle of the step is 0.2539
    counts[1, 0, :, STEPS // 2] = (1000, 0)
    one, two = (
        PixelTally(counts, Resamples(np.array([0, 1]), np.array([weights], np.uint8))) for weights in ((1, 0), (2, 2))
    )
    assert float(one.calibration_errors()[0, 0]) == pytest.approx(0, abs=1e-3)
    assert float(two.calibration_errors()[0, 0]) == pytest.approx(0.5039 / 2, abs=1e-3)
