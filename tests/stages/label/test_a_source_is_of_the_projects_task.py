"""Boxes for a project of texts, or texts for one of boxes: what the project is for is said, nothing is stored."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from sabbatical.core.errors import BadInput
from sabbatical.schemas.project import ProjectIn, Task
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import ItemRow
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW
from tests.stages.train.shapes import Shapes


def project_of(workspace: Workspace, folder: Path, name: str, task: Task) -> Shapes:
    with workspace.database.transaction() as session:
        return Shapes(workspace, projects.create(session, ProjectIn(name=name, task=task), NOW), folder)


def items(workspace: Workspace) -> int:
    with workspace.database.reading() as session:
        return int(session.scalar(select(func.count()).select_from(ItemRow)) or 0)


def test_boxes_are_refused_by_a_project_of_texts(workspace: Workspace, tmp_path: Path) -> None:
    notes = project_of(workspace, tmp_path, "notes", "text")
    source = notes.write("street", "Box", 3, 1)
    with pytest.raises(BadInput, match="for texts, but this source holds images with boxes, such as") as caught:
        notes.run("ingest", source=str(source))
    assert "project create NAME --task boxes" in str(caught.value) and items(workspace) == 0
    with pytest.raises(BadInput, match="for texts, but this source holds images, such as"):
        notes.run("ingest", source=str(source.parent / "images"))


def test_texts_are_refused_by_a_project_of_boxes_and_one_that_fits_is_named(
    workspace: Workspace, tmp_path: Path
) -> None:
    street = project_of(workspace, tmp_path, "street", "boxes")
    (tmp_path / "notes.csv").write_text("text,label\nthe sea is wide,Sea\nthe sky is high,Sky\n")
    with pytest.raises(BadInput, match="for images, but this source holds texts") as caught:
        street.run("ingest", source=str(tmp_path / "notes.csv"))
    assert "--task text" in str(caught.value)
    notes = project_of(workspace, tmp_path, "notes", "text")
    with pytest.raises(BadInput, match="--project notes"):
        street.run("ingest", source=str(tmp_path / "notes.csv"))
    assert notes.run("ingest", source=str(tmp_path / "notes.csv"))["added"] == 2
