"""A training that goes on keeps what was learned, class by class, and is as safe from a kill as any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sabbatical.core.errors import BadInput, Conflict, Interrupted
from sabbatical.core.progress import Progress, Quiet
from sabbatical.learning.config import DetectorConfig, HeadName
from sabbatical.learning.detector import Detector
from sabbatical.learning.heads import Outputs
from sabbatical.learning.order import Order
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.start import Carried, carry
from sabbatical.learning.training import TrainedDetector, train_detector
from tests.learning.shapes import COARSE, FINE, TINY, Shapes, bank_of, config_of
from tests.learning.test_training_learns_and_resumes import StopAt, bits

MIXED = Shapes(24, [(0, None), (1, 0)])
SHORT = replace(TINY, steps=8, fresh_weight=3.0, save_every=3)
FRESH = np.arange(6)


def train(
    recipe: DetectorRecipe, folder: Path, start: Detector | None, progress: Progress | None = None, **rest: Any
) -> TrainedDetector:
    fresh_n = rest.get("fresh_n", FRESH)
    bank, config, watched = bank_of(COARSE, FINE), config_of(recipe), progress or Quiet()
    return train_detector(MIXED, bank, config, recipe, folder=folder, progress=watched, start=start, fresh_n=fresh_n)


def detector(classes: Sequence[str], groups: Sequence[int], **fields: Any) -> Detector:
    """A detector with random weights, its outputs far from their start."""
    values = {"canvas": (64, 64), "widths": (8, 12, 16, 24, 32), "depths": (0,) * 4, "pyramid": (16, 16, 24, 32)}
    made = Detector(DetectorConfig(tuple(classes), tuple(groups), **(values | fields))).eval()
    for name in made.head.columns:
        torch.nn.init.normal_(getattr(made.head, name).weight)
        torch.nn.init.normal_(getattr(made.head, name).bias)
    return made


def outputs(one: Detector) -> Outputs:
    images_bhwc = torch.from_numpy(np.random.default_rng(5).integers(0, 255, (1, 64, 64, 3)).astype(np.uint8))
    with torch.inference_mode():
        found: Outputs = one(images_bhwc)
    return found


def by_class(one: Detector) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Logits and boxes of each class, by its name."""
    logits, boxes = outputs(one)
    if one.config.head == "anchor":
        return {n: (logits[..., k], boxes[:, :, one.config.group_k[k]]) for k, n in enumerate(one.config.classes)}
    sides = boxes.reshape(1, -1, 4, *boxes.shape[2:])
    return {name: (logits[:, k], sides[:, one.config.group_k[k]]) for k, name in enumerate(one.config.classes)}


@pytest.mark.parametrize("head", ["centre", "anchor"])
def test_classes_and_their_boxes_are_found_by_name_when_the_tree_has_changed(head: HeadName) -> None:
    old = detector(["person", "car", "sign"], [0, 1, 2], head=head)
    new = detector(["bus", "sign", "person", "adult"], [0, 1, 2, 2], head=head)
    own = by_class(new)
    carry(old, new)
    before, after = by_class(old), by_class(new)
    for name in ("person", "sign"):
        assert all(torch.allclose(was, now, atol=1e-5) for was, now in zip(before[name], after[name], strict=True))
    assert torch.equal(after["adult"][1], before["person"][1])  # it shares the boxes of a class that was there
    assert not torch.equal(own["person"][0], after["person"][0])
    weight = "head.heat.weight" if head == "centre" else "head.scores.weight"
    assert old.state_dict()[weight].shape != new.state_dict()[weight].shape
    told = Carried.of(old.config, new.config)
    assert (told.kept, told.new, told.gone) == (["sign", "person"], ["bus", "adult"], ["car"])


