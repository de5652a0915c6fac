import numpy as np
import pytest

from sabbatical.core.errors import BadInput
from sabbatical.learning.text.texts import TextColumns, choose


def test_only_mapped_labels_are_chosen():
    label, probability = choose(np.array([[0.5, 0.4, 0.1, 0.9]], np.float32), np.array([-1, 1, 0]))
    assert label.tolist() == [2]
    assert probability.tolist() == [0.5]
    with pytest.raises(BadInput):
        choose(np.zeros((1, 4), np.float32), np.array([-1]))


def test_columns_of_unequal_length_are_refused():
    with pytest.raises(BadInput, match="2 texts"):
        TextColumns(["a", "b"], np.array([0]), np.array([0, 0]))


def test_taking_and_joining_keep_rows_together():
    columns = TextColumns(["a", "b", "c"], np.array([0, 1, 2]), np.array([5, 6, 7]))
    both = columns.take(np.array([2, 0])).join(columns.take(np.array([False, True, False])))
    assert both.texts == ["c", "a", "b"]
    assert both.taxonomy_n.tolist() == [2, 0, 1]
    assert both.label_n.tolist() == [7, 5, 6]
