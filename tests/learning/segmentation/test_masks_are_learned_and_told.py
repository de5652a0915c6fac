"""A network learns the masks of every customer, says the same wherever it runs, and masks stay on their pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sabbatical.core.errors import BadInput, Interrupted
from sabbatical.core.progress import Progress, Quiet
from sabbatical.learning.augmentation import Augmentation, augment
from sabbatical.learning.cache import shrunk
from sabbatical.learning.detector import Detector
from sabbatical.learning.joined import Joined
from sabbatical.learning.masking import mask_tables
from sabbatical.learning.samples import CUT, EMPTY, Pixels, Sample
from sabbatical.learning.segmentation.export import export_masks
from sabbatical.learning.segmentation.instances import depths, things
from sabbatical.learning.segmentation.onnx_runner import OnnxMasks
from sabbatical.learning.segmentation.predict import segment
from sabbatical.learning.segmentation.recipe import Answer
from sabbatical.learning.segmentation.runners import TorchMasks
from sabbatical.learning.training import TrainedDetector, train_detector
from sabbatical.learning.weights import load_detector, save_detector
from sabbatical.taxonomy import Masking, SuperTaxonomy, Taxonomy, bank, masked_tables
from tests.learning.segmentation.painted import TINY, Painted, paint
from tests.learning.shapes import ALL, COARSE, DISC, FINE, FLAT, SQUARE, SUPER, Shapes, bank_of
from tests.learning.test_training_learns_and_resumes import StopAt

MIXED = Painted(96, [(0, None), (1, 0)])
"""Customer 0 draws squares as `flat`; customer 1 draws squares and discs."""
BANK = bank_of(COARSE, FINE)
PAIR = SuperTaxonomy.from_yaml("{super-taxonomy: shapes, classes: {square: {}, disc: {}}}")
BOTH = Taxonomy.from_document({"taxonomy": "t", "super-taxonomy": "shapes", "labels": {"s": "square", "d": "disc"}})
MASKINGS: tuple[Masking, ...] = ("tree", "none")


def train(recipe: Any, folder: Path, progress: Progress | None = None, **rest: Any) -> TrainedDetector:
    source, tables = rest.pop("source", MIXED), rest.pop("bank", BANK)
    return train_detector(
        source, tables, recipe.config_for(SUPER), recipe, folder=folder, progress=progress or Quiet(), **rest
    )


@pytest.mark.parametrize(("answer", "steps"), [("sigmoid", 60), ("softmax", 40)])
def test_what_one_customer_draws_is_seen_in_the_images_of_all(answer: Answer, steps: int, tmp_path: Path) -> None:
    trained = train(replace(TINY, answer=answer, steps=steps), tmp_path)
    shared, whole = np.zeros(len(SUPER)), np.zeros(len(SUPER))
    images, discs, maps = zip(*(paint(index) for index in range(1000, 1010)), strict=True)
    for found, discs_n, thing_hw in zip(segment(TorchMasks(trained.detector), images), discs, maps, strict=True):
        for k in (FLAT, SQUARE, DISC):
            wanted = np.isin(thing_hw, 1 + np.flatnonzero(discs_n == (k == DISC)))
            shared[k] += (wanted & (found.chance_khw[k] >= 0.5)).sum()
            whole[k] += (wanted | (found.chance_khw[k] >= 0.5)).sum()
    assert all(shared[k] >= 0.8 * whole[k] for k in (FLAT, SQUARE, DISC)), shared / whole


def test_a_run_killed_and_resumed_ends_with_the_same_bits_and_full_labels_are_plain_training(tmp_path: Path) -> None:
    short = replace(TINY, steps=5, batch=2, instances=True)
    drawn = {"source": Painted(96, [(0, 2)], instances=True), "bank": bank_of(ALL)}
    whole = train(short, tmp_path / "whole", **drawn)
    with pytest.raises(Interrupted):
        train(short, tmp_path / "killed", StopAt(2), **drawn)
    resumed = train(short, tmp_path / "killed", **drawn)
    assert_same_bits(whole.detector, resumed.detector)
    plain = [
        train_detector(
            Painted(96, [(0, 1)]), bank([masked_tables(PAIR, BOTH, masking)]), short.config_for(PAIR), short,
            folder=tmp_path / masking, progress=Quiet(),
        )
        for masking in MASKINGS
    ]  # fmt: skip
    assert_same_bits(plain[0].detector, plain[1].detector)


def assert_same_bits(one: Detector, other: Detector) -> None:
    states = one.state_dict(), other.state_dict()
    assert all(torch.equal(states[1][name], value) for name, value in states[0].items())


def test_an_export_and_a_file_of_weights_answer_as_the_network(tmp_path: Path) -> None:
    recipe = replace(TINY, canvas=(63, 95), answer="softmax", instances=True)
    network = Detector(recipe.config_for(SUPER)).eval()
    torch.nn.init.normal_(network.head.answer.weight, std=0.5)
    save_detector(tmp_path / "weights", network)
    export_masks(tmp_path / "masks.onnx", network)
    images = [np.random.default_rng(n).integers(0, 255, (40 + 30 * n, 100, 3)).astype(np.uint8) for n in range(3)]
    ours = list(segment(TorchMasks(network), images))
    for runner in (OnnxMasks(tmp_path / "masks.onnx", threads=1), TorchMasks(load_detector(tmp_path / "weights"))):
        for one, other, image_hwc in zip(ours, segment(runner, images, batch=2), images, strict=True):
            assert one.chance_khw.shape == (len(SUPER), *image_hwc.shape[:2])
            assert one.depth_hw is not None and other.depth_hw is not None
            np.testing.assert_allclose(other.chance_khw, one.chance_khw, atol=1e-4)
            np.testing.assert_allclose(other.depth_hw, one.depth_hw, atol=1e-4)


def test_several_networks_and_several_columns_of_a_class_answer_by_the_highest() -> None:
    def one(*class_c: int) -> Detector:
        network = Detector(TINY.config_for(SUPER, class_c)).eval()
        torch.nn.init.normal_(network.head.answer.weight)
        return network

    images = [paint(3)[0]]
    parts = [one(FLAT, DISC, FLAT), one(DISC)]
    alone = [next(segment(TorchMasks(each), images)).chance_khw for each in parts]
    both = next(segment(TorchMasks(Joined(parts)), images)).chance_khw
    np.testing.assert_array_equal(both, np.maximum(*alone))
    assert not both[SQUARE].any() and (both[FLAT] > 0).all()


def test_boxes_alone_and_heads_of_boxes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="Boxes alone"):
        train(TINY, tmp_path, source=Shapes(8, [(0, None)]))
    with pytest.raises(BadInput, match="models"):
        replace(TINY, answer="softmax", models="heads")


@given(seed=st.integers(0, 10_000), height=st.integers(20, 150), width=st.integers(20, 150))
def test_masks_stay_on_their_pictures_whatever_the_flip_zoom_and_crop(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    row_hw = np.kron(random.integers(-2, 3, (3, 4)), np.ones((-(-height // 3), -(-width // 4)))).astype(np.int16)
    row_hw = row_hw[:height, :width]
    grey_hw = ((row_hw + 2) * 40 + 20).astype(np.uint8)
    depth_hw = (row_hw / 4).astype(np.float16)
    sample = Sample(
        np.repeat(grey_hw[..., None], 3, 2), np.zeros((0, 4), np.float32), np.zeros(0, np.int64), 0, "map",
        Pixels(row_hw, depth_hw),
    )  # fmt: skip
    strong = Augmentation(flip=0.5, flip_vertical=0.5, zoom=(0.5, 2.5), colour=0.0)
    changed = augment(shrunk(sample, (90.0, 110.0)), (48, 64), strong, random)
    assert changed.pixels is not None and changed.pixels.depth_hw is not None
    # Where a picture is of one grey all around, it is not a blend of two, and its row is the one of this grey.
    shown_hw = changed.image_hwc[..., 0].astype(int)
    around = np.lib.stride_tricks.sliding_window_view(shown_hw, (5, 5)).reshape(44, 60, 25)
    pure_hw = (around == around[..., :1]).all(2) & np.isin(around[..., 0], np.arange(5) * 40 + 20)
    told_hw = changed.pixels.rows_hw[2:-2, 2:-2]
    np.testing.assert_array_equal(told_hw[pure_hw], (shown_hw[2:-2, 2:-2][pure_hw] - 20) // 40 - 2)
    np.testing.assert_array_equal(changed.pixels.depth_hw[2:-2, 2:-2][pure_hw], told_hw[pure_hw] / 4)
    outside = np.isnan(changed.pixels.depth_hw)
    assert (changed.pixels.rows_hw[outside] == CUT).all() and (changed.image_hwc[outside] == 114).all()


def test_touching_things_come_back_from_their_depths() -> None:
    y_hw, x_hw = np.mgrid[:60, :90]
    true_hw = np.zeros((60, 90), np.int32)
    for n, (x, y, radius) in enumerate([(20, 20, 14), (44, 22, 11), (22, 46, 12), (75, 40, 13), (80, 5, 2)], start=1):
        true_hw[((x_hw - x) ** 2 + (y_hw - y) ** 2 < radius**2) & (true_hw == 0)] = n
    found = things((true_hw > 0).astype(np.float32), depths(true_hw).astype(np.float32))
    assert len(found.score_n) == 5 and (found.score_n == 1).all()
    for n in range(1, 6):
        there = true_hw == n
        same = found.thing_hw == np.bincount(found.thing_hw[there]).argmax()
        assert (there & same).sum() > 0.9 * (there | same).sum()
    assert things(np.zeros((8, 8), np.float32), np.zeros((8, 8), np.float32)).thing_hw.max() == 0


def test_nothing_drawn_is_a_row_of_the_tables_counted_from_the_end() -> None:
    tables = mask_tables(BANK)
    rows = tables.target_trk.shape[1]
    assert (rows + EMPTY, rows + CUT) == (tables.background, tables.unassigned)