def test_a_new_class_begins_as_it_would_in_a_fresh_model() -> None:
    old, new = detector(["person"], [0]), detector(["person", "bus"], [0, 1])
    fresh = {name: value.clone() for name, value in new.state_dict().items()}
    carry(old, new)
    assert torch.equal(new.state_dict()["head.heat.bias"][1], fresh["head.heat.bias"][1])
    assert torch.equal(new.state_dict()["head.sides.weight"][4:], fresh["head.sides.weight"][4:])
    assert torch.equal(new.state_dict()["head.heat.bias"][0], old.state_dict()["head.heat.bias"][0])


def test_the_canvas_may_be_another_and_the_shape_may_not() -> None:
    old = detector(["person"], [0])
    carry(old, detector(["person"], [0], canvas=(96, 64)))
    with pytest.raises(BadInput, match=r"do not fit: widths was 8,12,16,24,32, is 8,12,16,24,40\."):
        carry(old, detector(["person"], [0], widths=(8, 12, 16, 24, 40)))
    with pytest.raises(BadInput, match="head was centre, is anchor"):
        carry(old, detector(["person"], [0], head="anchor"))


def test_what_was_learned_is_where_the_training_goes_on(tmp_path: Path) -> None:
    start = train(replace(TINY, steps=60), tmp_path / "first", None)
    still = replace(SHORT, steps=10, learning_rate=1e-12, weight_decay=0.0)
    same = train(still, tmp_path / "still", start.detector)
    torch.testing.assert_close(bits(same.detector)["head.heat.weight"], bits(start.detector)["head.heat.weight"])
    anew = train(still, tmp_path / "anew", None)
    assert same.record.curves["loss"][0] < 0.6 * anew.record.curves["loss"][0]


def test_killed_at_any_step_it_ends_with_the_same_bits(tmp_path: Path) -> None:
    start = detector(config_of().classes, config_of().group_k)
    whole = train(SHORT, tmp_path / "whole", start)
    for kill in (1, 4):
        with pytest.raises(Interrupted):
            train(SHORT, tmp_path / f"{kill}", start, StopAt(kill))
        resumed = train(SHORT, tmp_path / f"{kill}", start)
        assert all(torch.equal(bits(whole.detector)[name], value) for name, value in bits(resumed.detector).items())


def test_a_checkpoint_is_only_for_the_model_and_samples_that_it_went_on_from(tmp_path: Path) -> None:
    start = detector(config_of().classes, config_of().group_k)
    with pytest.raises(Interrupted):
        train(SHORT, tmp_path, start, StopAt(2))
    for other in (None, detector(config_of().classes, config_of().group_k)):
        with pytest.raises(Conflict, match="another training"):
            train(SHORT, tmp_path, other)
    with pytest.raises(Conflict, match="another training"):
        train(SHORT, tmp_path, start, fresh_n=np.arange(3))


def test_fresh_samples_come_more_often_and_all_in_turn() -> None:
    order = Order(40, 0, np.array([3, 17, 25, 31]), 9.0)
    seen = [order.index(position) for position in range(800)]
    many = np.bincount(seen, minlength=40)
    fresh = np.isin(np.arange(40), [3, 17, 25, 31])
    assert many[fresh].mean() / many[~fresh].mean() == pytest.approx(9.0, rel=0.05)
    assert np.ptp(many[fresh]) <= 1 and np.ptp(many[~fresh]) <= 1
    batches = np.isin(seen, [3, 17, 25, 31]).reshape(-1, 8).sum(1)
    assert set(batches.tolist()) == {4}
    assert [Order(40, 0, np.array([3, 17, 25, 31]), 9.0).index(position) for position in range(777, 800)] == seen[777:]


@pytest.mark.parametrize("fresh_n", [None, np.zeros(0, np.int64), np.arange(40)])
def test_without_a_difference_all_samples_are_alike(fresh_n: Any) -> None:
    order, plain = Order(40, 0, fresh_n, 9.0), Order(40, 0)
    assert [order.index(position) for position in range(90)] == [plain.index(position) for position in range(90)]
