"""Thresholds are the best of all there are, and curves those of the textbook."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, fbeta_score, precision_recall_curve

from sabbatical.metrics.matching import match
from sabbatical.metrics.thresholds import ClassCurve, Scored, choose_thresholds, f_score
from tests.stages.evaluate.worlds import found, scenes

tables = st.tuples(st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from([0.5, 1.0, 2.0]))


@given(tables)
@settings(max_examples=30, deadline=None)
def test_the_chosen_threshold_is_as_good_as_the_best_of_all(case: tuple[int, int, float]) -> None:
    seed, n, beta = case
    rng = np.random.default_rng(seed)
    score, right = rng.integers(0, 10, n) / 10, rng.random(n) < 0.4
    if not right.any():
        return
    table = Scored.of_table(score[:, None], right[:, None], np.ones((n, 1), bool))
    (threshold,) = choose_thresholds(table, beta)
    best = max(fbeta_score(right, score >= t, beta=beta, zero_division=0) for t in np.unique(score))
    assert fbeta_score(right, score >= threshold, beta=beta, zero_division=0) == pytest.approx(best)
    precision, recall = dict(table.curves())[0].at(threshold)
    assert f_score(precision, recall) == pytest.approx(f1_score(right, score >= threshold))


def test_a_class_without_truths_or_right_guesses_keeps_one_half() -> None:
    table = Scored.of_table(
        np.array([[0.9, 0.2], [0.8, 0.1]]), np.array([[0, 0], [0, 1]], bool), np.array([[1, 0], [1, 1]], bool)
    )
    assert choose_thresholds(table).tolist() == [0.5, 0.1]
    empty = Scored(np.zeros(0, int), np.zeros(0), np.zeros(0, bool), np.array([0, 3]))
    assert choose_thresholds(empty).tolist() == [0.5, 0.5]
    assert dict(empty.curves())[1].at(0.5) == (None, 0.0)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_the_recall_at_a_precision_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    score, right = rng.integers(0, 20, 50) / 20, rng.random(50) < 0.5
    if not right.any():
        return
    precision, recall, _ = precision_recall_curve(right, score)
    curve = dict(Scored.of_table(score[:, None], right[:, None], np.ones((50, 1), bool)).curves())[0]
    for wanted in (0.3, 0.5, 0.9):
        ours, threshold = curve.recall_at_precision(wanted)
        assert ours == pytest.approx(recall[precision >= wanted].max())
        if threshold is not None:
            assert curve.at(threshold)[1] == pytest.approx(ours)


def test_validation_detections_give_a_threshold_that_serves_new_data() -> None:
    judged_ik = np.ones((150, 3), bool)
    world, other = scenes(150, seed=1), scenes(150, seed=2)
    chosen_k = choose_thresholds(Scored.of_matches(match(found(world, 3, ghosts=4), world.truths, judged_ik)))
    curves = dict(Scored.of_matches(match(found(other, 4, ghosts=4), other.truths, judged_ik)).curves())
    for k, curve in curves.items():
        best = max(f_score(*curve.at(t)) or 0 for t in np.linspace(0, 1, 101))
        assert (f_score(*curve.at(chosen_k[k])) or 0) > best - 0.05


def test_a_thinned_curve_falls_and_ends_at_the_last_recall() -> None:
    rng = np.random.default_rng(0)
    score = np.sort(rng.random(5000))[::-1]
    curve = ClassCurve.of(score, rng.random(5000) < score, 4000)
    recall, precision, thinned = curve.thinned()
    assert len(recall) <= 101
    assert (np.diff(precision) <= 0).all()
    assert (np.diff(thinned) <= 0).all()
    assert recall[-1] == pytest.approx(curve.recall_s[-1], abs=0.01)
