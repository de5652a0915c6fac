"""A model answers without torch as it does with it, from a file that is made once and checked when it is read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sabbatical.core.errors import BadFile, NotReady
from sabbatical.learning import export
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Model, Question
from sabbatical.stages.train.runtime import load
from sabbatical.storage.workspace import Workspace
from tests.stages.predict.conftest import notes
from tests.stages.train.shapes import TINY, Shapes

__all__ = ["notes"]
WITHOUT_TORCH = """
import sys
from sabbatical.core.settings import load
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.workspace import open_workspace
workspace = open_workspace(load(home=sys.argv[1]))
with workspace.database.reading() as session:
    model = models.get(session, projects.get(session, sys.argv[2]), None)
    item = __import__("sqlalchemy").text("select id, text from item limit 1")
    key, text = session.execute(item).one()
image = workspace.media.get(key) if text is None else None
answer, = models.load_engine(workspace, model, threads=1)([models.Question(key, image=image, text=text)])
print(len(answer.scores_n), "torch" in sys.modules)
"""


def newest(made: Shapes) -> ModelVersion:
    with made.workspace.database.reading() as session:
        return models.get(session, made.project, None)


def by_torch(made: Shapes, model: ModelVersion) -> Model:
    return load(model.family, made.workspace.media.local(model.weights, made.folder))


def asked_in_a_process_of_its_own(made: Shapes) -> list[str]:
    command = [sys.executable, "-c", WITHOUT_TORCH, str(made.workspace.home), made.project.name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def test_an_engine_of_boxes_answers_as_the_model_and_loads_no_torch(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY | {"steps": 60})
    model = newest(shapes)
    artifact = models.prepare(shapes.workspace, model)
    assert artifact.kind == "onnx" and artifact.facts["same"] >= 0.97 * artifact.facts["places"]
    file = shapes.folder / "boxes" / "images" / "boxes-1.png"
    asked = [Question("a", image=file), Question("b", image=file.read_bytes())]
    engine, torch = models.load_engine(shapes.workspace, model, threads=1), by_torch(shapes, model)
    first, second = engine(asked)
    (expected,) = torch(asked[:1])
    assert first.to_bytes() == second.to_bytes()
    assert len(first.scores_n) == len(expected.scores_n) > 0
    np.testing.assert_allclose(np.sort(first.scores_n), np.sort(expected.scores_n), atol=1e-3)
    count, loaded_torch = asked_in_a_process_of_its_own(shapes)
    assert int(count) > 0 and loaded_torch == "False"


@pytest.mark.parametrize("kind", ["rules", "linear", "network", "best"])
def test_an_engine_of_texts_answers_as_the_model_and_loads_no_torch(notes: Shapes, kind: str) -> None:
    settings = {} if kind in {"rules", "linear"} else {"network": {"epochs": 2, "hidden": 8, "members": 2}}
    notes.run("train", recipe="default", settings={"model": kind, **settings}, again=True)
    model = newest(notes)
    assert models.prepare(notes.workspace, model).facts["difference"] < 1e-6
    texts = ["the sea is wide", "the sky, the sky", "", "nothing of both"]
    asked = [Question(text, text=text) for text in texts]
    engine, torch = models.load_engine(notes.workspace, model), by_torch(notes, model)
    found, expected = engine(asked), torch(asked)
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine.scores_n, other.scores_n, atol=1e-5)
    assert asked_in_a_process_of_its_own(notes) == ["2", "False"]


def test_in_batch_a_model_is_asked_by_its_artifact_once_it_has_one(
    shapes: Shapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes.run("train", settings=TINY)
    model = newest(shapes)
    models.prepare(shapes.workspace, model)
    monkeypatch.setattr("sabbatical.stages.train.actions.load", None)
    done = shapes.run("predict", model="v1", snapshot="s1")
    assert done["computed"] == done["items"] > 0


def test_an_artifact_is_made_once(shapes: Shapes, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes.run("train", settings=TINY)
    model = newest(shapes)
    made = models.prepare(shapes.workspace, model)
    monkeypatch.delattr(export, "export_onnx")
    assert models.prepare(shapes.workspace, model) == made


def test_an_artifact_that_is_gone_is_made_again(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    model = newest(shapes)
    made = models.prepare(shapes.workspace, model)
    Path(shapes.workspace.media.path(made.content)).unlink()
    again = models.prepare(shapes.workspace, model)
    assert shapes.workspace.media.exists(again.content)
    models.load_engine(shapes.workspace, model, threads=1)


def damage(workspace: Workspace, content: str) -> None:
    file = Path(workspace.media.path(content))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_an_artifact_that_is_damaged_is_made_again_from_the_weights(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    model = newest(shapes)
    made = models.prepare(shapes.workspace, model)
    damage(shapes.workspace, made.content)
    again = models.prepare(shapes.workspace, model)
    assert shapes.workspace.media.whole(again.content)
    models.load_engine(shapes.workspace, model, threads=1)
    damage(shapes.workspace, again.content)
    damage(shapes.workspace, model.weights)
    with pytest.raises(BadFile, match="from a backup"):
        models.prepare(shapes.workspace, model)


def test_a_damaged_file_is_refused(shapes: Shapes) -> None:
    shapes.run("train", settings=TINY)
    model = newest(shapes)
    with pytest.raises(NotReady, match="was not made ready"):
        models.load_engine(shapes.workspace, model)
    damage(shapes.workspace, models.prepare(shapes.workspace, model).content)
    with pytest.raises(BadFile, match="The file of v1 is damaged"):
        models.load_engine(shapes.workspace, model)


def test_damaged_weights_of_texts_are_refused(notes: Shapes) -> None:
    model = newest(notes)
    damage(notes.workspace, model.weights)
    with pytest.raises(BadFile, match="The file of v1 is damaged"):
        models.load_engine(notes.workspace, model)
