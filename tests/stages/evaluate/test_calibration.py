"""The calibration error is the gap between what scores promise and what comes true."""

from __future__ import annotations

import numpy as np
import pytest

from sabbatical.stages.evaluate.calibration import calibration_error, reliability


def test_honest_scores_have_a_small_error_and_boasting_ones_the_size_of_the_boast() -> None:
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.1, 0.7, 40_000)
    right = rng.random(40_000) < chance
    assert calibration_error(chance, right) < 0.01
    assert calibration_error(chance + 0.2, right) == pytest.approx(0.2, abs=0.01)


def test_bins_hold_equally_many_guesses_and_rise() -> None:
    rng = np.random.default_rng(1)
    score = rng.beta(1, 9, 1500)
    found = reliability(score, rng.random(1500) < score, np.zeros(1500, int), 2)
    assert found is not None
    assert found.many_q.tolist() == [100] * 15
    assert (np.diff(found.score_q) > 0).all()
    np.testing.assert_allclose((found.many_q * found.score_q).sum(), score.sum())
    assert list(found.error_by_class) == [0]
    assert found.error_by_class[0] == pytest.approx(found.error)


def test_few_guesses_make_few_bins_and_none_make_no_curve() -> None:
    found = reliability(np.array([0.2, 0.9, 0.8]), np.array([False, True, True]), np.zeros(3, int), 1)
    assert found is not None
    assert found.many_q.tolist() == [3]
    assert found.error == pytest.approx(abs(1.9 - 2) / 3)
    assert reliability(np.array([0.01]), np.array([True]), np.zeros(1, int), 1, floor=0.05) is None
