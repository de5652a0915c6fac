"""The objects of the SDK on a workspace that was built by real work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from sabbatical.core.errors import NotFound
from sabbatical.schemas.label import Shape
from sabbatical.sdk.workspace import Workspace
from tests.sdk.street import ITEMS


def test_a_project_gives_its_items_with_their_bytes(workspace: Workspace, data: Path) -> None:
    project = workspace.project()
    items = list(project.items())
    assert len(items) == ITEMS
    assert project.item(items[0].id) == items[0]
    assert project.media(items[0].id) == (data / items[0].name).read_bytes()
    assert {item.split for item in project.items(split="test")} == {"test"}


def test_labels_are_revised_and_their_history_kept(workspace: Workspace) -> None:
    project = workspace.project()
    item = next(project.items()).id
    made = project.revise(item, "a", [Shape(label="Human", box=(1, 1, 9, 9))], author="ada", active_seconds=4.5)
    history = list(project.labels(item))
    assert history[0] == made
    assert history[1].author_kind == "import"
    assert made.parent == history[1].id


def test_a_campaign_and_its_tasks(workspace: Workspace) -> None:
    project = workspace.project()
    items = [item.id for item in project.items()][:5]
    assert project.create_campaign("rain", "a", items).tasks == {"open": 5}
    assert [task.item for task in project.tasks("rain")] == items
    assert list(project.tasks("rain", "done")) == []
    assert [one.name for one in project.campaigns()] == ["rain"]


def test_taxonomies_from_a_file_or_a_document(workspace: Workspace, tmp_path: Path) -> None:
    project = workspace.project()
    file = tmp_path / "b.yaml"
    file.write_text("taxonomy: b\nsuper-taxonomy: road\nlabels: {Auto: vehicle, Mensch: person}\n")
    assert project.taxonomy_add(file).version == 1
    assert project.taxonomy_add(str(file)).version == 1
    changed = {"taxonomy": "b", "super-taxonomy": "road", "labels": {"Auto": "vehicle"}}
    assert project.taxonomy_add(changed).version == 2
    assert [one.version for one in project.taxonomy_history("b")] == [2, 1]
    assert [one.name for one in project.taxonomies()] == ["road", "a", "b"]
    assert project.taxonomy_tables("b").background == [False, False, False, True]
    assert any(one.level == "warning" for one in project.taxonomy_check())


def test_a_snapshot_answers_questions(workspace: Workspace) -> None:
    snapshot = workspace.project().find_snapshot()
    assert snapshot.name == "s1"
    assert snapshot.counts["items"] == ITEMS
    assert snapshot.diff(snapshot).added == 0
    assert sum(row["shapes"] for row in snapshot.boxes(by=["split"])) == ITEMS
    assert [one.name for one in workspace.project().snapshots()] == ["s1"]
    with pytest.raises(NotFound):
        workspace.project().find_snapshot("s2")


def test_what_was_made_before_is_answered_without_doing_it_again(workspace: Workspace) -> None:
    project = workspace.project()
    before = len(list(workspace.runs()))
    snapshot = project.snapshot()
    evaluation = project.model().evaluate()
    assert snapshot.name == "s1"
    assert evaluation.record.model == "v1"
    assert len(list(workspace.runs())) == before


def test_a_model_has_a_card_weights_and_reports(workspace: Workspace, tmp_path: Path) -> None:
    model = workspace.project().model("v1")
    assert model.card().startswith("# v1 of street")
    weights = model.weights(tmp_path / "w.safetensors")
    assert weights.stat().st_size > 1000
    [evaluation] = workspace.project().evaluations(model="v1")
    assert workspace.project().evaluation(evaluation.id).record == evaluation.record
    assert evaluation.report.items > 0
    assert evaluation.page(tmp_path / "report.html").read_text().lower().startswith("<!doctype html>")


def test_a_detector_is_exported_and_says_the_same(workspace: Workspace, tmp_path: Path) -> None:
    model = workspace.project().model("v1")
    seen: list[str] = []
    written = model.export_onnx(tmp_path / "street.onnx", progress=lambda run: seen.append(run.kind))
    assert written.file == tmp_path / "street.onnx" and set(seen) <= {"export-model"}
    assert written.report["images"] == 8 and 0 <= written.report["difference"] < 1e-4
    assert written.report["same"] >= 0.97 * written.report["places"] > 50
    session = onnxruntime.InferenceSession(str(written.file), providers=["CPUExecutionProvider"])
    height, width = written.report["canvas"]
    boxes, scores, classes = session.run(None, {"images": np.zeros((3, height, width, 3), np.uint8)})
    assert boxes.shape == (*scores.shape, 4) and scores.shape == classes.shape and len(scores) == 3
    assert classes.max() < len(model.record.classes)


def test_predictions_that_are_kept_can_be_looked_at(workspace: Workspace) -> None:
    project = workspace.project()
    kept = list(project.predictions(model="v1"))
    assert len(kept) == ITEMS
    assert list(project.predictions(item=kept[0].item)) == kept[:1]


def test_runs_tell_what_was_done(workspace: Workspace) -> None:
    runs = list(workspace.project().runs())
    assert [run.record.kind for run in runs] == ["predict", "evaluate", "train", "snapshot", "ingest"]
    assert workspace.run(runs[0].id).wait()["items"] == ITEMS
    assert "predict done 100%" in repr(runs[0])
