import numpy as np

from sabbatical.learning.text.loss import balanced, log_odds, sigmoid


def test_extreme_logits_stay_finite():
    np.testing.assert_array_equal(sigmoid(np.array([1e4, -1e4])), [1.0, 0.0])
    np.testing.assert_allclose(sigmoid(log_odds(np.array([0.25, 0.5]))), [0.25, 0.5])


def test_balance_makes_both_sides_weigh_alike_and_keeps_the_sum():
    target = np.array([[1.0], [0], [0], [0], [0]], np.float32)
    mask = np.array([[1.0], [1], [1], [1], [0]], np.float32)
    weight = balanced(target, mask, 1.0)
    np.testing.assert_allclose(weight[0], weight[1:4].sum())
    np.testing.assert_allclose(weight.sum(), mask.sum())
    assert weight[4] == 0
    np.testing.assert_array_equal(balanced(target, mask, 0.0), mask)
