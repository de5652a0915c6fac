"""A source of another kind than the model's is refused before anything is stored; what is left out of one is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from sabbatical.core.errors import BadInput
from sabbatical.schemas.item import ItemFilter
from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.ingest import items
from sabbatical.stages.project import actions as projects
from tests.stages.conftest import NOW
from tests.stages.predict.conftest import NOTES
from tests.stages.train.shapes import TINY, Shapes


def there(project: Shapes) -> int:
    with project.workspace.database.reading() as session:
        return len(items.page(session, project.project, ItemFilter(), None, 1000).rows)


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "new"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (40 + number, 40), (number * 90, 20, 20)).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    for word in ("sea", "sky"):
        (folder / f"{word}.txt").write_text(f"the {word} is wide and nobody knows how deep")
    return folder


def test_a_text_model_refuses_images_and_stores_none(notes: Shapes, images: Path) -> None:
    with notes.workspace.database.transaction() as session:
        projects.create(session, ProjectIn(name="street", task="boxes"), NOW)
    with pytest.raises(BadInput, match=r"v1 of 'notes'.*'text', reads texts, but.* images, such as 0.png.*street"):
        notes.run("predict", source=str(images))
    assert there(notes) == NOTES


def test_a_detector_refuses_texts_and_stores_none(shapes: Shapes, texts: Path) -> None:
    shapes.run("train", settings=TINY | {"steps": 1})
    before = there(shapes)
    with pytest.raises(
        BadInput, match=r"v1 of 'shapes'.*'boxes', reads images, but.* texts.*sabbatical project create"
    ):
        shapes.run("predict", source=str(texts))
    assert there(shapes) == before


def test_files_that_are_set_aside_are_named_with_a_reason_each_time(shapes: Shapes, images: Path) -> None:
    shapes.run("train", settings=TINY | {"steps": 1})
    (images / "broken.png").write_bytes(b"no picture")
    (images / "list.pdf").write_bytes(b"%PDF")
    for computed in (3, 0):
        said = shapes.run("predict", source=str(images))
        assert (said["items"], said["computed"], said["quarantined_total"]) == (3, computed, 2)
        assert {one["file"] for one in said["quarantined"]} == {"broken.png", "list.pdf"}
        assert all(one["reason"] for one in said["quarantined"])


def test_of_texts_that_fit_nothing_is_set_aside(notes: Shapes, texts: Path) -> None:
    said = notes.run("predict", source=str(texts))
    assert (said["items"], said["quarantined"], said["quarantined_total"]) == (2, [], 0)
