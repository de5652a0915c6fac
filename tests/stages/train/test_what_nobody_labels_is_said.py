"""A training set where one class has no label: it is said in words, and the rest is learned."""

from __future__ import annotations

import json

import pytest

from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW
from tests.stages.train.shapes import TINY, Shapes

UNTAUGHT = "No sample taught the class '{}': what the model says of it means nothing."
SUPER = {"super-taxonomy": "shapes", "version": 1, "classes": {"square": {}, "star": {}}}
BOXES = {"taxonomy": "boxes", "super-taxonomy": "shapes", "labels": {"Box": "square", "Star": "star"}}
"""The customer would draw stars, and there is none in its pictures."""


@pytest.fixture
def boxes(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Shapes:
    with workspace.database.transaction() as session:
        asked = ProjectIn(name="boxes", task="boxes", test_share=0.3, validation_share=0.2, salt="boxes")
        project = projects.create(session, asked, NOW)
        for document in (SUPER, BOXES):
            projects.add_taxonomy(session, project, document, NOW)
    made = Shapes(workspace, project, tmp_path_factory.mktemp("boxes"))
    path = made.write("boxes", "Box", 30, 0)
    document = json.loads(path.read_text())
    document["categories"].append({"id": 2, "name": "Star"})
    path.write_text(json.dumps(document))
    made.run("ingest", source=str(path))
    made.run("snapshot")
    return made


def test_a_class_without_a_box_is_named_and_the_training_goes_on(boxes: Shapes) -> None:
    done = boxes.run("train", settings=TINY)
    assert done["model"] == "v1" and done["trained"]
    assert [warning for warning in done["warnings"] if "taught" in warning] == [UNTAUGHT.format("star")]
    with boxes.workspace.database.reading() as session:
        model = models.get(session, boxes.project, "v1")
        card = models.card(session, boxes.project, "v1")
    assert model.record["images"] == TINY["steps"] * TINY["batch"]  # type: ignore[operator]
    assert model.record["taught"]["star"] == 0 < model.record["taught"]["square"]
    assert model.record["thresholds"]["star"] == 0.5
    assert UNTAUGHT.format("star") in card
    assert boxes.run("evaluate")["evaluation"]


def test_a_class_without_a_text_is_named_and_the_training_goes_on(workspace: Workspace, shapes: Shapes) -> None:
    topics = {"super-taxonomy": "topics", "version": 1, "classes": {"sea": {}, "sky": {}, "soil": {}}}
    customer = {"taxonomy": "notes", "super-taxonomy": "topics", "labels": {"Sea": "sea", "Sky": "sky", "Soil": "soil"}}
    with workspace.database.transaction() as session:
        asked = ProjectIn(name="notes", task="text", test_share=0.0, validation_share=0.0)
        project = projects.create(session, asked, NOW)
        for document in (topics, customer):
            projects.add_taxonomy(session, project, document, NOW)
    words = {"Sea": "waves and fish number", "Sky": "clouds and birds number"}
    rows = [f"{words[label]} {number},{label}" for number in range(30) for label in words]
    path = shapes.folder / "notes.csv"
    path.write_text("\n".join(["text,label", *rows]))
    notes = Shapes(workspace, project, shapes.folder)
    notes.run("ingest", source=str(path))
    notes.run("snapshot")
    for recipe, warnings in (("linear", [UNTAUGHT.format("soil")]), ("rules", [])):
        with workspace.database.transaction() as session:
            row = runs.ask(session, project_id=project.id, kind="train", params={"recipe": recipe}, now=NOW)
        done = body_of("train")(Step(workspace, row.id, project.id, {"recipe": recipe}, Quiet()))
        assert done["trained"]
        assert [warning for warning in done["warnings"] if "taught" in warning] == warnings
