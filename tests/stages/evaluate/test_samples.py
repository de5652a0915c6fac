"""The samples shown are the ones most worth a look, each once."""

from __future__ import annotations

import numpy as np

from sabbatical.metrics.columns import Detections, Truths
from sabbatical.metrics.matching import match
from sabbatical.stages.evaluate.confusion import taken_for
from sabbatical.stages.evaluate.samples import Items, turned_boxes, worst_boxes

PERSON, ADULT, CAR = range(3)
CLOSURE = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1]], bool)
HALF = np.full(3, 0.5)
ITEMS = Items(["first", "second"], ["person", "adult", "car"], [(100, 50), (100, 50)])
JUDGED = np.ones((2, 3), bool)


def place(x: float, side: float = 10) -> list[float]:
    return [x, 0, x + side, side]


def test_the_most_confident_mistakes_come_first_with_their_boxes_and_frames() -> None:
    truths = Truths.of([place(0), place(20, 30), place(60)], [0, 0, 1], CLOSURE[[CAR, CAR, ADULT]])
    found = Detections.of(
        [place(0), place(80), place(90), place(60)], [0, 0, 1, 1], [CAR, CAR, ADULT, CAR], [0.3, 0.6, 0.9, 0.8]
    )
    taken = taken_for(found, truths, JUDGED, HALF, CLOSURE)
    worst = worst_boxes(taken, found, truths, match(found, truths, JUDGED), ITEMS)
    assert [(sample.kind, round(sample.score, 2)) for sample in worst] == [
        ("missed", 1.0),  # nothing there at all
        ("ghost", 0.9),
        ("wrong_class", 0.8),
        ("missed", 0.7),  # the right box at 0.3
        ("ghost", 0.6),
    ]
    assert worst[0].truth is not None
    assert worst[0].truth.box == (20, 0, 50, 30)
    assert worst[2].truth is not None
    assert worst[2].predicted is not None
    assert (worst[2].item, worst[2].truth.name, worst[2].predicted.name) == ("second", "adult", "car")
    assert worst[2].frame == (100, 50)


def test_one_bad_item_does_not_fill_the_list() -> None:
    many = 20
    truths = Truths.of([place(20 * n) for n in range(many)] + [place(0)], [0] * many + [1], CLOSURE[[CAR] * (many + 1)])
    none = Detections.of([], [], [], [])
    taken = taken_for(none, truths, JUDGED, HALF, CLOSURE)
    worst = worst_boxes(taken, none, truths, match(none, truths, JUDGED), ITEMS)
    assert sorted(sample.item for sample in worst) == ["first", "first", "second"]


def test_a_truth_that_turned_is_shown_once_under_its_finest_name_with_both_scores() -> None:
    truths = Truths.of([place(0), place(20)], [0, 1], CLOSURE[[ADULT, CAR]])
    boxes, images, classes = [place(0), place(0), place(20)], [0, 0, 1], [PERSON, ADULT, CAR]
    before = match(Detections.of(boxes, images, classes, [0.9, 0.8, 0.2]), truths, JUDGED)
    after = match(Detections.of(boxes[1:], images[1:], classes[1:], [0.4, 0.7]), truths, JUDGED)
    lost, won, many_lost, many_won = turned_boxes((before, HALF), (after, HALF), truths, CLOSURE, ITEMS)
    assert (many_lost, many_won) == (1, 1)
    assert (lost[0].item, lost[0].name, lost[0].before, lost[0].after) == ("first", "adult", 0.8, 0.4)
    assert (won[0].item, won[0].name, won[0].before, won[0].after) == ("second", "car", 0.2, 0.7)
    gone = match(Detections.of([], [], [], []), truths, JUDGED)
    assert turned_boxes((before, HALF), (gone, HALF), truths, CLOSURE, ITEMS)[0][0].after is None
