"""Run-length codes and polygons give what pycocotools gives, to the character and the pixel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pycocotools import mask as coco

from sabbatical.core.errors import BadInput
from sabbatical.geometry import (
    Rle,
    as_polygon,
    box_rle,
    instance_boxes,
    mask_boxes,
    merge,
    polygon_rle,
    polygons_rle,
    rle_iou,
    to_xywh,
)

MASKS = settings(max_examples=150, deadline=None)
Mask = NDArray[np.bool_]


@st.composite
def masks(draw: st.DrawFn, size: tuple[int, int] | None = None) -> Mask:
    height, width = size or (draw(st.integers(1, 40)), draw(st.integers(1, 40)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    mask: Mask = rng.random((height, width)) < draw(st.sampled_from([0.0, 0.02, 0.3, 0.7, 0.98, 1.0]))
    if draw(st.booleans()):  # long runs, as real masks have
        mask = np.kron(mask, np.ones((9, 13), dtype=bool))[:height, :width]
    return mask


@st.composite
def mask_lists(draw: st.DrawFn) -> tuple[list[Mask], list[Mask], list[bool]]:
    size = draw(st.integers(1, 25)), draw(st.integers(1, 25))
    first = draw(st.lists(masks(size), min_size=1, max_size=4))
    second = draw(st.lists(masks(size), min_size=1, max_size=4))
    return first, second, draw(st.lists(st.booleans(), min_size=len(second), max_size=len(second)))


def theirs(mask: Mask) -> dict[str, Any]:
    encoded: dict[str, Any] = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
    return encoded


def text(rle: Rle) -> bytes:
    counts: str = rle.to_coco()["counts"]
    return counts.encode()


@MASKS
@given(masks())
@example(np.ones((1, 1), dtype=bool))
@example(np.array([[0, 1], [0, 0], [1, 0]], dtype=bool))  # one run from the foot of a column to the head of the next
def test_codes_areas_and_boxes(mask: Mask) -> None:
    rle, other = Rle.encode(mask), theirs(mask)
    assert text(rle) == other["counts"]
    assert rle.to_coco()["size"] == other["size"]
    assert rle.area == coco.area(other) == mask.sum()
    assert to_xywh(rle.box_4).tolist() == coco.toBbox(other).tolist()
    assert np.array_equal(mask_boxes(mask[None])[0], rle.box_4)
    for counts in (other["counts"], other["counts"].decode(), rle.counts_r.tolist()):
        again = Rle.from_coco({"size": other["size"], "counts": counts})
        assert again == rle
        assert np.array_equal(again.decode(), mask)


@MASKS
@given(st.lists(st.integers(0, 2**31), min_size=1, max_size=40))
def test_codes_of_runs_of_any_length(runs: list[int]) -> None:
    rle = Rle(sum(runs), 1, np.array(runs))
    assert Rle.from_coco(rle.to_coco()).counts_r.tolist() == runs
    short = [run % 2**23 for run in runs]  # pycocotools has room for six characters a run, and writes past it
    (other,) = coco.frPyObjects([{"size": [4, 4], "counts": short}], 4, 4)
    assert text(Rle(sum(short), 1, np.array(short))) == other["counts"]


@MASKS
@given(mask_lists())
def test_overlaps_with_and_without_crowds_and_merges(lists: tuple[list[Mask], list[Mask], list[bool]]) -> None:
    first, second, crowd = lists
    a, b = [Rle.encode(mask) for mask in first], [Rle.encode(mask) for mask in second]
    their_a, their_b = [theirs(mask) for mask in first], [theirs(mask) for mask in second]
    assert np.allclose(rle_iou(a, b, crowd), coco.iou(their_a, their_b, crowd), rtol=0, atol=1e-12)
    assert np.allclose(rle_iou(a, b), coco.iou(their_a, their_b, [0] * len(b)), rtol=0, atol=1e-12)
    for intersect in (False, True):
        assert text(merge(a + b, intersect=intersect)) == coco.merge(their_a + their_b, intersect)["counts"]


@st.composite
def polygons(draw: st.DrawFn) -> tuple[list[float], int, int]:
    height, width = draw(st.integers(1, 50)), draw(st.integers(1, 50))
    step = draw(st.sampled_from([1.0, 0.5, 0.2, 0.1, 0.013]))
    one = st.integers(round(-width / step), round(2 * width / step)).map(lambda value: value * step)
    other = st.integers(round(-height / step), round(2 * height / step)).map(lambda value: value * step)
    points = draw(st.lists(st.tuples(one, other), min_size=3, max_size=12))
    return [value for point in points for value in point], height, width


@settings(max_examples=500, deadline=None)
@given(polygons())
@example(([0, 0, 0, 8, 8, 8, 8, 0], 8, 8))
@example(([-5, -5, -5, 20, 20, 20, 20, -5], 8, 8))
@example(([1, 1, 1, 1, 1, 1], 8, 8))
@example(([11.6, 9.8, 20.6, 1.0, 3.8, 11.8], 46, 28))  # half-way points, rounded from one end or the other
@example(([16.4, 12.4, 16.0, 2.0, 34.4, 1.4], 46, 36))
def test_polygons_pixel_for_pixel(case: tuple[list[float], int, int]) -> None:
    points, height, width = case
    assert text(polygon_rle(points, height, width)) == coco.frPyObjects([points], height, width)[0]["counts"]


@MASKS
@given(st.lists(polygons(), min_size=1, max_size=4))
def test_several_polygons_of_one_object(cases: list[tuple[list[float], int, int]]) -> None:
    _, height, width = cases[0]
    parts = [points for points, _, _ in cases]
    other = coco.merge(coco.frPyObjects(parts, height, width))
    assert text(polygons_rle(parts, height, width)) == other["counts"]


def test_no_polygons_are_an_empty_mask() -> None:
    assert polygons_rle([], 4, 5).area == 0


def test_a_box_becomes_the_pixels_inside_it() -> None:
    mask = box_rle([1, 2, 4, 6], 8, 9).decode()
    assert mask.sum() == 12
    assert mask[2:6, 1:4].all()


@pytest.mark.parametrize(
    ("polygon", "words"),
    [
        ([1, 2, 3], "at least 3 points"),
        ([1, 2, 3, 4], "at least 3 points"),
        ([0, 0, 1, float("nan"), 3, 3], "not a number"),
        ([0, 0, 1e9, 0, 3, 3], "100,000 pixels away"),
        (["x", 0, 1, 1, 2, 2], "should be numbers"),
    ],
)
def test_a_damaged_polygon_is_refused(polygon: list[Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        as_polygon(polygon)


@pytest.mark.parametrize(
    ("damaged", "words"),
    [
        ({"size": [2, 2], "counts": [1, 2]}, r"add up to 3 pixels.*2 x 2"),
        ({"size": [2, 2], "counts": [5, -1]}, "negative"),
        ({"size": [2], "counts": [4]}, "An RLE mask is"),
        ({"counts": [4]}, "An RLE mask is"),
        ({"size": [2, 2], "counts": ["a"]}, "whole numbers"),
        ({"size": [2, 2], "counts": "T"}, "damaged"),
        ({"size": [2, 2], "counts": "\x7f"}, "damaged"),
        ({"size": [2, 2], "counts": " "}, "damaged"),
        ({"size": [2, 2], "counts": "é"}, "damaged|add up"),
        ({"size": [2, 2], "counts": "PPPPPPPP0"}, "longer than any image"),
        ({"size": [2, 2], "counts": ""}, "add up to 0"),
    ],
)
def test_a_damaged_code_is_refused(damaged: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Rle.from_coco(damaged)


def test_masks_of_different_sizes_are_not_compared() -> None:
    a, b = Rle.encode(np.ones((2, 3))), Rle.encode(np.ones((3, 2)))
    with pytest.raises(BadInput, match="2 x 3, 3 x 2"):
        rle_iou([a], [b])
    with pytest.raises(BadInput, match="of one size"):
        merge([])
    with pytest.raises(BadInput, match="1 masks have 2 crowd flags"):
        rle_iou([a], [a], [True, False])
    assert a != b


def test_equal_masks_are_equal_however_their_runs_are_written() -> None:
    plain = Rle(1, 6, np.array([1, 2, 3]))
    odd = Rle(1, 6, np.array([1, 1, 0, 1, 3, 0]))
    assert plain == odd
    assert hash(plain) == hash(odd)
    assert odd.box_4.tolist() == [1, 0, 3, 1]


def test_no_masks_have_no_overlap() -> None:
    assert rle_iou([], [Rle.encode(np.ones((2, 2)))]).shape == (0, 1)
    assert mask_boxes(np.zeros((0, 4, 4))).shape == (0, 4)
    assert mask_boxes(np.zeros((2, 0, 0))).tolist() == [[0, 0, 0, 0]] * 2
    assert Rle.encode(np.zeros((0, 5))).decode().shape == (0, 5)


@MASKS
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30))
def test_boxes_of_a_map_of_instances_are_those_of_its_masks(seed: int, height: int, width: int) -> None:
    instances = np.random.default_rng(seed).integers(0, 6, (height, width)) * 7
    ids, boxes = instance_boxes(instances)
    assert ids.tolist() == sorted(set(instances.ravel().tolist()) - {0})
    assert np.array_equal(boxes, mask_boxes(instances == ids[:, None, None]))


@pytest.mark.data("coco-permissive")
def test_masks_of_real_images_are_the_same(mirror: Path) -> None:
    document = json.loads((mirror / "coco-permissive" / "annotations.json").read_text())
    sizes = {image["id"]: (image["height"], image["width"]) for image in document["images"]}
    crowds = 0
    for annotation in document["annotations"]:
        height, width = sizes[annotation["image_id"]]
        shape = annotation["segmentation"]
        if isinstance(shape, dict):
            ours, other = Rle.from_coco(shape), coco.frPyObjects(shape, height, width)
            crowds += 1
        else:
            ours, other = polygons_rle(shape, height, width), coco.merge(coco.frPyObjects(shape, height, width))
        assert text(ours) == other["counts"]
        assert ours.area == coco.area(other)
        assert to_xywh(ours.box_4).tolist() == coco.toBbox(other).tolist()
    assert len(document["annotations"]) > 500
    assert crowds > 0
