"""What is written comes back as it was, but for what the report says the format cannot carry."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from sabbatical.core.errors import BadInput, Conflict, StorageFull
from sabbatical.geometry.rle import Rle
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.recognise import recognise
from sabbatical.stages.ingest.records import Record, Refusal
from sabbatical.stages.label.formats import FORMATS, ExportItem, ExportReport, write
from tests.stages.ingest.making import picture, read

WIDTH, HEIGHT = 60, 40
NAMES = st.text("abcdefghij éß漢-_", min_size=1, max_size=8).map(str.strip).filter(bool)
KEYS = st.sampled_from(["parked", "occluded", "weather", "camera_7"])
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=6)
VALUES = st.one_of(
    WORDS, st.booleans(), st.integers(-9, 9), st.floats(-9, 9, allow_nan=False).map(lambda v: round(v, 3))
)
TIMES = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@st.composite
def boxes(draw: st.DrawFn) -> list[float]:
    x = sorted(draw(st.lists(st.integers(0, WIDTH * 100), min_size=2, max_size=2, unique=True)))
    y = sorted(draw(st.lists(st.integers(0, HEIGHT * 100), min_size=2, max_size=2, unique=True)))
    return [x[0] / 100, y[0] / 100, x[1] / 100, y[1] / 100]


def triangle(box: list[float]) -> list[list[float]]:
    x0, y0, x1, y1 = box
    return [[x0, y0, x1, y0, x1, y1]]


def mask(box: list[float]) -> dict[str, Any]:
    shades = np.zeros((HEIGHT, WIDTH), bool)
    shades[int(box[1]) : int(box[3]) + 1, int(box[0]) : int(box[2]) + 1] = True
    return Rle.encode(shades).to_coco()


@st.composite
def payloads(draw: st.DrawFn) -> Payload:
    drawn = draw(st.lists(boxes(), max_size=4))
    kinds = draw(st.lists(st.sampled_from(["box", "polygon", "mask"]), min_size=len(drawn), max_size=len(drawn)))
    several = draw(st.booleans())
    return Payload(
        labels=tuple(draw(NAMES) for _ in drawn),
        boxes_n4=np.array(drawn, np.float32).reshape(-1, 4),
        polygons={i: triangle(drawn[i]) * (1 + several) for i, kind in enumerate(kinds) if kind == "polygon"},
        masks={i: mask(drawn[i]) for i, kind in enumerate(kinds) if kind == "mask"},
        attributes={i: found for i in range(len(drawn)) if (found := draw(st.dictionaries(KEYS, VALUES, max_size=2)))},
        crowds=frozenset(draw(st.sets(st.sampled_from(range(len(drawn)))))) if drawn else frozenset(),
    )


@cache
def blank() -> bytes:
    return picture(WIDTH, HEIGHT, kind="PNG")


@st.composite
def images(draw: st.DrawFn, wild: bool = False) -> list[ExportItem]:
    """Images in the order of their names; wild ones are named with slashes, without endings, and more than once."""
    if wild:
        names = draw(st.lists(st.text("abc/.", min_size=1, max_size=4), min_size=1, max_size=4))
    else:
        names = [f"{number}.png" for number in range(draw(st.integers(1, 4)))]
    return [
        ExportItem(
            name=name,
            payload=draw(st.none() | payloads()),
            width=WIDTH,
            height=HEIGHT,
            media_type="image/png",
            group=draw(st.none() | NAMES),
            captured_at=draw(st.none() | TIMES),
            attributes=draw(st.dictionaries(KEYS, VALUES, max_size=2)),
            read=blank,
        )
        for name in names
    ]


@st.composite
def texts(draw: st.DrawFn) -> list[ExportItem]:
    return [
        ExportItem(
            name=f"t{number}",
            text=draw(st.lists(WORDS, min_size=1, max_size=5).map("\n ".join)),
            payload=draw(st.none() | NAMES.map(lambda name: Payload((name,)))),
            group=draw(st.none() | NAMES),
            captured_at=draw(st.none() | TIMES),
            attributes=draw(st.dictionaries(KEYS, VALUES, max_size=2)),
        )
        for number in range(draw(st.integers(1, 4)))
    ]


def round_trip(format: str, items: list[ExportItem]) -> tuple[ExportReport, list[Record]]:  # noqa: A002
    with tempfile.TemporaryDirectory() as folder:
        report = write(format, iter(items), Path(folder) / "out")
        entries = list(recognise(report.path).reader.read(report.path))
        records = [entry for entry in entries if isinstance(entry, Record)]
        assert not [entry for entry in entries if isinstance(entry, Refusal)]
        assert all(record.text is not None or (record.read and record.read() == blank()) for record in records)
    return report, records


def document(payload: Payload | None) -> Any:
    return None if payload is None else json.loads(payload.to_bytes())


def same(item: ExportItem, record: Record) -> None:
    assert document(record.payload) == document(item.payload)
    assert (record.text, record.group, record.captured_at) == (item.text, item.group, item.captured_at)
    assert record.attributes == item.attributes


@settings(max_examples=30, deadline=None)
@given(images(wild=True))
@pytest.mark.parametrize("format", ["coco", "jsonl"])
def test_nothing_of_an_image_is_lost_in_coco_and_json_lines(format: str, items: list[ExportItem]) -> None:  # noqa: A002
    report, records = round_trip(format, items)
    assert {loss.what for loss in report.lost} <= {"the name (another one was given)"}
    assert len(records) == report.items == len(items)
    assert report.shapes == sum(len(item.payload or ()) for item in items)
    for item, record in zip(items, records, strict=True):
        same(item, record)


@settings(max_examples=30, deadline=None)
@given(texts())
def test_nothing_of_a_text_is_lost_in_json_lines(items: list[ExportItem]) -> None:
    report, records = round_trip("jsonl", items)
    assert not report.lost
    for item, record in zip(items, records, strict=True):
        same(item, record)
        assert record.name == item.name


@settings(max_examples=30, deadline=None)
@given(texts())
def test_a_table_of_texts_loses_only_the_types_of_attributes(items: list[ExportItem]) -> None:
    report, records = round_trip("csv", items)
    typed = sum(not isinstance(value, str) for item in items for value in item.attributes.values())
    assert [(loss.what, loss.count) for loss in report.lost] == (
        [("types of attributes (they become text)", typed)] if typed else []
    )
    for item, record in zip(items, records, strict=True):
        same(replace(item, attributes={name: str(value) for name, value in item.attributes.items()}), record)


def plain(payload: Payload, *, polygons: bool) -> Payload:
    """What tables and VOC keep of a payload: attributes as text, and polygons of one part."""
    return Payload(
        payload.labels,
        payload.boxes_n4,
        {i: parts for i, parts in payload.polygons.items() if polygons and len(parts) == 1},
        {},
        {i: {name: str(value) for name, value in found.items()} for i, found in payload.attributes.items()},
    )


@settings(max_examples=30, deadline=None)
@given(images())
@pytest.mark.parametrize("format", ["csv", "voc"])
def test_tables_and_voc_say_what_they_lose_and_keep_the_rest(format: str, items: list[ExportItem]) -> None:  # noqa: A002
    looked_at = [item for item in items if item.payload is not None]
    assume(looked_at)
    report, records = round_trip(format, items)
    lost = {loss.what: loss.count for loss in report.lost}
    assert lost.get("images that nobody looked at", 0) == len(items) - len(looked_at)
    assert lost.get("masks", 0) == sum(len(item.payload.masks) for item in looked_at if item.payload)
    assert lost.get("marks of crowds", 0) == sum(len(item.payload.crowds) for item in looked_at if item.payload)
    for item, record in zip(looked_at, records, strict=True):
        assert item.payload is not None and record.payload is not None
        assert document(record.payload) == document(plain(item.payload, polygons=format == "voc"))
        assert (record.group, record.captured_at) == (item.group, item.captured_at)
        assert record.attributes == {name: str(value) for name, value in item.attributes.items()}


@settings(max_examples=30, deadline=None)
@given(images())
def test_yolo_keeps_boxes_and_simple_polygons_and_who_was_not_looked_at(items: list[ExportItem]) -> None:
    report, records = round_trip("yolo", items)
    lost = {loss.what: loss.count for loss in report.lost}
    assert lost.get("attributes of images", 0) == sum(len(item.attributes) for item in items)
    for item, record in zip(items, records, strict=True):
        assert (record.payload is None) == (item.payload is None)
        if item.payload is not None and record.payload is not None:
            assert record.payload.labels == item.payload.labels
            np.testing.assert_allclose(record.payload.boxes_n4, item.payload.boxes_n4, atol=1e-3)
            simple = {i: parts for i, parts in item.payload.polygons.items() if len(parts) == 1}
            assert record.payload.polygons.keys() == simple.keys()
            for shape, parts in simple.items():
                np.testing.assert_allclose(record.payload.polygons[shape], parts, atol=1e-3)


@pytest.mark.parametrize("format", ["jsonl", "coco", "yolo", "voc", "csv"])
def test_that_an_image_is_labeled_in_part_is_kept_or_said_to_be_lost(format: str) -> None:  # noqa: A002
    payload = Payload(("car",), np.array([[1, 1, 9, 9]], np.float32), partial=True)
    item = ExportItem(name="0.png", payload=payload, width=WIDTH, height=HEIGHT, media_type="image/png", read=blank)
    report, records = round_trip(format, [item])
    assert records[0].payload is not None
    lost = [one.what for one in report.lost]
    assert records[0].payload.partial or "that an image is labeled in part only" in lost


def test_classes_are_numbered_as_asked_and_others_follow(tmp_path: Path) -> None:
    box = np.array([[1, 2, 3, 4]], np.float32)
    items = [ExportItem("1.png", Payload((name,), box), width=9, height=9) for name in ("new", "dog")]
    write("yolo", items, tmp_path / "y", classes=("cat", "dog"))
    assert yaml.safe_load((tmp_path / "y" / "data.yaml").read_text())["names"] == {0: "cat", 1: "dog", 2: "new"}
    assert (tmp_path / "y" / "labels" / "1.txt").read_text().startswith("2 ")
    assert (tmp_path / "y" / "labels" / "1-2.txt").read_text().startswith("1 ")


@pytest.mark.parametrize("format", ["coco", "csv", "jsonl"])
def test_labels_go_out_without_their_images_under_the_names_they_came_with(tmp_path: Path, format: str) -> None:  # noqa: A002
    box = np.array([[1, 2, 3, 4]], np.float32)
    write(format, [ExportItem("cam/../odd name", Payload(("a",), box), width=9, height=9)], tmp_path / "out")
    (record,), refusals = read(tmp_path / "out", labels_only=True)
    assert record.name == "cam/../odd name" and record.payload is not None and not refusals


@pytest.mark.parametrize("name", ["../up.png", "/etc/passwd.png", "a/../../up.png", "C:\\up.png"])
@pytest.mark.parametrize("format", FORMATS)
def test_no_image_is_written_outside_of_the_folder(tmp_path: Path, format: str, name: str) -> None:  # noqa: A002
    item = ExportItem(name, Payload(()), width=WIDTH, height=HEIGHT, media_type="image/png", read=blank)
    report = write(format, [item], tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert [loss.what for loss in report.lost] == ["the name (another one was given)"]


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(Conflict, match="not empty"):
        write("coco", [], tmp_path)
    with pytest.raises(BadInput, match="One of coco, yolo, voc, csv, jsonl"):
        write("tfrecord", [], tmp_path / "out")


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, format: str) -> None:  # noqa: A002
    def items() -> Iterator[ExportItem]:
        yield ExportItem("1.png", Payload(()), width=WIDTH, height=HEIGHT)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StorageFull, match="nothing was written"):
        write(format, items(), tmp_path / "out")
    assert not list(tmp_path.iterdir())
