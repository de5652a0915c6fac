"""AP and recall are those of COCO, and those of its reference on the judged images where labels are partial."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sabbatical.core.errors import BadInput
from sabbatical.metrics import matching
from sabbatical.metrics.average_precision import coco_numbers, resampled_ap
from sabbatical.metrics.columns import Detections, Truths
from sabbatical.metrics.matching import match
from sabbatical.metrics.resampling import Tally
from tests.stages.evaluate.coco_reference import assert_equal_to_reference, minus_one, reference


def crowded_world(seed: int, images: int, classes: int, detections: int, truths: int) -> tuple[Detections, Truths]:
    """Boxes on a coarse grid with few score levels: overlaps, equal IoUs and equal scores are common."""
    rng = np.random.default_rng(seed)

    def boxes(n: int) -> np.ndarray:
        scale = rng.choice([4.0, 16.0, 40.0], (n, 1))
        corner, side = rng.integers(0, 4, (n, 2)) * scale, rng.integers(1, 5, (n, 2)) * scale
        return np.concatenate([corner, corner + side], axis=1)

    truth_boxes, truth_class = boxes(truths), rng.integers(0, classes, truths)
    truth_image = np.sort(rng.integers(0, images, truths))
    copies = rng.random(detections) < 0.6 if truths else np.zeros(detections, bool)
    source = rng.integers(0, max(1, truths), detections)
    found = boxes(detections)
    image, klass = rng.integers(0, images, detections), rng.integers(0, classes, detections)
    found[copies] = truth_boxes[source[copies]] + rng.integers(-1, 2, (int(copies.sum()), 4)) * [0, 0, 1, 1]
    image[copies], klass[copies] = truth_image[source[copies]], truth_class[source[copies]]
    score = rng.integers(0, 8, detections) / 8
    area = (
        (truth_boxes[:, 2] - truth_boxes[:, 0]) * (truth_boxes[:, 3] - truth_boxes[:, 1]) * rng.choice([0.5, 1], truths)
    )
    crowd = rng.random(truths) < 0.2
    return (
        Detections.of(found, image, klass, score),
        Truths.of_classes(truth_boxes, truth_image, truth_class, classes, crowd=crowd, area=area),
    )


worlds = st.builds(
    lambda seed, images, classes, m, n: (images, classes, *crowded_world(seed, images, classes, m, n)),
    st.integers(0, 2**32 - 1),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 60),
    st.integers(0, 30),
)


@given(worlds)
@settings(max_examples=80, deadline=None)
def test_every_number_equals_pycocotools_with_crowds_ties_and_sizes(world: tuple[int, int, Detections, Truths]) -> None:
    images, classes, detections, truths = world
    assert_equal_to_reference(detections, truths, images, classes)


def test_the_limit_of_detections_keeps_the_best_of_each_cell_as_pycocotools_does() -> None:
    detections, truths = crowded_world(3, images=2, classes=2, detections=900, truths=40)
    assert_equal_to_reference(detections, truths, 2, 2)


def test_chunked_work_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    detections, truths = crowded_world(5, images=20, classes=3, detections=900, truths=300)
    whole = match(detections, truths, np.ones((20, 3), bool))
    monkeypatch.setattr(matching, "PAIRS_AT_ONCE", 7)
    monkeypatch.setattr(matching, "CHOICES_AT_ONCE", 200)
    chunked = match(detections, truths, np.ones((20, 3), bool))
    np.testing.assert_array_equal(whole.found_atc, chunked.found_atc)
    np.testing.assert_array_equal(whole.overlapping_c, chunked.overlapping_c)


@given(worlds, st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_partly_labeled_data_equal_the_reference_on_the_images_that_judge_each_class(
    world: tuple[int, int, Detections, Truths], seed: int
) -> None:
    images, classes, detections, truths = world
    judged_ik = np.random.default_rng(seed).random((images, classes)) < 0.6
    ours = coco_numbers(match(detections, truths, judged_ik))
    for k in range(classes):
        judges = np.flatnonzero(judged_ik[:, k]).tolist()
        if not judges:
            assert np.isnan(ours.precision_atrk[..., k]).all()
            continue
        theirs = reference(detections, truths, images, classes, only=(judges, [k]))
        expected_atr = theirs.eval["precision"][:, :, 0, :, -1].transpose(2, 0, 1)
        np.testing.assert_allclose(minus_one(ours.precision_atrk[..., k]), expected_atr, atol=1e-9)
        expected_amt = theirs.eval["recall"][:, 0].transpose(1, 2, 0)
        np.testing.assert_allclose(minus_one(ours.recall_amtk[..., k]), expected_amt, atol=1e-9)


def test_a_coarse_label_neither_rewards_nor_punishes_a_finer_class() -> None:
    person, adult = 0, 1
    truths = Truths.of([[0, 0, 10, 10], [50, 50, 60, 60]], [0, 0], [[1, 0], [1, 1]], [[1, 0], [1, 1]])
    found = Detections.of(
        [[0, 0, 10, 10], [50, 50, 60, 60], [0, 0, 10, 10]], [0, 0, 0], [adult, adult, person], [0.9, 0.8, 0.7]
    )
    matches = match(found, truths, np.ones((1, 2), bool))
    a, t = matches.at(0.5)
    by_detection = dict(zip(matches.detection_d.tolist(), matches.outcomes(a, t).tolist(), strict=True))
    assert by_detection == {0: -1, 1: 1, 2: 1}
    assert matches.truths(a).tolist() == [2, 1]
    assert [(matches.truth_g[g], matches.class_g[g]) for g in matches.missed(a, t)] == [(1, person)]


def test_a_region_to_ignore_swallows_any_number_of_detections() -> None:
    truths = Truths.of([[0, 0, 100, 100]], [0], [[0, 0]], [[0, 0]], crowd=[True])
    found = Detections.of(
        [[0, 0, 20, 20], [30, 30, 50, 50], [200, 200, 220, 220]], [0, 0, 0], [0, 1, 1], [0.9, 0.8, 0.7]
    )
    matches = match(found, truths, np.ones((1, 2), bool))
    assert dict(zip(matches.detection_d.tolist(), matches.outcomes(0, 0).tolist(), strict=True)) == {0: -1, 1: -1, 2: 0}


@given(worlds, st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_weighing_an_image_twice_is_the_same_as_having_it_twice(
    world: tuple[int, int, Detections, Truths], seed: int
) -> None:
    images, classes, detections, truths = world
    # Equal scores of different images have no order of their own; distinct ones make copies comparable.
    order = np.random.default_rng(seed).permutation(len(detections.score_m))
    detections = Detections(detections.boxes_m4, detections.image_m, detections.class_m, order / max(1, len(order)))
    weights_bu = np.random.default_rng(seed).integers(0, 4, (3, images)).astype(float)
    unit_i = np.arange(images)
    matches = match(detections, truths, np.ones((images, classes), bool))
    for b, weights_i in enumerate(weights_bu.astype(int)):
        times = np.repeat(unit_i, weights_i)
        d = np.concatenate([np.flatnonzero(detections.image_m == i) for i in times] or [[]]).astype(int)
        n = np.concatenate([np.flatnonzero(truths.image_n == i) for i in times] or [[]]).astype(int)
        copy_d = np.concatenate([np.full((detections.image_m == i).sum(), c) for c, i in enumerate(times)] or [[]])
        copy_n = np.concatenate([np.full((truths.image_n == i).sum(), c) for c, i in enumerate(times)] or [[]])
        copied = match(
            Detections.of(detections.boxes_m4[d], copy_d, detections.class_m[d], detections.score_m[d]),
            Truths.of(
                truths.boxes_n4[n], copy_n, truths.positive_nk[n], crowd=truths.crowd_n[n], area=truths.area_n[n]
            ),
            np.ones((max(1, len(times)), classes), bool),
        )
        expected_atk = coco_numbers(copied).ap_atk
        for a in range(4):
            counted = ~matches.ignored_ag[a]
            tally = Tally.of(matches.class_g[counted], matches.image_g[counted], classes)
            ours_tbk = resampled_ap(matches, a, range(10), weights_bu, unit_i, tally.weigh(weights_bu))
            np.testing.assert_allclose(ours_tbk[:, b], expected_atk[a], atol=1e-9)


@pytest.mark.data("bccd")
def test_bccd_with_simulated_detections_equals_pycocotools(mirror: Path) -> None:
    data = json.loads((mirror / "bccd" / "annotations.json").read_text())
    images = {image["id"]: i for i, image in enumerate(data["images"])}
    classes = {row["id"]: k for k, row in enumerate(data["categories"])}
    boxes = np.array([a["bbox"] for a in data["annotations"]], float)
    boxes[:, 2:] += boxes[:, :2]
    image = np.array([images[a["image_id"]] for a in data["annotations"]])
    klass = np.array([classes[a["category_id"]] for a in data["annotations"]])
    area = [a["area"] for a in data["annotations"]]
    truths = Truths.of_classes(boxes, image, klass, len(classes), area=area)
    rng = np.random.default_rng(0)
    n = len(boxes)
    sides = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
    near = boxes + rng.normal(0, 0.08, (n, 4)) * sides
    near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
    kept = rng.random(n) < 0.85
    ghosts = rng.integers(0, n, n // 2)
    found = Detections.of(
        np.concatenate([near[kept], boxes[ghosts] + rng.normal(0, 60, (n // 2, 1))]),
        np.concatenate([image[kept], image[ghosts]]),
        np.concatenate([np.where(rng.random(n) < 0.05, 0, klass)[kept], klass[ghosts]]),
        np.concatenate([rng.beta(4, 2, kept.sum()), rng.beta(1, 5, n // 2)]),
    )
    assert_equal_to_reference(found, truths, len(images), len(classes))


def test_columns_that_do_not_fit_are_refused_with_the_column_and_the_range() -> None:
    truths = Truths.of_classes([[0, 0, 1, 1]], [0], [0], 2)
    good = Detections.of([[0, 0, 1, 1]], [0], [1], [0.5])
    with pytest.raises(BadInput, match=r"detections.class: .*0\.\.0"):
        match(good, truths.take(np.zeros(0, int)), np.ones((1, 1), bool))
    with pytest.raises(BadInput, match="score"):
        match(Detections.of([[0, 0, 1, 1]], [0], [1], [np.nan]), truths, np.ones((1, 2), bool))
    with pytest.raises(BadInput, match="2 columns for 3 classes"):
        match(good, truths, np.ones((1, 3), bool))
    with pytest.raises(BadInput, match="image has 2 rows for 1 boxes"):
        match(Detections.of([[0, 0, 1, 1]], [0, 0], [1], [0.5]), truths, np.ones((1, 2), bool))


def test_nothing_found_is_zero_and_nothing_to_find_is_not_a_number() -> None:
    none = Detections.of([], [], [], [])
    numbers = coco_numbers(match(none, Truths.of_classes([[0, 0, 50, 50]], [0], [0], 2), np.ones((1, 2), bool)))
    assert numbers.ap_atk[0, :, 0].tolist() == [0.0] * 10
    assert np.isnan(numbers.ap_atk[0, :, 1]).all()
    assert numbers.summary()["ap"] == 0
