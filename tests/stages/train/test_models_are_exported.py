"""A model goes out as a file that answers as it does, or says why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from sabbatical.core.errors import BadInput, Broken
from sabbatical.learning import export
from sabbatical.learning.detector import Detector
from sabbatical.learning.onnx_runner import OnnxRunner
from sabbatical.schemas.project import ProjectIn
from sabbatical.schemas.train import ModelExportRequest
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import exporting
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW
from tests.stages.train.shapes import TINY, Shapes


@pytest.mark.parametrize("head", ["centre", "anchor"])
def test_a_detector_of_any_head_is_exported_and_compared(shapes: Shapes, head: str) -> None:
    shapes.run("train", settings=TINY | {"head": head})
    done = shapes.run("export-model", model="v1", format="onnx")
    assert done["images"] == 8 and done["difference"] < 1e-4
    assert done["same"] >= 0.99 * done["places"] > 50
    assert OnnxRunner(Path(done["output"]), threads=1).config.classes == ("round", "disc", "square")


def test_a_file_that_answers_otherwise_is_not_handed_out(shapes: Shapes, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes.run("train", settings=TINY)
    write = export.export_onnx

    def another(file: Path, detector: Detector) -> None:
        """Writes a detector that is sure of something everywhere."""
        changed = Detector(detector.config)
        changed.load_state_dict(detector.state_dict())
        for name, values in changed.named_parameters():
            if name.endswith("bias"):
                values.data += 1.0
        write(file, changed)

    monkeypatch.setattr(export, "export_onnx", another)
    with pytest.raises(Broken, match=r"Of \d+ places that v1 finds, the exported file has only \d+"):
        shapes.run("export-model", model="v1", format="onnx")
    assert list(shapes.workspace.home.rglob("*.onnx")) == []


def test_a_model_of_texts_says_what_can_be_exported(workspace: Workspace, tmp_path: Path) -> None:
    with workspace.database.transaction() as session:
        asked = ProjectIn(name="notes", task="text", test_share=0.0, validation_share=0.0)
        project = projects.create(session, asked, NOW)
        for document in (
            {"super-taxonomy": "topics", "version": 1, "classes": {"sea": {}, "sky": {}}},
            {"taxonomy": "notes", "super-taxonomy": "topics", "labels": {"Sea": "sea", "Sky": "sky"}},
        ):
            projects.add_taxonomy(session, project, document, NOW)
    notes = Shapes(workspace, project, tmp_path)
    path = tmp_path / "notes.csv"
    path.write_text(
        "\n".join(["text,label", *(f"{name} is wide {n},{name}" for n in range(30) for name in ("Sea", "Sky"))])
    )
    notes.run("ingest", source=str(path))
    notes.run("snapshot")
    notes.run("train", recipe="rules")
    with workspace.database.reading() as session, pytest.raises(BadInput) as caught:
        exporting.ask(session, project, "v1", ModelExportRequest(), NOW, None)
    assert "v1 is a model of texts; only detectors can be exported as ONNX" in str(caught.value)
