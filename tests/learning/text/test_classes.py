import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sabbatical.learning.text.classes import ClassTree

from .worlds import SUPER

TREES = st.lists(st.integers(-1, 7), min_size=1, max_size=9).map(
    lambda drawn: np.array([p if p < i else -1 for i, p in enumerate(drawn)])
)


def tree_of(parent_k, flat=False):
    return ClassTree(tuple(map(str, range(len(parent_k)))), parent_k, flat)


def chances(k):
    return np.random.default_rng(0).random((5, k)).astype(np.float32)


@settings(deadline=None)
@given(TREES, st.booleans())
def test_no_class_stands_above_its_parent_in_any_tree(parent_k, flat):
    result = tree_of(parent_k, flat).probabilities(chances(len(parent_k)))
    children = np.flatnonzero(parent_k >= 0)
    assert (result[:, children] <= result[:, parent_k[children]]).all()
    assert result.dtype == np.float32


@settings(deadline=None)
@given(TREES)
def test_a_probability_is_the_product_of_chances_up_to_the_root(parent_k):
    chance = chances(len(parent_k))
    result = tree_of(parent_k).probabilities(chance)
    for k in range(len(parent_k)):
        expected, above = chance[:, k].astype(np.float64), parent_k[k]
        while above >= 0:
            expected, above = expected * chance[:, above], parent_k[above]
        np.testing.assert_allclose(result[:, k], expected, rtol=1e-5)


def test_children_are_learned_only_where_their_parent_is():
    target = np.array([[1, 1, 0, 0], [0, 0, 0, 1]], np.float32)
    known = np.ones((2, 4), np.float32)
    assert ClassTree.of(SUPER).learnable(target, known).tolist() == [[1, 1, 1, 1], [1, 0, 0, 1]]
    assert ClassTree.of(SUPER, flat=True).learnable(target, known).tolist() == [[1, 1, 1, 1], [1, 1, 1, 1]]


def test_counts_go_up_the_tree():
    assert tree_of(np.array([-1, 0, 1, -1])).with_beneath(np.array([[1, 2, 4, 8]], np.float32)).tolist() == [
        [7, 6, 4, 8]
    ]


def test_a_tree_survives_its_document():
    again = ClassTree.from_document(ClassTree.of(SUPER, flat=True).to_document())
    assert again.names == SUPER.names
    assert again.flat
    np.testing.assert_array_equal(again.parent_k, SUPER.parent_k)
