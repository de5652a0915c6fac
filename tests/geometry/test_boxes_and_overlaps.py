"""Boxes: conversions, clipping, overlap as COCO defines it, and suppression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray
from pycocotools import mask as coco

from sabbatical.core.errors import BadInput
from sabbatical.geometry import (
    area,
    as_boxes,
    clip,
    diou,
    from_cxcywh,
    from_normalised,
    from_xywh,
    giou,
    iou,
    nms,
    pairwise_iou,
    scaled,
    to_cxcywh,
    to_normalised,
    to_xywh,
    valid,
)

BOXES = settings(max_examples=150, deadline=None)
Array = NDArray[np.float64]


def boxes(most: int = 12, least_side: float = 0.0) -> st.SearchStrategy[Array]:
    """Corner and sides on a grid of 1/16 pixel, so that both float widths hold them exactly."""
    grid = st.integers(-1600, 8000).map(lambda value: value / 16)
    side = st.integers(round(least_side * 16), 4000).map(lambda value: value / 16)
    one = st.tuples(grid, grid, side, side).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
    return st.lists(one, max_size=most).map(lambda rows: np.array(rows, dtype=np.float64).reshape(-1, 4))


@BOXES
@given(boxes())
def test_every_form_leads_back(boxes_n4: Array) -> None:
    assert np.array_equal(from_xywh(to_xywh(boxes_n4)), boxes_n4)
    assert np.allclose(from_cxcywh(to_cxcywh(boxes_n4)), boxes_n4, atol=1e-9)
    assert np.allclose(from_normalised(to_normalised(boxes_n4, 640, 480), 640, 480), boxes_n4, atol=1e-9)
    assert np.allclose(scaled(scaled(boxes_n4, 2, 4), 0.5, 0.25), boxes_n4)


def test_the_forms_of_one_box() -> None:
    box = [[10, 20, 30, 60]]
    assert to_xywh(box).tolist() == [[10, 20, 20, 40]]
    assert to_cxcywh(box).tolist() == [[20, 40, 20, 40]]
    assert to_normalised(box, 100, 200).tolist() == pytest.approx(np.array([[0.1, 0.1, 0.3, 0.3]]))
    assert area(box).tolist() == [800]


def test_a_box_without_extent_has_no_area_even_with_swapped_corners() -> None:
    assert area([[5, 5, 5, 9], [9, 9, 5, 5], [9, 0, 5, 5]]).tolist() == [0, 0, 0]


def test_boxes_are_float32_unless_they_come_as_float64() -> None:
    assert as_boxes([[1, 2, 3, 4]]).dtype == np.float32
    assert as_boxes(np.array([[1, 2, 3, 4]], dtype=np.int64)).dtype == np.float32
    assert as_boxes(np.zeros((1, 4))).dtype == np.float64
    assert to_xywh(np.zeros((1, 4), dtype=np.float32)).dtype == np.float32


@pytest.mark.parametrize("empty", [[], np.zeros((0, 4)), ()])
def test_no_boxes_are_fine_everywhere(empty: Array) -> None:
    for convert in (from_xywh, to_xywh, from_cxcywh, to_cxcywh):
        assert convert(empty).shape == (0, 4)
    assert area(empty).shape == valid(empty).shape == (0,)
    assert clip(empty, 10, 10).boxes_n4.shape == (0, 4)
    assert pairwise_iou(as_boxes(empty), np.zeros((3, 4))).shape == (0, 3)
    assert pairwise_iou(np.zeros((3, 4)), as_boxes(empty), []).shape == (3, 0)
    assert iou(as_boxes(empty), as_boxes(empty)).shape == (0,)
    assert nms(as_boxes(empty), []).shape == (0,)


@pytest.mark.parametrize("wrong", [[1, 2, 3], [[1, 2, 3]], 5, [["a", 1, 2, 3]], [[1, 2, 3, 4], [1]]])
def test_what_is_no_box_is_refused(wrong: list[float]) -> None:
    with pytest.raises(BadInput):
        as_boxes(wrong)


def test_boxes_outside_the_image_are_clipped_and_reported() -> None:
    clipped = clip([[-5, 10, 20, 30], [0, 0, 100, 50], [90, 40, 110, 60], [200, 200, 210, 210]], 100, 50)
    assert clipped.boxes_n4.tolist() == [[0, 10, 20, 30], [0, 0, 100, 50], [90, 40, 100, 50], [100, 50, 100, 50]]
    assert clipped.changed_n.tolist() == [True, False, True, True]
    assert valid(clipped.boxes_n4).tolist() == [True, True, True, False]


@BOXES
@given(boxes(), st.integers(1, 700), st.integers(1, 700))
def test_clipping_keeps_boxes_inside_and_is_done_once(boxes_n4: Array, width: int, height: int) -> None:
    clipped = clip(boxes_n4, width, height)
    assert (clipped.boxes_n4 >= 0).all()
    assert (clipped.boxes_n4 <= [width, height, width, height]).all()
    assert not clip(clipped.boxes_n4, width, height).changed_n.any()
    assert np.array_equal(clipped.boxes_n4[~clipped.changed_n], boxes_n4[~clipped.changed_n])


def test_valid_boxes_are_finite_and_wide_enough() -> None:
    cases = [[0, 0, 2, 2], [0, 0, 2, 1], [0, 0, 0, 5], [5, 5, 1, 9], [0, 0, np.nan, 2], [0, 0, np.inf, 2]]
    assert valid(cases).tolist() == [True, True, False, False, False, False]
    assert valid(cases, min_side=2).tolist() == [True, False, False, False, False, False]


@BOXES
@given(boxes(), boxes(), st.data())
def test_overlap_is_that_of_pycocotools(a_n4: Array, b_m4: Array, data: st.DataObject) -> None:
    crowd = data.draw(st.lists(st.booleans(), min_size=len(b_m4), max_size=len(b_m4)))
    ours = pairwise_iou(a_n4.astype(np.float32), b_m4, crowd)
    if len(a_n4) and len(b_m4):
        assert np.allclose(ours, coco.iou(to_xywh(a_n4), to_xywh(b_m4), crowd), rtol=0, atol=1e-12)
    assert np.array_equal(pairwise_iou(a_n4, b_m4), iou(a_n4[:, None], b_m4[None]))


@BOXES
@given(boxes(least_side=1 / 16), boxes(least_side=1 / 16))
def test_the_three_overlaps_keep_their_order_and_bounds(a_n4: Array, b_m4: Array) -> None:
    a, b = a_n4[:, None], b_m4[None]
    for overlap in (iou, giou, diou):
        values = overlap(a, b)
        assert np.array_equal(values, overlap(b, a))
        assert (values <= iou(a, b) + 1e-12).all()
        assert (values >= -1).all()
        assert np.allclose(overlap(a_n4, a_n4), 1)


def test_the_three_overlaps_of_two_squares() -> None:
    a, b = np.array([[0.0, 0, 2, 2]]), np.array([[1.0, 0, 3, 2]])
    assert iou(a, b).tolist() == pytest.approx([1 / 3])
    assert giou(a, b).tolist() == pytest.approx([1 / 3])
    assert diou(a, b).tolist() == pytest.approx([1 / 3 - 1 / 13])
    far = np.array([[4.0, 0, 6, 2]])
    assert giou(a, far).tolist() == pytest.approx([-1 / 3])
    assert diou(a, far).tolist() == pytest.approx([-16 / 40])


def test_boxes_without_area_overlap_nothing_and_divide_by_nothing() -> None:
    points = np.array([[1.0, 1, 1, 1]])
    with np.errstate(all="raise"):
        for overlap in (iou, giou, diou):
            assert overlap(points, points).tolist() == [0]


def test_a_detection_inside_a_crowd_overlaps_it_wholly() -> None:
    crowd, inside = np.array([[0.0, 0, 100, 100]]), np.array([[10.0, 10, 20, 20]])
    assert pairwise_iou(inside, crowd).tolist() == [[0.01]]
    assert pairwise_iou(inside, crowd, [True]).tolist() == [[1]]
    with pytest.raises(BadInput, match="1 boxes have 2 crowd flags"):
        pairwise_iou(inside, crowd, [True, False])


def greedy(boxes_n4: Array, scores: list[int], classes: list[int], images: list[int], threshold: float) -> list[int]:
    """Suppression word by word."""
    order = sorted(range(len(scores)), key=lambda each: (-scores[each], each))
    kept: list[int] = []
    for each in order:
        rivals = [one for one in kept if classes[one] == classes[each] and images[one] == images[each]]
        if all(iou(boxes_n4[one], boxes_n4[each]) <= threshold for one in rivals):
            kept.append(each)
    return sorted(kept, key=lambda each: (images[each], -scores[each], each))


@BOXES
@given(boxes(25), st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.data())
def test_suppression_is_greedy_by_class_and_image_with_ties_in_order(
    boxes_n4: Array, threshold: float, data: st.DataObject
) -> None:
    def draw(most: int) -> list[int]:
        return data.draw(st.lists(st.integers(0, most), min_size=len(boxes_n4), max_size=len(boxes_n4)))

    scores, classes, images = draw(5), draw(1), draw(2)
    kept = nms(boxes_n4, scores, threshold, class_n=classes, image_n=images)
    assert kept.tolist() == greedy(boxes_n4, scores, classes, images, threshold)


def test_suppression_is_greedy_for_more_boxes_than_are_compared_at_once() -> None:
    random = np.random.default_rng(0)
    corners = random.uniform(0, 300, (700, 2))
    boxes_n4 = np.hstack([corners, corners + random.uniform(5, 60, (700, 2))])
    scores, classes = random.permutation(700).tolist(), [0] * 650 + [1] * 50
    assert nms(boxes_n4, scores, 0.3, class_n=classes).tolist() == greedy(boxes_n4, scores, classes, [0] * 700, 0.3)


def test_a_suppressed_box_suppresses_nothing() -> None:
    chain = np.array([[0.0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]])
    assert nms(chain, [0.9, 0.8, 0.7], 0.3).tolist() == [0, 2]


@pytest.mark.parametrize("scores", [[0.5], [0.5, np.nan], [[0.5, 0.5]]])
def test_scores_that_do_not_fit_are_refused(scores: list[float]) -> None:
    with pytest.raises(BadInput, match="2 boxes need as many finite scores"):
        nms(np.zeros((2, 4)), scores)
    with pytest.raises(BadInput, match="2 boxes have 1 classes"):
        nms(np.zeros((2, 4)), [0.5, 0.5], class_n=[1])


@given(
    npst.arrays(
        np.float32, st.tuples(st.integers(0, 3), st.integers(0, 3), st.just(4)), elements=st.floats(0, 9, width=32)
    )
)
def test_leading_dimensions_are_kept(boxes_nm4: NDArray[np.float32]) -> None:
    assert from_cxcywh(boxes_nm4).shape == boxes_nm4.shape
    assert area(boxes_nm4).shape == boxes_nm4.shape[:-1]
    assert clip(boxes_nm4, 5, 5).changed_n.shape == boxes_nm4.shape[:-1]
