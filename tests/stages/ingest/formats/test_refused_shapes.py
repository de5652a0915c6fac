"""A shape that is refused leaves its image partial, in every format: the others stay, the rest is not "nothing"."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.preparing import Preparer
from sabbatical.stages.ingest.recognise import recognise
from sabbatical.stages.ingest.records import Record, Refusal
from sabbatical.stages.ingest.shapes import UNLEARNED, fit_record
from sabbatical.storage.workspace import Workspace
from tests.stages.ingest.making import box, coco, picture, pictures, read, write

GOOD, FLAT, FAR = (1, 2, 11, 22), (5, 5, 5, 9), (90, 90, 99, 99)
OVER = (-2, 2, 11, 22)
Box = tuple[Any, ...]
Made = dict[str, bytes | str]


def as_coco(boxes: list[Box]) -> Made:
    drawn = [box(1, 1, (x0, y0, x1 - x0, y1 - y0)) if x0 != "x" else box(1, 1, "xyz") for x0, y0, x1, y1 in boxes]
    return {"labels.json": coco([*drawn, box(2)])}


def as_voc(boxes: list[Box]) -> Made:
    corners = ("xmin", "ymin", "xmax", "ymax")
    objects = [
        "<object><name>cat</name><bndbox>"
        + "".join(f"<{name}>{value}</{name}>" for name, value in zip(corners, one, strict=True))
        + "</bndbox></object>"
        for one in boxes
    ]
    size = "<size><width>40</width><height>30</height></size>"
    return {"1.xml": f"<annotation><filename>1.jpg</filename>{size}{''.join(objects)}</annotation>"}


def as_yolo(boxes: list[Box]) -> Made:
    lines = [
        "0 x .5 .1 .1" if x0 == "x" else f"0 {(x0 + x1) / 80} {(y0 + y1) / 60} {(x1 - x0) / 40} {(y1 - y0) / 30}"
        for x0, y0, x1, y1 in boxes
    ]
    return {"images/1.txt": "\n".join(lines), "images/2.txt": "0 .5 .5 .2 .2\n", "classes.txt": "cat\n"}


def as_csv(boxes: list[Box]) -> Made:
    rows = [",".join(["images/1.jpg", "cat", *map(str, one)]) for one in boxes]
    return {"t.csv": "\n".join(["image,label,x0,y0,x1,y1", *rows, "images/2.jpg,cat,1,2,11,22"])}


def as_jsonl(boxes: list[Box]) -> Made:
    shapes = [{"label": "cat", "box": one} for one in boxes]
    return {"t.jsonl": json.dumps({"file_name": "images/1.jpg", "shapes": shapes, "width": 40, "height": 30})}


FORMATS = pytest.mark.parametrize("write_as", [as_coco, as_voc, as_yolo, as_csv, as_jsonl])
Writer = Callable[[list[Box]], Made]


def first(tmp_path: Path, files: Made) -> tuple[Payload | None, list[Refusal]]:
    """What a source says of its first image, settled on the true size, and all refusals."""
    records, refusals = read(write(tmp_path, {**pictures("images/1.jpg", "images/2.jpg"), **files}))
    one = next(record for record in records if record.name.endswith("1.jpg"))
    refusals += fit_record(one, 40, 30)
    return one.payload, refusals


@FORMATS
@pytest.mark.parametrize("bad", [FLAT, FAR, ("x", 1, 9, 9)])
def test_a_refused_box_leaves_its_image_partial_with_the_others_and_says_what_follows(
    tmp_path: Path, write_as: Writer, bad: Box
) -> None:
    payload, refusals = first(tmp_path, write_as([GOOD, bad]))
    assert payload is not None and payload.labels == ("cat",)
    assert payload.boxes_n4.round(3).tolist() == [list(GOOD)]
    assert payload.partial
    (refusal,) = refusals
    assert not refusal.kept and refusal.reason.endswith(UNLEARNED)


@FORMATS
def test_a_box_that_was_clipped_leaves_its_image_whole(tmp_path: Path, write_as: Writer) -> None:
    payload, refusals = first(tmp_path, write_as([GOOD, OVER]))
    assert payload is not None and len(payload) == 2 and not payload.partial
    assert all(refusal.kept and UNLEARNED not in refusal.reason for refusal in refusals) and refusals


@FORMATS
@pytest.mark.parametrize("bad", [FLAT, ("x", 1, 9, 9)])
def test_an_image_of_which_all_was_refused_is_taken_without_labels(tmp_path: Path, write_as: Writer, bad: Box) -> None:
    payload, refusals = first(tmp_path, write_as([bad]))
    assert payload is None and len(refusals) == 1


@pytest.mark.parametrize(
    "bad", [box(1, 9), box(1, 1, (1, 1, 4)), box(1, None), {"image_id": 1, "bbox": [1, 1, 2, 2]}, box(1, bbox=())]
)
def test_an_annotation_of_coco_that_cannot_be_read_leaves_its_own_image_partial(
    tmp_path: Path, bad: dict[str, Any]
) -> None:
    files = {**pictures("images/1.jpg", "images/2.jpg"), "labels.json": coco([box(1), bad, box(2)])}
    records, (refusal,) = read(write(tmp_path, files))
    assert [record.payload and record.payload.partial for record in records] == [True, False]
    assert refusal.reason.endswith(UNLEARNED)


def test_an_annotation_of_coco_that_stands_twice_leaves_its_image_whole(tmp_path: Path) -> None:
    payload, refusals = first(tmp_path, {"labels.json": coco([box(id=5), box(id=5)])})
    assert payload is not None and not payload.partial and len(refusals) == 1


def test_an_outline_that_cannot_be_used_leaves_its_box_and_its_image_whole(tmp_path: Path) -> None:
    payload, refusals = first(tmp_path, {"labels.json": coco([box(segmentation=[[1, 2, 3]])])})
    assert payload is not None and len(payload) == 1 and not payload.partial and refusals[0].kept


def test_a_class_of_yolo_without_a_name_leaves_its_image_partial(tmp_path: Path) -> None:
    lines = "0 .5 .5 .2 .2\n7 .5 .5 .1 .1\n"
    payload, _ = first(tmp_path, {"images/1.txt": lines, "images/2.txt": "0 .5 .5 .2 .2\n", "classes.txt": "cat\n"})
    assert payload is not None and payload.labels == ("cat",) and payload.partial


def test_json_lines_may_say_themselves_that_an_image_is_partial(tmp_path: Path) -> None:
    rows = [{"file_name": "images/1.jpg", "shapes": [{"label": "cat", "box": GOOD}], "partial": True}]
    rows += [{"file_name": "images/2.jpg", "shapes": [], "partial": False}]
    files = {**pictures("images/1.jpg", "images/2.jpg"), "t.jsonl": "\n".join(map(json.dumps, rows))}
    (one, two), refusals = read(write(tmp_path, files))
    assert one.payload is not None and one.payload.partial and "partial" not in one.attributes
    assert two.payload is not None and not two.payload.partial and not refusals


def test_a_damaged_image_is_refused_under_its_own_name(tmp_path: Path, workspace: Workspace) -> None:
    cut: dict[str, bytes | str] = {"images/1.jpg": picture()[:300], "images/2.jpg": picture()}
    source = write(tmp_path / "sent", {**cut, "labels.json": coco([box(1), box(2)])})
    entries = recognise(source).reader.read(source)
    ((ready, (refusal,)),) = Preparer(workspace.media, 10**8, 2).batches(entries)
    assert [one.name for one in ready] == ["images/2.jpg"]
    assert refusal.file == "images/1.jpg" and "damaged" in refusal.reason and "labels.json" in refusal.reason


def test_a_partial_payload_comes_back_from_its_bytes_and_the_bytes_of_others_are_as_ever() -> None:
    whole = Payload(("cat",), np.array([GOOD], np.float32))
    assert whole.to_bytes() == b'{"box":[1.0,2.0,11.0,22.0],"label":[0],"labels":["cat"]}'
    assert not Payload.from_bytes(whole.to_bytes()).partial
    partial = Payload(("cat",), np.array([GOOD], np.float32), partial=True)
    assert partial.to_bytes() != whole.to_bytes() and Payload.from_bytes(partial.to_bytes()).partial


def test_a_box_refused_only_once_the_size_of_its_image_is_known_leaves_it_partial() -> None:
    one = Record("1.jpg", "labels.json", payload=Payload(("cat", "dog"), np.array([GOOD, FAR], np.float32)))
    (refusal,) = fit_record(one, 40, 30)
    assert one.payload is not None and one.payload.labels == ("cat",) and one.payload.partial
    assert refusal.reason.endswith(UNLEARNED)
