"""Predictions are the same alone, in a batch, again, and from an exported file."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from sabbatical.core.errors import BadFile
from sabbatical.learning.config import HeadName
from sabbatical.learning.detector import Detector
from sabbatical.learning.export import export_onnx, parity
from sabbatical.learning.onnx_runner import OnnxRunner
from sabbatical.learning.predict import Detections, predict
from sabbatical.learning.runners import TorchRunner
from tests.learning.shapes import TINY, config_of, draw

SIZES = ((64, 64), (50, 200), (300, 90), (1, 1), (64, 63))
IMAGES = [
    np.random.default_rng(index).integers(0, 255, (*size, 3)).astype(np.uint8) for index, size in enumerate(SIZES)
]


def talkative(head: HeadName = "centre", places: int = 300) -> Detector:
    """A detector with random weights that finds many things."""
    torch.manual_seed(1)
    detector = Detector(config_of(replace(TINY, head=head, places=places)))
    last = detector.get_submodule("head.heat" if head == "centre" else "head.scores")
    assert isinstance(last, torch.nn.Conv2d) and last.bias is not None
    torch.nn.init.normal_(last.weight, std=0.5)
    torch.nn.init.constant_(last.bias, -1.0)
    with torch.no_grad():
        for _ in range(30):  # norms learn the spread of their inputs, else all places would be nearly equal
            detector.train()(torch.randint(0, 255, (4, 64, 64, 3), dtype=torch.uint8))
    return detector.eval()


def same(one: Detections, two: Detections, *, within: float = 0.0) -> None:
    np.testing.assert_array_equal(one.classes_n, two.classes_n)
    np.testing.assert_allclose(one.scores_n, two.scores_n, atol=within)
    np.testing.assert_allclose(one.boxes_n4, two.boxes_n4, atol=within * 1000)


@pytest.mark.parametrize("head", ["centre", "anchor"])
def test_an_image_gets_the_same_detections_alone_in_a_batch_and_again(head: HeadName) -> None:
    runner = TorchRunner(talkative(head))
    together = predict(runner, IMAGES, batch=3)
    for image, found, again in zip(IMAGES, together, predict(runner, IMAGES, batch=3), strict=True):
        same(found, again)
        same(found, predict(runner, [image])[0], within=1e-5)
    assert sum(map(len, together)) > 50


def test_detections_lie_in_their_image_best_first_and_without_doubles() -> None:
    for image, found in zip(IMAGES, predict(TorchRunner(talkative(places=20)), IMAGES), strict=True):
        height, width = image.shape[:2]
        assert len(found) <= 20
        assert (found.boxes_n4 >= 0).all() and (found.boxes_n4 <= [width, height, width, height]).all()
        assert (found.boxes_n4[:, 2:] > found.boxes_n4[:, :2]).all()
        assert (np.diff(found.scores_n) <= 0).all()


def test_no_images_have_no_detections() -> None:
    assert predict(TorchRunner(talkative()), []) == []


@pytest.mark.parametrize("head", ["centre", "anchor"])
def test_an_exported_detector_says_the_same_for_any_number_of_images(head: HeadName, tmp_path: Path) -> None:
    detector = talkative(head)
    export_onnx(tmp_path / "model.onnx", detector)
    for count in (1, 2, 5):
        pixels = torch.randint(0, 255, (count, 64, 64, 3), dtype=torch.uint8)
        found = parity(tmp_path / "model.onnx", detector, pixels)
        assert found.places > 50 * count and found.good and found.difference < 1e-4
    runner = OnnxRunner(tmp_path / "model.onnx", threads=1)
    assert runner.config == detector.config
    scene = [draw(3)[0]]
    theirs, ours = predict(runner, scene)[0].above(0.5), predict(TorchRunner(detector), scene)[0].above(0.5)
    assert len(ours) > 2
    same(theirs, ours, within=1e-4)


def test_a_damaged_export_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(BadFile, match="cannot be read"):
        OnnxRunner(tmp_path / "model.onnx")


def test_an_exported_detector_runs_without_torch() -> None:
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import sabbatical.learning.onnx_runner, sabbatical.learning.predict, sabbatical.learning.recipe"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_thresholds_are_one_for_all_or_one_a_class() -> None:
    found = Detections(np.zeros((3, 4), np.float32), np.array([0, 1, 1]), np.array([0.9, 0.6, 0.2], np.float32))
    assert found.above(0.5).scores_n.tolist() == pytest.approx([0.9, 0.6])
    assert found.above(np.array([0.95, 0.1], np.float32)).classes_n.tolist() == [1, 1]
