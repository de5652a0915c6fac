"""What an import of labels for items that are here already promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.item import ItemFilter
from sabbatical.stages.ingest.formats.coco import _CocoFile
from sabbatical.stages.ingest.item_queries import items
from sabbatical.stages.label import importing, naming
from sabbatical.stages.label import steps as _registered  # noqa: F401
from tests.stages.conftest import NOW, Street


def labels_of(path: Path, names: list[str]) -> str:
    """A COCO file that draws one car on each of the images named."""
    images = [{"id": number, "file_name": name, "width": 320, "height": 192} for number, name in enumerate(names)]
    drawn = [
        {"id": image, "image_id": image, "category_id": 1, "bbox": [10, 20, 30, 40]} for image in range(len(names))
    ]
    document = {"images": images, "annotations": drawn, "categories": [{"id": 1, "name": "Car"}]}
    path.write_text(json.dumps(document))
    return str(path)


def ingest(street: Street, source: str, **more: Any) -> dict[str, Any]:
    """Take a source in, under the labels of basalt unless told otherwise."""
    asked = {"source": source, "project": street.project.name, "taxonomy": "basalt", **more}
    with street.workspace.database.transaction() as session:  # what is set aside belongs to a run
        row = runs.ask(session, project_id=street.project.id, kind="ingest", params=asked, now=NOW)
    return body_of("ingest")(Step(street.workspace, row.id, street.project.id, asked, Quiet()))


def attach(street: Street, source: str, **more: Any) -> dict[str, Any]:
    return ingest(street, source, labels_only=True, **more)


@pytest.mark.parametrize("looked_at", [3, 2000])
def test_labels_find_their_items_by_name_once(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    street.add_items(10)
    monkeypatch.setattr(naming, "LOOKED_AT", looked_at)
    source = labels_of(tmp_path / "labels.json", [f"{number}.jpg" for number in range(10)])
    first, again = attach(street, source), attach(street, source)
    assert (first["labels"]["added"], first["labels"]["known"], first["known"]) == (10, 0, 10)
    assert (again["labels"]["added"], again["labels"]["known"], again["known"]) == (0, 10, 10)


def test_a_file_of_labels_is_read_once(street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    street.add_items(10)
    monkeypatch.setattr(naming, "LOOKED_AT", 3)
    reads, entries = [], _CocoFile.entries
    monkeypatch.setattr(_CocoFile, "entries", lambda self: reads.append(1) or entries(self))
    attach(street, labels_of(tmp_path / "labels.json", [f"{number}.jpg" for number in range(10)]))
    assert len(reads) == 1


def test_labels_find_their_items_by_file_name_where_no_item_has_the_whole_name(street: Street, tmp_path: Path) -> None:
    street.add_items(10)
    names = ["0.jpg", *(f"images/{number}.jpg" for number in range(1, 9)), "images\\9.jpg"]
    report = attach(street, labels_of(tmp_path / "labels.json", names))
    assert (report["labels"]["added"], report["known"], report["quarantined_total"]) == (10, 10, 0)
    (warning,) = [one for one in report["warnings"] if one["code"] == "matched-by-file-name"]
    assert warning["message"] == (
        "9 items were matched by file name, without folders: 'images/1.jpg' is read as '1.jpg'."
    )


@pytest.mark.parametrize("batch", [1, 5000])
def test_a_file_name_that_is_not_unique_in_the_source_is_refused_by_name(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    street.add_items(3)
    monkeypatch.setattr(importing, "MATCHED_AT_ONCE", batch)
    names = ["left/0.jpg", "1.jpg", "right/0.jpg", "other/1.jpg", "left/2.jpg"]
    report = attach(street, labels_of(tmp_path / "labels.json", names))
    assert report["labels"]["added"] == 2  # 1.jpg by its whole name, 2.jpg by its file name
    reasons = [one["reason"] for one in report["quarantined"]]
    assert [next(name for name in names if f"the name '{name}'" in reason) for reason in reasons] == [
        "left/0.jpg",
        "right/0.jpg",
        "other/1.jpg",
    ]


def test_a_file_name_that_several_items_have_is_refused_by_name(street: Street, tmp_path: Path) -> None:
    street.add_items(2)
    with street.workspace.database.transaction() as session:
        for row, name in zip(
            items(session, street.project.id, ItemFilter(), 0, 2), ("a/k.jpg", "b/k.jpg"), strict=True
        ):
            row.name = name
    report = attach(street, labels_of(tmp_path / "labels.json", ["a/k.jpg", "c/k.jpg"]))
    assert report["labels"]["added"] == 1
    (refused,) = report["quarantined"]
    assert "2 have its file name ('a/k.jpg', 'b/k.jpg')" in refused["reason"] and "'c/k.jpg'" in refused["reason"]


def test_labels_of_which_none_finds_its_item_fail_with_a_word_on_what_to_do(street: Street, tmp_path: Path) -> None:
    street.add_items(2)
    with pytest.raises(BadInput, match=r"No labels could be taken; set aside: 2.*'x.jpg'") as raised:
        attach(street, labels_of(tmp_path / "labels.json", ["x.jpg", "y.jpg"]))
    assert "Ingest the items first" in raised.value.hint


@pytest.mark.parametrize("taxonomy", ["basalt", None])
def test_a_file_without_labels_fails_with_a_word_on_what_to_do(
    street: Street, tmp_path: Path, taxonomy: str | None
) -> None:
    street.add_items(2)
    source = tmp_path / "labels.jsonl"
    source.write_text('{"file_name": "0.jpg", "shapes": null}\n{"file_name": "1.jpg", "shapes": null}\n')
    with pytest.raises(BadInput, match=r"There are no labels in it; read: 2 entries") as raised:
        attach(street, str(source), taxonomy=taxonomy)
    assert "--option label_column" in raised.value.hint and "--taxonomy" in raised.value.hint


def test_images_on_which_nothing_is_are_labels_under_the_taxonomy_that_is_named(street: Street, tmp_path: Path) -> None:
    street.add_items(1)
    (tmp_path / "labels.jsonl").write_text('{"file_name": "0.jpg", "shapes": []}\n')
    assert attach(street, str(tmp_path / "labels.jsonl"))["labels"]["added"] == 1


def test_a_table_of_ids_and_labels_is_told_that_an_id_is_not_enough(street: Street, tmp_path: Path) -> None:
    street.add_items(1)
    (tmp_path / "labels.csv").write_text("id,label\n0.jpg,Car\n")
    with pytest.raises(BadInput, match="No column holds texts or names of images") as raised:
        attach(street, str(tmp_path / "labels.csv"))
    assert "Ids alone ('id') are not enough" in raised.value.hint and "image_column" in raised.value.hint


def test_the_number_of_queries_does_not_grow_with_the_labels(street: Street, tmp_path: Path) -> None:
    street.add_items(200)

    def queries(count: int) -> int:
        source = labels_of(tmp_path / "labels.json", [f"images/{number}.jpg" for number in range(count)])
        asked: list[str] = []
        engine = street.workspace.database.engine
        listen = lambda *given: asked.append(given[2])  # noqa: E731
        event.listen(engine, "before_cursor_execute", listen)
        attach(street, source)
        event.remove(engine, "before_cursor_execute", listen)
        return sum(statement.lstrip().upper().startswith("SELECT") for statement in asked)

    assert queries(20) == queries(200)
