"""`start`: a training goes on from the weights of a model, and says so wherever the new model is looked at."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import Any

import pytest

from sabbatical.core.errors import BadRequest, NotFound
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.learning.checkpoint import NAME
from sabbatical.learning.weights import load_tensors
from sabbatical.schemas.train import ModelVersion, TrainRequest
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.stages.train import asking
from tests.stages.conftest import NOW
from tests.stages.test_old_labels_stay_useful import Tags, tags
from tests.stages.train.shapes import SUPER, TINY, Shapes

__all__ = ["tags"]
KILLED = """
import json, os, signal, sys
from sabbatical.core.progress import Quiet
from sabbatical.core.settings import load
from sabbatical.durable.steps import Step, body_of
from sabbatical.stages import all_steps
from sabbatical.storage.workspace import open_workspace

class Killing(Quiet):
    def tell(self, fraction, message, **numbers):
        if message == "step 20 of 30":
            os.kill(os.getpid(), signal.SIGKILL)

home, run_id, project_id, params = sys.argv[1:]
body_of("train")(Step(open_workspace(load(home=home)), run_id, project_id, json.loads(params), Killing()))
"""


def model(made: Shapes | Tags, name: str) -> ModelVersion:
    with made.workspace.database.reading() as session:
        return models.get(session, made.project, name)


def asked_run(shapes: Shapes, **asked: Any) -> str:
    with shapes.workspace.database.transaction() as session:
        return asking.ask(session, shapes.project, TrainRequest(**asked), NOW).id


def test_it_takes_the_recipe_of_the_model_with_fewer_steps_and_new_items_more_often(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY | {"steps": 16}, seed=3)
    assert shapes.run("train", start="v1")["trained"]
    first, second = model(shapes, "v1"), model(shapes, "v2")
    assert (first.start, second.start, second.seed) == (None, "v1", 3)
    changed = {name for name, value in second.recipe.items() if value != first.recipe[name]}
    assert changed == {"steps", "fresh_weight"}
    assert (second.recipe["steps"], second.recipe["fresh_weight"]) == (8, 2.0)
    assert second.weights != first.weights
    shapes.run("train", start="v2")
    assert model(shapes, "v3").recipe == second.recipe  # a third turn is not smaller still
    shapes.run("train", start="v1", settings={"steps": 5, "learning_rate": 1e-3, "canvas": [96, 64]})
    recipe = model(shapes, "v4").recipe
    assert (recipe["steps"], recipe["learning_rate"], recipe["canvas"]) == (5, 1e-3, [96, 64])


def test_the_record_and_the_card_say_what_it_went_on_from(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    shapes.run("ingest", source=str(shapes.write("more", "Box", 20, 7)), taxonomy="boxes")
    grown = SUPER | {"version": 2, "classes": SUPER["classes"] | {"star": {}}}  # type: ignore[operator]
    with shapes.workspace.database.transaction() as session:
        projects.add_taxonomy(session, shapes.project, grown, NOW)
    shapes.run("snapshot")
    shapes.run("train", start="v1")
    first, second = model(shapes, "v1"), model(shapes, "v2")
    told = second.record["start"]
    assert (told["model"], told["weights"]) == ("v1", first.weights)
    assert (told["kept"], told["new"], told["gone"]) == (["round", "disc", "square"], ["star"], [])
    customers = (sum(one["items"] for one in each.record["customers"].values()) for each in (second, first))
    assert 5 < told["fresh"] == next(customers) - next(customers)
    with shapes.workspace.database.reading() as session:
        card = models.card(session, shapes.project, "v2")
    assert (
        f"| went on from | v1: classes that are new star; {told['fresh']} labeled items that it had not seen |" in card
    )


def test_the_same_is_done_once_and_from_another_model_it_is_another(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    shapes.run("train", settings=TINY, seed=1)
    assert shapes.run("train", start="v1")["model"] == "v3"
    again = shapes.run("train", start=model(shapes, "v1").id)
    assert (again["model"], again["trained"]) == ("v3", False)
    assert shapes.run("train", start="v2", seed=0)["model"] == "v4"
    same = asked_run(shapes, start="v1")
    assert asked_run(shapes, start=model(shapes, "v1").id) == same
    assert len({same, asked_run(shapes), asked_run(shapes, start="v2")}) == 3


def test_killed_with_signal_9_it_goes_on_to_the_same_weights(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    params = {"start": "v1", "settings": {"steps": 30}, "again": True}
    whole = shapes.run("train", **params)["model"]
    with shapes.workspace.database.transaction() as session:
        run_id = runs.ask(session, project_id=shapes.project.id, kind="train", params=params, now=NOW).id
    command = [sys.executable, "-c", KILLED, str(shapes.workspace.home), run_id, shapes.project.id, json.dumps(params)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert load_tensors(shapes.workspace.folder("runs", run_id, "training") / NAME)[1]["step"] == 16
    parted = body_of("train")(Step(shapes.workspace, run_id, shapes.project.id, params, Quiet()))["model"]
    assert (whole, parted) == ("v2", "v3")
    assert model(shapes, parted).weights == model(shapes, whole).weights
    assert body_of("train")(Step(shapes.workspace, run_id, shapes.project.id, params, Quiet()))["model"] == parted


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"settings": {"widths": [4, 4, 8, 8, 16]}}, "cannot go on from v1: widths was 4,4,8,8,8, is 4,4,8,8,16"),
        ({"settings": {"head": "anchor"}}, "head was centre, is anchor"),
        ({"recipe": "small"}, "Leave widths and pyramid to the recipe of v1, or train anew without `start`"),
    ],
)
def test_a_detector_of_another_shape_is_refused_in_words(shapes: Shapes, asked: dict[str, Any], message: str) -> None:
    shapes.run("train", settings=TINY)
    with pytest.raises(BadRequest, match=message):
        asked_run(shapes, start="v1", **asked)


def test_a_model_that_is_not_there_is_named(shapes: Shapes) -> None:
    with pytest.raises(NotFound, match="no model 'v7'"):
        asked_run(shapes, start="v7")


def test_texts_are_trained_anew_and_the_record_says_why(tags: Tags) -> None:
    settings = {"linear": {"steps": 20}}
    name = tags.run("train", recipe="linear", settings=settings)["model"]
    first = model(tags, name)
    second = model(tags, tags.run("train", start=name, settings={"linear": {"fit": 10.0}})["model"])
    assert second.recipe["linear"] == first.recipe["linear"] | {"fit": 10.0}
    assert (second.recipe["model"], second.start, second.record["start"]["model"]) == ("linear", name, name)
    assert second.record["start"]["anew"].startswith("It was trained anew: ")
    with tags.workspace.database.reading() as session:
        assert f"| went on from | {name}. It was trained anew: " in models.card(session, tags.project, second.name)
