"""Heads, models of customers or classes and completion train by the same recipe, and end as one file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from sabbatical.core.errors import BadInput, Interrupted
from sabbatical.core.progress import Progress, Quiet
from sabbatical.learning.export import export_onnx, parity
from sabbatical.learning.joined import Joined
from sabbatical.learning.predict import predict
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.runners import TorchRunner
from sabbatical.learning.training import train_detector
from sabbatical.learning.weights import load_detector, save_detector
from sabbatical.stages.train.methods import GoingOn, Material, train_network
from tests.learning.shapes import COARSE, FINE, SUPER, TINY, Shapes, bank_of, config_of

SOURCE = Shapes(24, [(0, None), (1, 0)])
SHORT = replace(TINY, steps=4, batch=2)


def material(recipe: DetectorRecipe) -> Material:
    rows = np.arange(len(SOURCE)) % 2
    return Material(SOURCE, rows, bank_of(COARSE, FINE, masking=recipe.masking), ["coarse", "fine"], SUPER)


def train(folder: Path, progress: Progress | None = None, **settings: Any) -> tuple[Any, Any]:
    recipe = replace(SHORT, **settings)
    return train_network(recipe, material(recipe), folder, progress or Quiet())


class StopAt:
    """Asks to stop after so many questions whether to."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        return None

    def stopping(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_one_model_is_what_train_detector_makes(tmp_path: Path) -> None:
    ours, _ = train(tmp_path / "ours")
    plain = train_detector(SOURCE, bank_of(COARSE, FINE), config_of(SHORT), SHORT, folder=tmp_path, progress=Quiet())
    assert all(torch.equal(value, plain.detector.state_dict()[name]) for name, value in ours.state_dict().items())


def test_several_models_are_one_file_that_answers_as_they_do(tmp_path: Path) -> None:
    joined, record = train(tmp_path, models="customers")
    assert isinstance(joined, Joined)
    assert record.parameters == joined.parameter_count
    assert record.images == SHORT.steps * SHORT.batch * len(joined.detectors)
    images = [SOURCE[i].image_hwc for i in range(4)]
    together = predict(TorchRunner(joined), images, least_score=0.0, overlap=1.0)
    alone = [predict(TorchRunner(each), images, least_score=0.0, overlap=1.0) for each in joined.detectors]
    best = sorted((score for found in alone for score in found[0].scores_n.tolist()), reverse=True)
    np.testing.assert_allclose(together[0].scores_n, best[: len(together[0])], rtol=1e-6)
    save_detector(tmp_path / "one.safetensors", joined)
    again = predict(TorchRunner(load_detector(tmp_path / "one.safetensors")), images, least_score=0.0, overlap=1.0)
    assert all(np.array_equal(a.boxes_n4, b.boxes_n4) for a, b in zip(together, again, strict=True))
    export_onnx(tmp_path / "one.onnx", joined)
    assert parity(tmp_path / "one.onnx", joined, torch.from_numpy(np.stack(images))).good


@pytest.mark.parametrize("settings", [{"models": "classes"}, {"completion": True}], ids=str)
def test_killed_in_any_part_it_goes_on_to_the_same_model(settings: dict[str, Any], tmp_path: Path) -> None:
    whole, record = train(tmp_path / "whole", **settings)
    for questions in (1, 3):
        with pytest.raises(Interrupted):
            train(tmp_path / f"killed-{questions}", StopAt(questions), **settings)
        resumed, again = train(tmp_path / f"killed-{questions}", **settings)
        assert again.taught == record.taught
        assert all(torch.equal(value, whole.state_dict()[name]) for name, value in resumed.state_dict().items())


def test_completion_takes_no_step_more(tmp_path: Path) -> None:
    _, record = train(tmp_path, completion=True)
    assert record.images == SHORT.steps * SHORT.batch


def test_several_models_do_not_go_on_from_one(tmp_path: Path) -> None:
    recipe = replace(SHORT, models="customers")
    start = GoingOn(train(tmp_path / "start")[0], np.zeros(0, np.int64))
    with pytest.raises(BadInput, match="begin anew"):
        train_network(recipe, material(recipe), tmp_path, Quiet(), start)


def test_a_favoured_customer_is_seen_more_often_and_must_be_there(tmp_path: Path) -> None:
    settings = {"steps": 12, "batch": 4, "favour": "fine", "fresh_weight": 3.0}
    _, plain = train(tmp_path / "plain", **{**settings, "favour": ""})
    _, favoured = train(tmp_path / "favoured", **settings)
    discs = favoured.taught["disc"] / plain.taught["disc"]
    assert 1.2 < discs < 1.8  # three images of four instead of two
    with pytest.raises(BadInput, match="nobody") as caught:
        train(tmp_path / "nobody", favour="nobody")
    assert "coarse, fine" in str(caught.value.hint)
