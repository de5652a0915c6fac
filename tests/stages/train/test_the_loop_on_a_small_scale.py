"""From files to a judged model, in one process, on pictures small enough to learn in seconds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sabbatical.core.errors import BadRequest, EmptyDataset, Interrupted, NotFound
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.stages.evaluate import actions as evaluations
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.train import actions as models
from tests.stages.conftest import NOW
from tests.stages.train.shapes import TINY, Shapes


def test_a_model_learns_is_judged_and_answers(shapes: Shapes) -> None:
    done = shapes.run("train", settings=TINY)
    assert done["model"] == "v1"
    assert any("disc" in warning for warning in done["warnings"])  # nobody labels it, and that is said
    judged = shapes.run("evaluate")
    with shapes.workspace.database.reading() as session:
        record = evaluations.get(session, shapes.project, judged["evaluation"])
        model = models.get(session, shapes.project, "v1")
    assert record.summary["sentences"]
    assert set(model.classes) == {"round", "disc", "square"}
    assert model.record["customers"]["circles 1"]["covers"] == ["round", "disc"]
    assert "Learned from" in evaluations_card(shapes)
    first = shapes.run("predict", model="v1", snapshot="s1")
    again = shapes.run("predict", model="v1", snapshot="s1")
    assert (first["items"], again["computed"], again["stored"]) == (40, 0, 40)


def evaluations_card(shapes: Shapes) -> str:
    with shapes.workspace.database.reading() as session:
        return models.card(session, shapes.project, "v1")


def test_the_same_training_is_not_done_twice(shapes: Shapes) -> None:
    assert shapes.run("train", settings=TINY)["trained"]
    assert shapes.run("train", settings=TINY) | {"warnings": []} == {"model": "v1", "trained": False, "warnings": []}
    assert shapes.run("train", settings=TINY, masking="none")["model"] == "v2"


class StopsAfter(Quiet):
    """Progress that asks to stop once the training has told `steps` times."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        self.left -= message.startswith("step")

    def stopping(self) -> bool:
        return self.left <= 0


def test_a_training_that_was_stopped_goes_on_to_the_same_weights(shapes: Shapes) -> None:
    whole = shapes.run("train", settings=TINY)["model"]
    with shapes.workspace.database.transaction() as session:
        row = runs.ask(session, project_id=shapes.project.id, kind="train", params={}, now=NOW)
    params = {"settings": {**TINY}, "again": True}
    step = Step(shapes.workspace, row.id, shapes.project.id, params, StopsAfter(1))
    with pytest.raises(Interrupted):
        body_of("train")(step)
    parted = body_of("train")(Step(shapes.workspace, row.id, shapes.project.id, params, Quiet()))["model"]
    with shapes.workspace.database.reading() as session:
        one, other = (models.get(session, shapes.project, name) for name in (whole, parted))
    assert one.weights == other.weights


def test_a_snapshot_without_training_data_says_so(shapes: Shapes) -> None:
    shapes.run("snapshot", splits=["test"])
    with pytest.raises(EmptyDataset, match="no labels in its training split"):
        shapes.run("train", snapshot="s2", settings=TINY)


def test_a_snapshot_without_test_data_cannot_judge(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    shapes.run("snapshot", splits=["train"])
    with pytest.raises(EmptyDataset, match="no labeled items in test"):
        shapes.run("evaluate", snapshot="s2")


def test_an_unknown_recipe_or_model_is_named(shapes: Shapes) -> None:
    with pytest.raises(BadRequest, match="no recipe 'huge'"):
        shapes.run("train", recipe="huge")
    with pytest.raises(NotFound, match="no model 'v9'"):
        shapes.run("evaluate", model="v9")


def test_new_pictures_are_predicted_and_stored_without_labels(shapes: Shapes, tmp_path: Path) -> None:
    shapes.run("train", settings=TINY)
    path = shapes.write("fresh", "Box", 3, 9)
    done = shapes.run("predict", model="v1", source=str(path.parent / "images"))
    lines = Path(done["output"]).read_text().splitlines()
    assert len(lines) == 3
    assert {json.loads(line)["model"] for line in lines} == {"v1"}
    with shapes.workspace.database.reading() as session:
        kept = predictions.kept(session, shapes.project, "v1", [json.loads(line)["item"] for line in lines])
    assert len(kept) == 3
