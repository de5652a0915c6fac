"""Bad input: a clear message with its place, and nothing else is lost."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import text

from sabbatical.core.errors import BadInput, BadTaxonomy, SabbaticalError, StorageFull
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.stages import all_steps  # noqa: F401 - registers the steps
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW

Ingest = Callable[..., dict[str, Any]]


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    """A folder that somebody sends."""
    folder = tmp_path / "sent"
    folder.mkdir()
    return folder


@pytest.fixture
def ingest(workspace: Workspace) -> Ingest:
    """Ingest a source as every interface does, and answer the report."""

    def take(source: Path, **asked: Any) -> dict[str, Any]:
        params = {"source": str(source), **asked}
        with workspace.database.transaction() as session:
            row = runs.ask(session, project_id=None, kind="ingest", params=params, now=NOW)
        return body_of("ingest")(Step(workspace, row.id, None, params, Quiet()))

    return take


def picture(seed: int, size: tuple[int, int] = (40, 30)) -> bytes:
    random = np.random.default_rng(seed)
    out = io.BytesIO()
    Image.fromarray(random.integers(0, 255, (size[1], size[0], 3)).astype(np.uint8)).save(out, "JPEG")
    return out.getvalue()


def coco(folder: Path, boxes: list[dict[str, Any]], *, images: int = 3, **more: Any) -> Path:
    """A COCO file with a few pictures; `boxes` are annotations without ids."""
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(1, images + 1):
        (folder / "images" / f"{number}.jpg").write_bytes(picture(number))
        rows.append({"id": number, "file_name": f"images/{number}.jpg", "width": 40, "height": 30})
    annotations = [{"id": i, "category_id": 1, "image_id": 1, **box} for i, box in enumerate(boxes, 1)]
    path = folder / "labels.json"
    document = {"images": rows, "annotations": annotations, "categories": [{"id": 1, "name": "cat"}], **more}
    path.write_text(json.dumps(document))
    return path


def only(report: dict[str, Any]) -> dict[str, Any]:
    """The one thing that was set aside."""
    assert report["quarantined_total"] == 1, report["quarantined"]
    found: dict[str, Any] = report["quarantined"][0]
    return found


def test_a_truncated_jpeg_is_set_aside_and_the_rest_goes_in(sent: Path, ingest: Ingest) -> None:
    for number in range(3):
        (sent / f"{number}.jpg").write_bytes(picture(number))
    (sent / "cut.jpg").write_bytes(picture(9)[:400])
    report = ingest(sent)
    aside = only(report)
    assert (report["added"], aside["file"]) == (3, "cut.jpg")
    assert "damaged" in aside["reason"]


def test_an_image_of_a_hundred_megapixels_is_set_aside(sent: Path, ingest: Ingest) -> None:
    (sent / "good.jpg").write_bytes(picture(0))
    Image.new("1", (10_000, 10_000)).save(sent / "huge.png")
    report = ingest(sent)
    assert report["added"] == 1
    assert "100,000,000 pixels" in only(report)["reason"]


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_larger_than_one_item_may_be_is_set_aside_with_what_to_do(
    tmp_path: Path, sent: Path, ingest: Ingest, workspace: Workspace, packed: bool
) -> None:
    object.__setattr__(workspace, "settings", workspace.settings.model_copy(update={"max_item_bytes": 100_000}))
    (sent / "good.jpg").write_bytes(picture(0))
    with (sent / "huge.jpg").open("wb") as stream:
        stream.truncate(200_000)
    if packed:
        with zipfile.ZipFile(tmp_path / "sent.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("good.jpg", "huge.jpg"):
                archive.write(sent / name, name)
    report = ingest(tmp_path / "sent.zip" if packed else sent)
    aside = only(report)
    assert (report["added"], aside["file"]) == (1, "huge.jpg")
    assert "'huge.jpg' has 200,000 bytes; at most 100,000" in aside["reason"]
    assert "raise max_item_bytes in the settings" in aside["reason"]


def test_an_archive_cannot_name_a_file_outside_itself(sent: Path, ingest: Ingest) -> None:
    path = sent / "sent.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.jpg", picture(0))
        archive.writestr("../evil.jpg", picture(1))
    report = ingest(path)
    assert report["added"] == 1
    assert "evil.jpg" in only(report)["file"]
    assert not (sent.parent / "evil.jpg").exists()


def test_an_upload_sees_nothing_beside_its_own_folder(workspace: Workspace, sent: Path, ingest: Ingest) -> None:
    path = coco(sent, [{"bbox": [1, 1, 9, 9]}], images=1)
    mine, theirs = workspace.folder("uploads", "upl_mine"), workspace.folder("uploads", "upl_theirs")
    (theirs / "1.jpg").write_bytes(picture(1))
    document = json.loads(path.read_text())
    document["images"][0]["file_name"] = "../upl_theirs/1.jpg"
    (mine / "labels.json").write_text(json.dumps(document))
    with pytest.raises(BadInput, match=r"No items could be taken.*is not there"):
        ingest(mine / "labels.json")


def test_what_was_looked_for_and_never_found_is_a_class_all_the_same(
    workspace: Workspace, sent: Path, ingest: Ingest
) -> None:
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    report = ingest(coco(sent, [{"bbox": [1, 1, 9, 9]}], categories=categories))
    with workspace.database.reading() as session:
        found = projects.customer_taxonomies(session, projects.get(session, report["project"]).id)
    assert [label for _, taxonomy in found.values() for label in ("cat", "dog") if label in taxonomy] == ["cat", "dog"]


def test_a_box_of_an_unknown_category_is_set_aside(sent: Path, ingest: Ingest) -> None:
    report = ingest(coco(sent, [{"bbox": [1, 1, 9, 9]}, {"bbox": [1, 1, 9, 9], "category_id": 7}]))
    assert report["added"] == 3
    assert "7" in only(report)["reason"]


@pytest.mark.parametrize("box", [[5, 5, -3, 4], [5, 5, 0, 4], [500, 5, 9, 9], ["a", 1, 2, 3], [1, 2, 3]])
def test_a_box_that_is_none_is_set_aside_with_its_field(sent: Path, ingest: Ingest, box: list[Any]) -> None:
    report = ingest(coco(sent, [{"bbox": [1, 1, 9, 9]}, {"bbox": box}]))
    assert report["added"] == 3
    assert "bbox" in (only(report)["field"] or "")


def test_images_of_one_id_are_taken_without_labels_for_nobody_knows_whose_they_are(sent: Path, ingest: Ingest) -> None:
    path = coco(sent, [{"bbox": [1, 1, 9, 9]}])
    document = json.loads(path.read_text())
    document["images"][1]["id"] = 1
    path.write_text(json.dumps(document))
    report = ingest(path)
    assert (report["added"], report["labels"]["added"]) == (3, 1)
    assert all("1 stands for several images" in aside["reason"] for aside in report["quarantined"])


def test_a_csv_in_latin_1_is_read_and_said(sent: Path, ingest: Ingest) -> None:
    path = sent / "texts.csv"
    path.write_bytes("text,label\nEin schöner Tag,gut\nMüde und naß,schlecht\n".encode("latin-1"))
    report = ingest(path)
    assert report["added"] == 2
    assert "latin" in report["why"].lower() or "1252" in report["why"]


def test_a_csv_without_a_text_column_is_refused_with_what_it_has(sent: Path, ingest: Ingest) -> None:
    path = sent / "numbers.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(SabbaticalError) as failed:
        ingest(path)
    assert "a" in str(failed.value) and "column" in str(failed.value)


def test_an_empty_folder_says_what_was_looked_for(sent: Path, ingest: Ingest) -> None:
    (sent / "nothing").mkdir()
    with pytest.raises(BadInput, match=r"it is empty.*COCO JSON"):
        ingest(sent / "nothing")


def test_a_label_that_the_taxonomy_lacks_leaves_the_item_without_labels(
    sent: Path, ingest: Ingest, workspace: Workspace
) -> None:
    first = ingest(coco(sent / "first", [{"bbox": [1, 1, 9, 9]}]))
    path = coco(sent / "second", [{"bbox": [1, 1, 9, 9]}], categories=[{"id": 1, "name": "dog"}])
    report = ingest(path, taxonomy=first["taxonomy"])
    assert report["labels"]["refused"] == 1
    assert "no label 'dog'" in only(report)["reason"]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"super-taxonomy": "t", "classes": [{"name": "a", "parent": "b"}, {"name": "b", "parent": "a"}]}, "a.*b.*a"),
        ({"super-taxonomy": "t", "classes": [{"name": "a"}, {"name": "A "}]}, "(?i)'a"),
    ],
)
def test_a_taxonomy_that_contradicts_itself_is_refused(
    sent: Path, ingest: Ingest, workspace: Workspace, document: dict[str, Any], said: str
) -> None:
    name = ingest(coco(sent, [{"bbox": [1, 1, 9, 9]}]))["project"]
    with workspace.database.transaction() as session:
        project = projects.get(session, name)
        with pytest.raises(BadTaxonomy, match=said):
            projects.add_taxonomy(session, project, document, NOW)
        assert len(projects.taxonomies(session, project)) == 2


def test_a_full_disk_ends_the_run_and_it_goes_on_when_there_is_room(
    sent: Path, ingest: Ingest, workspace: Workspace
) -> None:
    for number in range(200):
        (sent / f"{number}.jpg").write_bytes(picture(number))
    with workspace.database.engine.connect() as connection:
        pages = int(connection.execute(text("PRAGMA page_count")).scalar() or 0)
    _limit(workspace, pages + 12)
    with pytest.raises(StorageFull, match="disk is full"):
        ingest(sent)
    _limit(workspace, 2**30)
    report = ingest(sent)
    assert report["added"] + report["known"] == 200


def _limit(workspace: Workspace, pages: int) -> None:
    """How large the database may grow; SQLite then answers as it does on a full disk."""
    from sqlalchemy import event  # noqa: PLC0415

    workspace.database.engine.dispose()

    def limit(connection: Any, _record: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(workspace.database.engine, "connect", limit)
