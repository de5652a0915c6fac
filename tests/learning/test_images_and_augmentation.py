"""Images reach the network whole, boxes stay on their objects, and nothing is learned from what a crop cut away."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from sabbatical.core.errors import BadFile
from sabbatical.learning.augmentation import NONE, Augmentation, augment
from sabbatical.learning.cache import Cached, shrunk
from sabbatical.learning.images import GREY, place, read_image
from sabbatical.learning.samples import CUT, Sample
from tests.learning.shapes import Shapes

STRONG = Augmentation(flip=0.5, flip_vertical=0.5, zoom=(0.4, 2.5), colour=0.0, keep_visible=0.99)


def spot(height: int, width: int, box: tuple[int, int, int, int]) -> Sample:
    """A black image with one white box."""
    image_hwc = np.zeros((height, width, 3), np.uint8)
    image_hwc[box[1] : box[3], box[0] : box[2]] = 255
    return Sample(image_hwc, np.array([box], np.float32), np.array([0]), 0, "spot")


@given(
    height=st.integers(40, 300),
    width=st.integers(40, 300),
    seed=st.integers(0, 10_000),
    corner=st.tuples(st.floats(0, 0.6), st.floats(0, 0.6)),
)
def test_boxes_stay_on_their_objects_whatever_the_flip_zoom_and_crop(
    height: int, width: int, seed: int, corner: tuple[float, float]
) -> None:
    x, y = int(corner[0] * width), int(corner[1] * height)
    sample = spot(height, width, (x, y, x + width // 3, y + height // 3))
    changed = augment(sample, (96, 128), STRONG, np.random.default_rng(seed))
    assert changed.image_hwc.shape == (96, 128, 3)
    if 0 in changed.labels_n:
        rows, columns = np.nonzero(changed.image_hwc[:, :, 0] > GREY + 20)
        seen = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        np.testing.assert_allclose(changed.boxes_n4[0], seen, atol=1.5)


def test_an_object_mostly_cropped_away_becomes_a_region_that_says_nothing() -> None:
    sample = spot(100, 100, (0, 0, 40, 40))
    _, placement = place(sample.image_hwc, (100, 100), zoom=2.0, shift=(0.3, 0.3))
    assert placement.to_canvas(sample.boxes_n4)[0].tolist() == [-30, -30, 50, 50]
    zoomed = replace(NONE, zoom=(2.0, 2.0), keep_visible=0.5)
    labels = {tuple(augment(sample, (100, 100), zoomed, np.random.default_rng(seed)).labels_n) for seed in range(30)}
    assert labels == {(0,), (CUT,), ()}


def test_placements_lead_back_to_the_image() -> None:
    box_14 = np.array([[10, 20, 60, 50]], np.float32)
    for size in ((480, 640), (100, 30), (33, 257)):
        _, placement = place(np.zeros((*size, 3), np.uint8), (240, 320))
        np.testing.assert_allclose(placement.to_image(placement.to_canvas(box_14)), box_14, rtol=1e-5)


def test_the_whole_image_is_on_the_canvas_and_the_rest_is_grey() -> None:
    image_hwc, _ = place(np.full((50, 200, 3), 7, np.uint8), (240, 320))
    assert (image_hwc[80:160] == 7).all()
    assert (image_hwc[:79] == GREY).all() and (image_hwc[161:] == GREY).all()


def test_colours_change_and_boxes_do_not() -> None:
    sample = Shapes(1, [(0, 1)])[0]
    changed = augment(sample, (64, 64), replace(NONE, colour=0.5), np.random.default_rng(1))
    assert not np.array_equal(changed.image_hwc, sample.image_hwc)
    np.testing.assert_array_equal(changed.boxes_n4, sample.boxes_n4)


def test_a_cached_sample_is_the_same_from_memory_and_from_its_file() -> None:
    source = Shapes(4, [(0, 1)], size=(128, 256))
    cached = Cached(source, (64, 64), megabytes=3 * 32 * 64 * 3 / 1e6)
    first = [cached[index] for index in range(4)]
    again = [cached[index] for index in range(4)]
    assert [one is two for one, two in zip(first, again, strict=True)] == [True, True, True, False]
    np.testing.assert_array_equal(first[3].image_hwc, again[3].image_hwc)
    np.testing.assert_allclose(first[0].boxes_n4, source[0].boxes_n4 / 4)


def test_an_image_is_never_enlarged_for_the_cache() -> None:
    sample = spot(50, 50, (0, 0, 10, 10))
    assert shrunk(sample, (100, 100)) is sample


def test_a_truncated_image_is_refused_by_name(tmp_path: Path) -> None:
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(whole, "JPEG")
    file = tmp_path / "half.jpg"
    file.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    with pytest.raises(BadFile, match=r"half\.jpg: The image cannot be decoded"):
        read_image(file)
    with pytest.raises(BadFile, match="The image cannot be decoded"):
        read_image(b"no image at all")


def test_images_are_turned_as_their_exif_says(tmp_path: Path) -> None:
    image = Image.fromarray(np.zeros((20, 40, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "turned.jpg", exif=exif)
    assert read_image(tmp_path / "turned.jpg").shape == (40, 20, 3)


def test_a_jpeg_is_decoded_no_larger_than_needed(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((480, 640, 3), np.uint8)).save(tmp_path / "large.jpg")
    assert read_image(tmp_path / "large.jpg", at_least=(240, 320)).shape == (240, 320, 3)
    assert read_image(tmp_path / "large.jpg", at_least=(241, 321)).shape == (480, 640, 3)
