"""A training learns what was drawn, goes on after a kill to the same bits, and says what went wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sabbatical.core.errors import BadInput, Conflict, Diverged, Interrupted
from sabbatical.core.progress import Progress, Quiet
from sabbatical.geometry import iou
from sabbatical.learning.augmentation import NONE
from sabbatical.learning.checkpoint import NAME
from sabbatical.learning.config import HeadName
from sabbatical.learning.detector import Detector
from sabbatical.learning.ema import Average
from sabbatical.learning.loader import Loader
from sabbatical.learning.optimizer import Muon
from sabbatical.learning.predict import predict
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.runners import TorchRunner
from sabbatical.learning.training import TrainedDetector, train_detector
from sabbatical.learning.weights import load_tensors
from tests.learning.shapes import COARSE, DISC, FINE, FLAT, SQUARE, TINY, Shapes, bank_of, config_of, draw

SHORT = replace(TINY, steps=6, batch=2)
MIXED = Shapes(96, [(0, None), (1, 0)])
"""Customer 0 draws squares as `flat`; customer 1 draws squares and discs."""
BANK = bank_of(COARSE, FINE)


class StopAt:
    """Asks to stop once so many steps were told of or asked about."""

    def __init__(self, step: int) -> None:
        self.left = step

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        return None

    def stopping(self) -> bool:
        self.left -= 1
        return self.left < 0


def train(recipe: DetectorRecipe, folder: Path, progress: Progress | None = None, **rest: Any) -> TrainedDetector:
    return train_detector(
        rest.pop("source", MIXED), BANK, config_of(recipe), recipe, folder=folder, progress=progress or Quiet(), **rest
    )


def bits(detector: Detector) -> dict[str, torch.Tensor]:
    return dict(detector.state_dict())


def test_a_run_killed_at_any_step_and_resumed_ends_with_the_same_bits(tmp_path: Path) -> None:
    whole = train(SHORT, tmp_path / "whole")
    for kill in (1, 4):
        folder = tmp_path / f"killed-{kill}"
        with pytest.raises(Interrupted):
            train(SHORT, folder, StopAt(kill))
        torch.randn(3)  # the state of the caller's random numbers must not matter
        resumed = train(SHORT, folder)
        assert all(torch.equal(bits(whole.detector)[name], value) for name, value in bits(resumed.detector).items())
        assert resumed.record.taught == whole.record.taught


def test_a_run_that_dies_between_checkpoints_repeats_the_lost_steps(tmp_path: Path) -> None:
    dies = Loader(MIXED, batch=2, canvas=(64, 64), augmentation=NONE, seed=0).index(15)

    class Killed(Exception):
        pass

    class Dies(Shapes):
        def __getitem__(self, index: int) -> Any:
            if index == dies:
                raise Killed
            return super().__getitem__(index)

    recipe = replace(SHORT, save_every=2, steps=12)
    whole = train(recipe, tmp_path / "whole")
    with pytest.raises(Killed):
        train(recipe, tmp_path / "part", source=Dies(96, MIXED.label_of))
    assert (tmp_path / "part" / NAME).exists()
    resumed = train(recipe, tmp_path / "part")
    assert all(torch.equal(bits(whole.detector)[name], value) for name, value in bits(resumed.detector).items())


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Interrupted):
        train(SHORT, tmp_path, StopAt(2))
    with pytest.raises(Conflict, match="another training"):
        train(replace(SHORT, learning_rate=1e-4), tmp_path)
    assert train(replace(SHORT, workers=2, save_every=3), tmp_path).record.images == 12


@pytest.mark.parametrize("head", ["centre", "anchor"])
def test_what_one_customer_draws_is_found_in_the_images_of_all(head: HeadName, tmp_path: Path) -> None:
    recipe = replace(TINY, head=head, steps=90, learning_rate=2e-2 if head == "centre" else 1e-2)
    trained = train(recipe, tmp_path)
    hits = {SQUARE: 0, FLAT: 0, DISC: 0}
    total = dict(hits)
    images, boxes, discs = zip(*(draw(index) for index in range(1000, 1020)), strict=True)
    for found, truth_n4, discs_n in zip(predict(TorchRunner(trained.detector), images), boxes, discs, strict=True):
        for column in hits:
            wanted_n4 = truth_n4[discs_n == (column == DISC)]
            sure_n4 = found.above(0.3).boxes_n4[found.above(0.3).classes_n == column]
            total[column] += len(wanted_n4)
            hits[column] += sum(bool((iou(sure_n4, np.tile(box, (len(sure_n4), 1))) > 0.5).any()) for box in wanted_n4)
    assert all(hits[column] >= 0.8 * total[column] for column in hits), (hits, total)


def test_a_class_that_no_sample_teaches_is_named_in_the_record(tmp_path: Path) -> None:
    record = train(SHORT, tmp_path).record
    named = [warning.split("'")[1] for warning in record.warnings]
    assert sorted(named) == ["star", "tile"]
    assert record.taught["disc"] > 0 and record.taught["flat"] >= record.taught["square"] > 0


def test_a_diverging_loss_is_an_error_that_says_what_to_do_and_the_checkpoint_before_it_is_kept(tmp_path: Path) -> None:
    recipe = replace(TINY, learning_rate=1e3, save_every=3)
    with pytest.raises(Diverged, match=r"diverged, and no model was made of it\. Lower the learning rate \(now 1000\)"):
        train(recipe, tmp_path)
    tensors, facts = load_tensors(tmp_path / NAME)
    assert facts["step"] >= 3 and all(torch.isfinite(value).all() for value in tensors.values())
    with pytest.raises(Diverged):  # going on from it ends the same way, and leaves it as it was
        train(recipe, tmp_path)
    assert load_tensors(tmp_path / NAME)[1] == facts


def test_weights_that_are_no_numbers_are_never_saved_or_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(self: Muon, closure: None = None) -> None:
        with torch.no_grad():
            self.param_groups[0]["params"][0].fill_(torch.inf)

    monkeypatch.setattr(Muon, "step", step)
    for recipe in (replace(SHORT, steps=1), replace(SHORT, save_every=1)):
        with pytest.raises(Diverged, match="A weight is no number any more at step 1:"):
            train(recipe, tmp_path)
    assert not (tmp_path / NAME).exists()


def test_a_loss_that_rises_is_a_warning(tmp_path: Path) -> None:
    def warnings(rate: float) -> list[str]:
        found = train(replace(TINY, steps=20, learning_rate=rate, warmup=0.5), tmp_path / f"{rate}").record.warnings
        return [warning for warning in found if "loss rose" in warning]

    assert warnings(5e-3) == []
    assert "the model has learned nothing. Lower the learning rate (now 50)" in warnings(50.0)[0]


def test_a_record_tells_how_it_went(tmp_path: Path) -> None:
    record = train(replace(SHORT, steps=20), tmp_path).record
    assert record.curves["step"] == [10, 20]
    assert all(len(values) == 2 and np.isfinite(values).all() for values in record.curves.values())
    assert record.images == 40 and record.seconds > record.waiting >= 0


def test_tables_of_another_tree_are_refused(tmp_path: Path) -> None:
    config = TINY.detector(["one", "two"], [-1, -1])
    with pytest.raises(BadInput, match="for 5 classes, the detector has 2"):
        train_detector(MIXED, BANK, config, SHORT, folder=tmp_path, progress=Quiet())


def test_the_caller_keeps_its_threads_and_random_numbers(tmp_path: Path) -> None:
    torch.manual_seed(7)
    threads, expected = torch.get_num_threads(), torch.randn(2)
    torch.manual_seed(7)
    train(replace(SHORT, steps=1), tmp_path)
    assert torch.equal(torch.randn(2), expected)
    assert torch.get_num_threads() == threads


def test_the_average_forgets_its_random_start() -> None:
    model = torch.nn.Linear(1, 1)
    torch.nn.init.constant_(model.weight, 100.0)
    average = Average(model, decay=0.999)
    torch.nn.init.constant_(model.weight, 1.0)
    for step in range(60):
        average.update(model, step)
    assert float(average.model.weight) == pytest.approx(1.0, abs=1e-3)
