"""A recipe is stored and read back as it is, and a wrong field is refused by name."""

from __future__ import annotations

import json

import pytest
import torch

from sabbatical.core.errors import BadInput, NotFound
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.detector import Detector
from sabbatical.learning.recipe import RECIPES, DetectorRecipe, named
from sabbatical.learning.training import set_rate


@pytest.mark.parametrize("name", RECIPES)
def test_every_named_recipe_makes_a_detector_and_survives_json(name: str) -> None:
    recipe = named(name)
    assert DetectorRecipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    config = recipe.detector(["person", "adult", "sign"], [-1, 0, -1])
    assert DetectorConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert 100_000 < Detector(config).parameter_count < 3_000_000


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learningrate": 1}, "no field 'learningrate'"),
        ({"augmentation": {"flipp": 1}}, "no field 'flipp'"),
        ({"masking": "some"}, "'masking' cannot be 'some'. Choose of: tree, column, none"),
        ({"steps": 0}, "'steps' must be 1 or more"),
        ({"batch": 1}, "'batch' must be 2 or more"),
        ({"ema": 1.0}, "'ema' must be"),
        ({"steps": "many"}, "'steps' must be a whole number, not 'many'"),
        ({"steps": 1.5}, "'steps' must be a whole number, not 1.5"),
        ({"steps": True}, "'steps' must be a whole number, not True"),
        ({"learning_rate": "fast"}, "'learning_rate' must be a number, not 'fast'"),
        ({"learning_rate": float("nan")}, "'learning_rate' must be a number, not nan"),
        ({"learning_rate": [1]}, "'learning_rate' must be a number"),
        ({"canvas": 96}, r"'canvas' must be 2 whole numbers, such as 240,320 or \[240, 320\], not 96"),
        ({"canvas": "96"}, "'canvas' must be 2 whole numbers"),
        ({"canvas": "96,wide"}, "'canvas' must be 2 whole numbers"),
        ({"canvas": [96, 96, 3]}, "'canvas' must be 2 whole numbers"),
        ({"canvas": {"height": 96}}, "'canvas' must be 2 whole numbers"),
        ({"canvas": [16, 96]}, "'canvas' must be 32 or more"),
        ({"widths": [0, 1, 2, 3, 4]}, "'widths' must be 1 or more"),
        ({"pyramid": [48, 64]}, "'pyramid' must be 4 whole numbers"),
        ({"threads": 0}, "'threads' must be 1 or more"),
        ({"threads": "two"}, "'threads' must be a whole number"),
        ({"device": 3}, "'device' must be a text"),
        ({"device": "tpu"}, "'device' cannot be 'tpu'. Choose of: auto"),
        ({"masking": ["tree"]}, "'masking' cannot be"),
        ({"augmentation": 3}, "fields must be given by name"),
        ({"augmentation": {"zoom": 2}}, "'zoom' must be 2 numbers, such as 0.8,1.4"),
        ({"augmentation": {"zoom": [0, 2]}}, "'zoom' must be the least and the most"),
        ({"augmentation": None}, "fields must be given by name"),
    ],
)
def test_what_no_recipe_can_be_is_refused_by_name(settings: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        DetectorRecipe().with_settings(settings)


def test_settings_change_a_part_and_leave_the_rest() -> None:
    changed = named("small").with_settings({"steps": 5, "canvas": [64, 96], "augmentation": {"flip_vertical": 0.5}})
    assert (changed.steps, changed.canvas, changed.augmentation.flip_vertical) == (5, (64, 96), 0.5)
    assert changed.widths == named("small").widths
    assert changed.augmentation.flip == named("small").augmentation.flip


@pytest.mark.parametrize("canvas", ["96,128", "96, 128", [96, 128], (96, 128)])
def test_several_numbers_are_a_list_or_a_text_with_commas(canvas: object) -> None:
    assert DetectorRecipe().with_settings({"canvas": canvas}).canvas == (96, 128)


def test_a_number_as_yaml_reads_it_without_a_dot_is_a_number() -> None:
    changed = DetectorRecipe().with_settings({"learning_rate": "1e-3", "clip": 5, "threads": None})
    assert (changed.learning_rate, changed.clip, changed.threads) == (0.001, 5.0, None)


def test_an_unknown_recipe_is_answered_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="There are: default, small, efficientdet"):
        named("large")


@pytest.mark.parametrize(
    ("outputs", "groups"), [("class", (0, 1, 2, 3)), ("subtree", (0, 0, 1, 0)), ("shared", (0,) * 4)]
)
def test_box_outputs_are_shared_as_far_as_the_recipe_says(outputs: str, groups: tuple[int, ...]) -> None:
    recipe = DetectorRecipe().with_settings({"box_outputs": outputs})
    assert recipe.detector(["person", "adult", "sign", "child"], [-1, 0, -1, 0]).group_k == groups


def test_the_learning_rate_rises_then_falls_to_a_hundredth() -> None:
    recipe = DetectorRecipe(steps=100, warmup=0.1, learning_rate=1.0)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)
    rates = [set_rate(optimizer, recipe, step) for step in range(100)]
    assert rates.index(max(rates)) in {9, 10} and max(rates) == 1.0
    assert rates[0] == pytest.approx(0.1)
    assert rates[99] == pytest.approx(0.01, abs=2e-3)
    assert optimizer.param_groups[0]["lr"] == rates[99]


def test_a_contradicting_configuration_is_refused() -> None:
    for wrong in ({"group_k": (0,)}, {"group_k": (0, 2)}, {"widths": (1, 2)}, {"canvas": (8, 8)}, {"colour": 1}):
        with pytest.raises(BadInput):
            DetectorConfig.from_dict({"classes": ("a", "b"), "group_k": (0, 1), "canvas": (64, 64)} | wrong)
