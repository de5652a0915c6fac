import numpy as np
from scipy.optimize import check_grad

from sabbatical.learning.text.loss import balanced, log_odds, masked_logistic, sigmoid

from .worlds import sentences, targets

RNG = np.random.default_rng(0)


def test_masked_gradients_are_exactly_zero():
    target, mask = targets().rows(sentences(80))
    assert 0 < mask.mean() < 1
    _, slope = masked_logistic(RNG.normal(size=target.shape) * 50, target, mask)
    assert (slope[mask == 0] == 0.0).all()
    assert (slope[mask > 0] != 0.0).any()


def test_the_gradient_is_that_of_the_loss():
    target, weight = RNG.integers(0, 2, (3, 4)).astype(np.float32), RNG.random((3, 4)).astype(np.float32)

    def at(flat):
        return masked_logistic(flat.reshape(3, 4), target, weight)

    assert check_grad(lambda z: at(z)[0], lambda z: at(z)[1].ravel(), RNG.normal(size=12)) < 1e-6


def test_a_batch_split_in_any_way_gives_the_same_loss():
    target, weight = RNG.integers(0, 2, (9, 4)).astype(np.float32), RNG.random((9, 4)).astype(np.float32)
    logits = RNG.normal(size=(9, 4))
    whole = masked_logistic(logits, target, weight)[0]
    for cut in range(1, 9):
        parts = [masked_logistic(logits[s], target[s], weight[s])[0] for s in (slice(cut), slice(cut, None))]
        np.testing.assert_allclose(sum(parts), whole, rtol=1e-12)


def test_extreme_logits_stay_finite():
    loss, slope = masked_logistic(np.array([[1e4, -1e4]]), np.array([[0.0, 1.0]], np.float32), np.ones((1, 2)))
    assert loss == 2e4
    assert np.isfinite(slope).all()
    np.testing.assert_allclose(sigmoid(log_odds(np.array([0.25, 0.5]))), [0.25, 0.5])


def test_balance_makes_both_sides_weigh_alike_and_keeps_the_sum():
    target = np.array([[1.0], [0], [0], [0], [0]], np.float32)
    mask = np.array([[1.0], [1], [1], [1], [0]], np.float32)
    weight = balanced(target, mask, 1.0)
    np.testing.assert_allclose(weight[0], weight[1:4].sum())
    np.testing.assert_allclose(weight.sum(), mask.sum())
    assert weight[4] == 0
    np.testing.assert_array_equal(balanced(target, mask, 0.0), mask)
