"""Boxes, masks and attributes say what is drawn."""

from __future__ import annotations

from collections import Counter

import numpy as np

from sabbatical.sim.world import CLASSES, Frame, Mix, stream
from sabbatical.sim.world.frame import MIN_LONG_PX, MIN_SHORT_PX, MIN_VISIBLE, OCCLUDED_BELOW


def test_boxes_are_the_tight_frames_of_their_masks(frames: list[Frame]) -> None:
    for frame in frames:
        rows, width = frame.image_hwc.shape[:2]
        for thing in frame.things:
            x0, y0, x1, y1 = thing.box
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= rows
            assert thing.mask_hw.shape == (y1 - y0, x1 - x0)
            assert thing.mask_hw[0].any() and thing.mask_hw[-1].any()
            assert thing.mask_hw[:, 0].any() and thing.mask_hw[:, -1].any()


def test_no_pixel_belongs_to_two_things(frames: list[Frame]) -> None:
    for frame in frames:
        owned_hw = np.zeros(frame.image_hwc.shape[:2], dtype=int)
        for thing in frame.things:
            x0, y0, x1, y1 = (int(value) for value in thing.box)
            owned_hw[y0:y1, x0:x1] += thing.mask_hw
        assert owned_hw.max(initial=0) <= 1


def test_what_is_hidden_or_tiny_is_left_out(frames: list[Frame]) -> None:
    things = [thing for frame in frames for thing in frame.things]
    assert all(MIN_VISIBLE <= thing.visible <= 1 for thing in things)
    sides = [sorted((thing.box[2] - thing.box[0], thing.box[3] - thing.box[1])) for thing in things]
    assert min(short for short, _ in sides) >= MIN_SHORT_PX
    assert min(long for _, long in sides) >= MIN_LONG_PX
    assert any(thing.visible < 0.5 for thing in things), "partly hidden things must occur"


def test_occluded_follows_the_visible_share(frames: list[Frame]) -> None:
    things = [thing for frame in frames for thing in frame.things]
    assert all(thing.occluded == (thing.visible < OCCLUDED_BELOW) for thing in things)
    assert 0.1 < np.mean([thing.occluded for thing in things]) < 0.5


def test_size_follows_distance(frames: list[Frame]) -> None:
    """A whole adult's height in pixels times the distance over the focal length is an adult's height in metres."""
    metres = [
        (thing.box[3] - thing.box[1]) * thing.distance / frame.camera.focal
        for frame in frames
        if frame.camera.kind == "kerb"
        for thing in frame.things
        if thing.label == "adult" and thing.visible > 0.98 and frame.weather != "rain"  # no umbrellas
    ]
    assert len(metres) > 10
    assert np.quantile(metres, 0.1) > 1.4 and np.quantile(metres, 0.9) < 2.2


def test_children_are_smaller_than_adults_at_the_same_distance(frames: list[Frame]) -> None:
    metres = {
        label: [
            (thing.box[3] - thing.box[1]) * thing.distance / frame.camera.focal
            for frame in frames
            if frame.camera.kind in ("kerb", "shop") and frame.weather != "rain"
            for thing in frame.things
            if thing.label == label and thing.visible > 0.98
        ]
        for label in ("adult", "child")
    }
    assert np.quantile(metres["child"], 0.9) < np.quantile(metres["adult"], 0.1)


def test_only_vehicles_park_and_what_parks_does_not_move(frames: list[Frame]) -> None:
    parked = [thing for frame in frames for thing in frame.things if thing.parked]
    assert parked
    assert all(thing.label in ("car", "truck", "bus") and thing.speed == 0 for thing in parked)


def test_every_class_has_several_looks(frames: list[Frame]) -> None:
    kinds = {label: {t.kind for f in frames for t in f.things if t.label == label} for label in CLASSES}
    assert {label: len(found) for label, found in kinds.items() if label not in ("adult", "child")} == {
        "car": 5, "truck": 3, "bus": 3, "light": 3, "sign": 8,
    }  # fmt: skip


def test_all_classes_are_frequent_and_a_frame_is_neither_empty_nor_crowded(frames: list[Frame]) -> None:
    images = Counter(label for frame in frames for label in {thing.label for thing in frame.things})
    assert set(images) == set(CLASSES)
    assert min(images.values()) > 0.3 * len(frames)
    counts = [len(frame.things) for frame in frames]
    assert np.quantile(counts, 0.05) >= 3 and np.quantile(counts, 0.95) <= 14


def test_class_weights_decide_what_is_put_into_the_street() -> None:
    only = Mix("cars", classes={"car": 1.0})
    labels = {thing.label for frame in stream(1, 8, 1, only) for thing in frame.things}
    assert labels == {"car"}
