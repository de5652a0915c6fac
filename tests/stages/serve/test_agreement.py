"""Two models agree on a text by its class, and on an image by most of what either shows."""

from __future__ import annotations

import numpy as np

from sabbatical.stages.serve.agreement import agree
from sabbatical.stages.train.actions import Abstention, Answer

BOXES = [[0, 0, 10, 10], [20, 20, 40, 40], [50, 0, 60, 30], [70, 70, 90, 90]]


def answer(*places: int, score: float = 0.9, shift: float = 0.0) -> Answer:
    boxes_n4 = np.array([BOXES[place] for place in places], np.float32).reshape(-1, 4) + np.float32(shift)
    return Answer(np.zeros(len(places), np.int64), np.full(len(places), score, np.float32), boxes_n4)


def same(one: Answer, other: Answer) -> bool:
    sure = Abstention(boxes=True, threshold_k=np.array([0.5]), leaves=np.array([0]), cut=0.5)
    return agree(one, sure, other, sure)


def test_a_box_that_lies_a_little_elsewhere_is_the_same() -> None:
    assert same(answer(0, 1), answer(0, 1, shift=1.0))


def test_most_of_the_objects_are_enough_and_fewer_are_not() -> None:
    assert same(answer(0, 1, 2), answer(0, 1))
    assert not same(answer(0, 1, 2), answer(2, 3))


def test_nothing_is_the_same_as_nothing_only() -> None:
    assert same(answer(), answer())
    assert same(answer(0, score=0.2), answer())  # what it is not sure of it does not show
    assert not same(answer(0), answer())
