"""What a source says first of an item stands, wherever its batches end and however often it comes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sabbatical.schemas.item import ItemFilter
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest import preparing
from sabbatical.stages.ingest.item_queries import items
from sabbatical.stages.label import importing, queries
from tests.stages.conftest import Street
from tests.stages.ingest.making import picture
from tests.stages.label.test_importing import ingest

P, Q, R = (10.0, 10.0, 20.0, 20.0), (10.0, 10.0, 30.0, 30.0), (10.0, 10.0, 40.0, 40.0)
Box = tuple[float, float, float, float]


def line_of(name: str, *boxes: Box, label: str = "Car") -> str:
    return json.dumps({"file_name": name, "shapes": [{"label": label, "box": box} for box in boxes]})


def lines(path: Path, *rows: str) -> str:
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def drawn(street: Street, item_id: str) -> list[Sequence[float]]:
    """The boxes of the current labels of an item."""
    with street.workspace.database.reading() as session:
        head = queries.heads(session, street.project.id, "basalt", [item_id])[item_id]
        (row,) = queries.revision_rows(session, street.project.id, [head])
    return [tuple(box) for box in Payload.from_bytes(row.payload).boxes_n4.tolist()]


def counts(report: dict[str, Any]) -> tuple[int, int, int]:
    return report["labels"]["added"], report["labels"]["known"], report["labels"]["refused"]


def set_aside(report: dict[str, Any]) -> list[tuple[str, int]]:
    assert all("It contradicts what this source says before" in one["reason"] for one in report["quarantined"])
    return [(one["file"], one["line"]) for one in report["quarantined"]]


@pytest.mark.parametrize("batch", [1, 2, 5000])
@pytest.mark.parametrize("name", ["0.jpg", "folder/0.jpg"])
def test_labels_that_come_again_and_again_leave_the_first_ones_as_they_are(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, name: str
) -> None:
    (item,) = street.add_items(1)
    monkeypatch.setattr(importing, "MATCHED_AT_ONCE", batch)
    rows = [line_of(name, P), line_of(name, P), line_of(name, Q), line_of(name, R), line_of(name, P)]
    source = lines(tmp_path / "labels.jsonl", *rows)
    for expected in ((1, 2, 2), (0, 3, 2), (0, 3, 2)):
        report = ingest(street, source, labels_only=True)
        assert counts(report) == expected
        assert set_aside(report) == [("labels.jsonl", 3), ("labels.jsonl", 4)]
        assert drawn(street, item) == [P]


def test_a_labeling_that_differs_from_the_first_is_said_with_both(street: Street, tmp_path: Path) -> None:
    street.add_items(1)
    rows = [line_of("0.jpg", P), line_of("0.jpg", Q), line_of("0.jpg", P, label="Adult"), line_of("0.jpg")]
    report = ingest(street, lines(tmp_path / "labels.jsonl", *rows), labels_only=True)
    said = "It contradicts what this source says before of the item '0.jpg': "
    kept = ". The first labels are kept, these are left out."
    assert [one["reason"] for one in report["quarantined"]] == [
        f"{said}{what}{kept}" for what in ("other shapes of Car", "Car, Adult", "Car, nothing")
    ]


def test_another_source_may_correct_what_one_said(street: Street, tmp_path: Path) -> None:
    (item,) = street.add_items(1)
    for name, box in (("first", P), ("second", Q)):
        ingest(street, lines(tmp_path / f"{name}.jsonl", line_of("0.jpg", box)), labels_only=True)
        assert drawn(street, item) == [box]


@pytest.mark.parametrize("batch", [1, 64])
def test_an_image_named_twice_keeps_its_first_labels_wherever_batches_end(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(picture(60, 50, number, "PNG"))
    (tmp_path / "copy.png").write_bytes((tmp_path / "0.png").read_bytes())
    monkeypatch.setattr(preparing, "AT_ONCE", batch)
    names = ["0.png", "1.png", "0.png", "2.png", "0.png", "copy.png", "copy.png"]
    rows = [line_of(name, box) for name, box in zip(names, [P, P, Q, P, P, R, P], strict=True)]
    source = lines(tmp_path / "labels.jsonl", *rows)
    first, again = ingest(street, source), ingest(street, source)
    assert (first["added"], counts(first)) == (3, (3, 2, 2))
    assert (again["added"], counts(again)) == (0, (0, 5, 2))
    assert set_aside(first) == set_aside(again) == [("labels.jsonl", 3), ("labels.jsonl", 6)]
    with street.workspace.database.reading() as session:
        ids = {row.name: row.id for row in items(session, street.project.id, ItemFilter(), 0, 10)}
    assert [drawn(street, ids[f"{number}.png"]) for number in range(3)] == [[P]] * 3


@pytest.mark.parametrize("batch", [1, 64])
def test_labels_are_taken_where_the_bytes_came_before_without_any(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    (tmp_path / "0.png").write_bytes(picture(60, 50, 0, "PNG"))
    monkeypatch.setattr(preparing, "AT_ONCE", batch)
    rows = [json.dumps({"file_name": "0.png", "shapes": None}), line_of("0.png", P)]
    report = ingest(street, lines(tmp_path / "labels.jsonl", *rows))
    assert (report["added"], counts(report), report["quarantined"]) == (1, (1, 0, 0), [])
