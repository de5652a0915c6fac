"""Intervals hold the truth as often as they say, and know which images hang together."""

from __future__ import annotations

import numpy as np
import pytest

from sabbatical.core.errors import BadInput
from sabbatical.metrics import detection, resampling
from sabbatical.metrics.matching import match
from sabbatical.metrics.resampling import (
    Difference,
    Resamples,
    Tally,
    bootstrap_interval,
    proportion_interval,
    surely_different,
    wilson,
)
from tests.stages.evaluate.worlds import found, scenes


def test_a_resample_draws_as_many_units_as_there_are_and_the_first_row_is_the_data() -> None:
    draws = Resamples.of(37, resamples=200, seed=3)
    assert (draws.weights_bu[0] == 1).all()
    assert (draws.weights_bu.sum(axis=1, dtype=int) == 37).all()
    np.testing.assert_array_equal(draws.weights_bu, Resamples.of(37, resamples=200, seed=3).weights_bu)
    assert abs(draws.weights_bu[1:].var() - (1 - 1 / 37)) < 0.1


def test_images_of_one_group_are_drawn_together_and_ungrouped_ones_alone() -> None:
    draws = Resamples.of(5, ["a", None, "b", "a", None])
    assert draws.unit_i.tolist() == [0, 1, 2, 0, 3]
    with pytest.raises(BadInput, match="2 groups were given for 5 items"):
        Resamples.of(5, ["a", "b"])


def test_a_very_large_number_of_units_is_drawn_less_often_to_stay_within_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resampling, "TABLE_BYTES", 1000)
    assert Resamples.of(100, resamples=500).weights_bu.shape == (11, 100)


def test_a_tally_sums_weights_by_class() -> None:
    rng = np.random.default_rng(0)
    class_n, unit_n = rng.integers(0, 4, 50), rng.integers(0, 7, 50)
    weights_bu = rng.integers(0, 3, (5, 7)).astype(np.uint8)
    expected = [[weights_bu[b, unit_n[class_n == k]].sum() for k in range(4)] for b in range(5)]
    np.testing.assert_array_equal(Tally.of(class_n, unit_n, 4).weigh(weights_bu), expected)
    assert Tally.of(class_n[:0], unit_n[:0], 4).weigh(weights_bu).tolist() == [[0.0] * 4] * 5


def test_wilson_equals_the_published_form() -> None:
    low, high = wilson(0.9, 20)
    assert (round(low, 4), round(high, 4)) == (0.6990, 0.9721)
    assert wilson(1.0, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)


def test_all_right_on_few_trials_is_not_certainty() -> None:
    always = np.ones(101)
    assert proportion_interval(always, 20) == pytest.approx(wilson(1.0, 20))


def test_an_interval_is_freed_of_the_bias_that_resampling_adds() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([[0.5], rng.normal(0.55, 0.05, 20_000)])
    low, high = bootstrap_interval(values) or (0, 0)
    assert low == pytest.approx(0.45 - 0.098, abs=0.004)
    assert high == pytest.approx(0.45 + 0.098, abs=0.004)


def test_nothing_is_said_where_most_resamples_know_nothing() -> None:
    assert bootstrap_interval(np.concatenate([[0.5], np.full(80, np.nan), np.full(20, 0.5)])) is None
    assert Difference.of(np.full(101, np.nan)) is None


def test_verdicts_follow_the_interval() -> None:
    rng = np.random.default_rng(0)
    noise = np.concatenate([[0.0], rng.normal(0, 0.01, 1000)])
    verdicts = [(Difference.of(noise + shift), shift) for shift in (0.05, -0.05, 0.0)]
    assert [found.verdict for found, _ in verdicts if found] == ["better", "worse", "same"]
    same = Difference.of(np.zeros(1001))
    assert same is not None
    assert (same.verdict, same.p_value) == ("same", 1.0)


def test_many_differences_are_held_to_the_false_discovery_rate() -> None:
    # The example of Benjamini and Hochberg (1995): four of fifteen hold at 5 %.
    p_values = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344]
    p_values += [0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    assert sum(surely_different(p_values)) == 4
    assert surely_different([]) == []


def test_intervals_hold_the_true_value_about_as_often_as_they_say() -> None:
    """100 data sets of 120 images: 95 % intervals of mAP at 0.5 and of recall hold the truth in 88 or more."""
    large = scenes(20_000, seed=99)
    truth = _figures(large, Resamples.of(large.images, resamples=0), seed=98).overall
    inside = {"map50": 0, "recall": 0}
    for seed in range(100):
        figures = _figures(scenes(120, seed=seed), Resamples.of(120, resamples=200, seed=seed), seed=1000 + seed)
        for name in inside:
            low, high = figures.interval(name) or (0, 0)
            inside[name] += low <= truth[name][0] <= high
    assert min(inside.values()) >= 88


def test_groups_of_alike_images_widen_the_interval() -> None:
    world = scenes(50, seed=1)
    copies = np.repeat(np.arange(50), 6)
    judged_ik = np.ones((300, 3), bool)
    one = found(world, 2)
    d = np.concatenate([np.flatnonzero(one.image_m == i) for i in copies])
    image_d = np.repeat(np.arange(300), [int((one.image_m == i).sum()) for i in copies])
    n = np.concatenate([np.flatnonzero(world.truths.image_n == i) for i in copies])
    image_n = np.repeat(np.arange(300), [int((world.truths.image_n == i).sum()) for i in copies])
    detections = type(one)(one.boxes_m4[d], image_d, one.class_m[d], one.score_m[d])
    truths = world.truths.take(n)
    truths = type(truths)(truths.boxes_n4, image_n, truths.positive_nk, truths.known_nk, truths.crowd_n, truths.area_n)
    matches = match(detections, truths, judged_ik)
    widths = []
    for groups in (None, [str(copy) for copy in copies]):
        draws = Resamples.of(300, groups, resamples=300)
        figures = detection.detection_figures(matches, np.full(3, 0.5), draws, judged_ik=judged_ik)
        low, high = figures.interval("map50") or (0, 0)
        widths.append(high - low)
    assert widths[1] > 1.8 * widths[0]


def _figures(world, draws: Resamples, seed: int):  # type: ignore[no-untyped-def]
    judged_ik = np.ones((world.images, 3), bool)
    matches = match(found(world, seed), world.truths, judged_ik, ious=[0.5], areas={"all": (0, 1e10)})
    return detection.detection_figures(matches, np.full(3, 0.5), draws, judged_ik=judged_ik)
