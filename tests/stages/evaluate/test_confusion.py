"""Every planted mistake stands in its cell, once."""

from __future__ import annotations

import numpy as np

from sabbatical.metrics.columns import Detections, Truths
from sabbatical.stages.evaluate.confusion import confusion_of, taken_for

NAMES = ["person", "adult", "child", "car"]
PERSON, ADULT, CHILD, CAR = range(4)
CLOSURE = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [0, 0, 0, 1]], bool)
FLAT = np.eye(4, dtype=bool)


def place(x: float) -> list[float]:
    return [x, 0, x + 10, 10]


def cells(detections: Detections, truths: Truths, *, closure: np.ndarray = CLOSURE, judged: object = None) -> dict:
    judged_ik = np.ones((int(truths.image_n.max()) + 1, 4), bool) if judged is None else np.asarray(judged, bool)
    taken = taken_for(detections, truths, judged_ik, np.full(4, 0.5), closure)
    confusion = confusion_of(taken.true_p, taken.predicted_p, NAMES, nothing=True)
    return {
        (row, column): confusion.counts[i][j]
        for i, row in enumerate(confusion.rows)
        for j, column in enumerate(confusion.columns)
        if confusion.counts[i][j]
    }


def test_right_wrong_missed_and_ghost_each_have_a_cell() -> None:
    truths = Truths.of_classes([place(x) for x in (0, 20, 40)], [0, 0, 0], [CAR, ADULT, CAR], 4)
    found = Detections.of(
        [place(x) for x in (0, 20, 40, 80)], [0, 0, 0, 0], [CAR, CAR, CAR, CHILD], [0.9, 0.8, 0.4, 0.7]
    )
    assert cells(found, truths, closure=FLAT) == {
        ("car", "car"): 1,
        ("adult", "car"): 1,
        ("car", "missed"): 1,
        ("ghost", "child"): 1,
    }


def test_a_class_and_its_ancestor_at_one_place_count_once_as_the_finer() -> None:
    truths = Truths.of([place(0)], [0], CLOSURE[[ADULT]])
    found = Detections.of([place(0), place(1)], [0, 0], [PERSON, ADULT], [0.95, 0.6])
    assert cells(found, truths) == {("adult", "adult"): 1}


def test_a_finer_class_than_a_coarse_label_can_tell_is_right() -> None:
    truths = Truths.of([place(0), place(20)], [0, 0], CLOSURE[[PERSON, ADULT]], [[1, 0, 0, 1], [1, 1, 1, 1]])
    found = Detections.of([place(0), place(20)], [0, 0], [CHILD, PERSON], [0.9, 0.9])
    assert cells(found, truths) == {("person", "person"): 1, ("adult", "person"): 1}


def test_what_nobody_would_have_drawn_is_no_ghost_and_what_is_ignored_is_neither() -> None:
    truths = Truths.of([place(0), place(20)], [0, 0], [[0, 0, 0, 0], [0, 0, 0, 1]], [[0, 0, 0, 0], [1, 1, 1, 1]])
    found = Detections.of([place(0), place(20), place(60)], [0, 0, 0], [CAR, CAR, ADULT], [0.9, 0.9, 0.9])
    assert cells(found, truths, judged=[[1, 0, 0, 1]]) == {("car", "car"): 1}
