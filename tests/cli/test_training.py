"""What can be trained is said before it is asked; what cannot is refused before a run is queued."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sabbatical.learning.recipe import RECIPES, named
from sabbatical.stages.train.recipes import TEXT_RECIPES
from tests.cli.conftest import Call, call
from tests.sdk import street


def runs(sabbatical: Call) -> list[Any]:
    found: list[Any] = sabbatical("run", "list", "--json").document["runs"]
    return found


@pytest.mark.parametrize("setting", ["canvas=96", "canvas=[96]", "canvas=wide", "steps=many", "step=3", "device=tpu"])
def test_a_setting_that_cannot_be_is_refused_and_no_failed_run_stays(sabbatical: Call, setting: str) -> None:
    before = len(runs(sabbatical))
    said = sabbatical("train", "--set", setting, "--json")
    assert (said.code, said.document["error"]["code"]) == (2, "bad_request")
    assert setting.partition("=")[0] in said.document["error"]["message"]
    assert len(runs(sabbatical)) == before


def test_a_canvas_is_two_numbers_with_a_comma_or_a_list(sabbatical: Call) -> None:
    settings = [f"--set={name}={value}" for name, value in street.TINY.items() if name != "canvas"]
    for canvas in ("64,96", "[64, 96]"):
        model = sabbatical("train", "--set", f"canvas={canvas}", *settings, "--json").document["model"]
        assert (model["name"], model["recipe"]["canvas"]) == ("v2", [64, 96])


def test_the_help_names_every_recipe_and_the_steps(sabbatical: Call) -> None:
    words = re.sub(r"[\s│]+", " ", call("train", "--help").out)
    for name in (*RECIPES, *TEXT_RECIPES):
        assert re.search(rf"\b{name}\b", words), name
    assert f"default: {named('default').steps} steps of {named('default').batch} images" in words
    assert f"small: {named('small').steps} steps" in words


def test_all_fields_of_the_recipes_are_listed_without_a_project(fresh: Call) -> None:
    said = fresh("train", "--recipes")
    assert said.code == 0
    for field in [*named("default").to_dict(), "features", "linear", "network"]:
        assert re.search(rf"^{field}\b", said.out, re.MULTILINE), field
    assert fresh("train", "--recipes", "--json").document["recipes"]["images"]["small"]["steps"] == 280


def test_the_list_of_models_has_the_newest_score_and_the_card_the_steps(sabbatical: Call) -> None:
    score = sabbatical("model", "list", "--json").document["models"][0]["newest_score"]
    assert (score["metric"], score["snapshot"]) == ("map50", "s1") and 0 <= score["value"] <= 1
    assert f"map50 {100 * score['value']:.1f} on s1" in sabbatical("model", "list").out
    assert "3 steps of 2 images on a canvas of 32 x 48" in " ".join(sabbatical("model", "show").out.split())


def test_a_training_goes_on_from_a_model_and_says_so(sabbatical: Call) -> None:
    said = sabbatical("train", "--start", "v1", "--set", "steps=2")
    assert said.code == 0 and "It went on from v1." in said.out
    model = sabbatical("model", "list", "--json").document["models"][0]
    assert (model["name"], model["start"], model["recipe"]["steps"]) == ("v2", "v1", 2)
    refused = sabbatical("train", "--start", "v1", "--set", "head=anchor", "--json")
    assert (refused.code, refused.document["error"]["where"]) == (2, "field start")


def test_masking_with_completion_is_one_word(sabbatical: Call) -> None:
    settings = [f"--set={name}={value}" for name, value in street.TINY.items()]
    model = sabbatical("train", "--masking", "tree+completion", *settings, "--json").document["model"]
    assert (model["recipe"]["masking"], model["recipe"]["completion"]) == ("tree", True)
