"""YOLO, Pascal VOC, folders of images and of texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from sabbatical.core.errors import BadFile, BadInput
from sabbatical.stages.ingest.formats.voc import parse
from sabbatical.stages.ingest.recognise import recognise
from tests.stages.ingest.making import picture, pictures, read, write

IMAGES = pictures("images/train/1.jpg", "images/train/2.jpg", "images/val/3.jpg")
DATA = "path: .\ntrain: images/train\nval: images/val\nnames: {0: cat, 1: dog}\n"


def test_yolo_boxes_and_polygons_become_pixels(tmp_path: Path) -> None:
    labels = {"labels/train/1.txt": "1 0.5 0.5 0.5 0.2\n0 0.25 0.1 0.5 0.1 0.5 0.6\n", "labels/val/3.txt": ""}
    source = write(tmp_path, {**IMAGES, **labels, "data.yaml": DATA})
    (first, second, third), refusals = read(source)
    assert recognise(source).format == "yolo" and all(refusal.kept for refusal in refusals)
    assert first.payload is not None and first.payload.labels == ("dog", "cat")
    assert first.payload.boxes_n4.round(3).tolist() == [[10, 12, 30, 18], [10, 3, 20, 18]]
    assert first.payload.polygons == {1: [[10, 3, 20, 3, 20, 18]]} and first.attributes["split"] == "train"
    assert second.payload is None and third.payload is not None and len(third.payload) == 0
    assert third.attributes["split"] == "val"


def test_that_the_own_parts_of_yolo_are_not_the_split_is_said_once_with_their_sizes(tmp_path: Path) -> None:
    source = write(tmp_path, {**IMAGES, "data.yaml": DATA})
    (said,) = read(source)[1]
    assert (said.file, said.kept) == ("data.yaml", True)
    assert said.reason == (
        "Its own parts (train 2, val 1) are kept as the attribute 'split'; which items judge is drawn by group. "
        "--split pins a source."
    )
    (tmp_path / "images/val/3.jpg").unlink()
    assert not read(source)[1]


def test_bad_lines_of_yolo_are_refused_by_line(tmp_path: Path) -> None:
    lines = [
        "7 .5 .5 .1 .1",
        "0 .5 .5 .1",
        "0 .5 .5 .1 x",
        "0 nan .5 .1 .1",
        "0 .5 .5 -.1 .1",
        "0 3 .5 .1 .1",
        "0 .5 .5 .1 .1",
    ]
    files = {**pictures("1.jpg"), "1.txt": "0 .5 .5 .2 .2\n" + "\n".join(lines), "lost.txt": "0 .5 .5 .1 .1\n"}
    (record,), refusals = read(write(tmp_path, {**files, "classes.txt": "cat\n"}))
    assert record.payload is not None and record.payload.labels == ("cat", "cat")
    assert [refusal.line for refusal in refusals] == [2, 3, 4, 5, None, None, None]
    assert "class 7 has no name in classes.txt" in refusals[0].reason
    assert refusals[-1].file == "lost.txt" and "no image" in refusals[-1].reason


def test_yolo_needs_names_and_sound_images(tmp_path: Path) -> None:
    source = write(tmp_path, {"1.jpg": picture()[:50], "1.txt": "0 .5 .5 .2 .2\n"})
    with pytest.raises(BadFile, match="The classes have no names"):
        read(source)
    records, refusals = read(write(tmp_path, {"classes.txt": "cat\n"}))
    assert not records and refusals[0].file == "1.jpg"


def test_yolo_counts_in_the_image_as_displayed(tmp_path: Path) -> None:
    from PIL import Image  # noqa: PLC0415

    exif = Image.Exif()
    exif[0x0112] = 6
    files = {"1.jpg": picture(exif=exif), "1.txt": "0 .5 .5 1 1\n", "classes.txt": "cat\n"}
    (record,), _ = read(write(tmp_path, files))
    assert (record.width, record.height) == (30, 40)
    assert record.payload is not None and record.payload.boxes_n4.tolist() == [[0, 0, 30, 40]]


def voc(*objects: str, filename: str = "1.jpg", database: str = "Unknown", size: str = "40 30") -> str:
    width, height = size.split()
    return (
        f"<annotation><filename>{filename}</filename><source><database>{database}</database></source>"
        f"<size><width>{width}</width><height>{height}</height></size>{''.join(objects)}</annotation>"
    )


def thing(name: str, x0: object, y0: object, x1: object, y1: object, more: str = "") -> str:
    box = f"<bndbox><xmin>{x0}</xmin><ymin>{y0}</ymin><xmax>{x1}</xmax><ymax>{y1}</ymax></bndbox>"
    return f"<object><name>{name}</name>{more}{box}</object>"


def test_voc_coordinates_stand_as_written_but_count_from_one_in_the_challenges(tmp_path: Path) -> None:
    more = "<pose>Left</pose><truncated>1</truncated><difficult>0</difficult>"
    files = {
        "Annotations/1.xml": voc(thing("cat", 1, 2, 11.5, 22, more)),
        "Annotations/2.xml": voc(thing("cat", 1, 2, 11, 22), filename="2.jpg", database="The VOC2007 Database"),
        "Annotations/3.xml": voc(filename="3"),
    }
    images = pictures("JPEGImages/1.jpg", "JPEGImages/2.jpg", "JPEGImages/3.jpg")
    source = write(tmp_path, {**files, **images})
    (first, second, third), refusals = read(source)
    assert recognise(source).format == "voc" and not refusals
    assert first.payload is not None and first.payload.boxes_n4.tolist() == [[1, 2, 11.5, 22]]
    assert first.payload.attributes == {0: {"truncated": True, "pose": "Left"}}
    assert second.payload is not None and second.payload.boxes_n4.tolist() == [[0, 1, 11, 22]]
    assert third.payload is not None and len(third.payload) == 0


def test_bad_voc_files_and_objects_are_refused_and_the_rest_goes_in(tmp_path: Path) -> None:
    files = {
        "1.xml": voc(
            thing("cat", 1, 2, 11, 22), thing("", 1, 1, 2, 2), thing("dog", "x", 1, 2, 2), thing("dog", 9, 9, 3, 12)
        ),
        "2.xml": "<annotation><object>",
        "3.xml": voc(filename="gone.jpg"),
        "4.xml": voc(thing("cat", 1, 2, 11, 22)),
    }
    (record,), refusals = read(write(tmp_path, {**files, **pictures("1.jpg")}))
    assert record.payload is not None and record.payload.labels == ("cat",)
    assert [(refusal.file, refusal.field) for refusal in refusals] == [
        ("1.xml", "object 2"),
        ("1.xml", "object 3"),
        ("1.xml", "shape 2"),
        ("2.xml", None),
        ("3.xml", "filename"),
        ("4.xml", "filename"),
    ]


ENTITIES = [
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>',
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>',
    '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE a><annotation/>'.encode("utf-16"),
]


@pytest.mark.parametrize("data", ENTITIES)
def test_xml_with_entities_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile, match="document type or entities"):
        parse(data, "1.xml")


def test_a_folder_of_images_is_read_without_what_lies_beside(tmp_path: Path) -> None:
    junk: dict[str, bytes | str] = {
        ".DS_Store": "x",
        "__MACOSX/1.jpg": "x",
        "README.md": "x",
        "LICENSE": "x",
        "notes.docx": "x",
    }
    source = write(tmp_path, {**pictures("a/1.jpg", "a/2.PNG", "3.webp"), **junk})
    records, refusals = read(source, group_key="folder")
    assert [(record.name, record.group) for record in records] == [("3.webp", None), ("a/1.jpg", "a"), ("a/2.PNG", "a")]
    assert [refusal.file for refusal in refusals] == ["notes.docx"]


def test_one_image_is_a_source_too(tmp_path: Path) -> None:
    (record,), _ = read(write(tmp_path, {"x/1.jpg": picture()}) / "x" / "1.jpg")
    assert record.read is not None and record.read() == picture()


def test_texts_come_from_files_or_from_the_lines_of_one(tmp_path: Path) -> None:
    source = write(
        tmp_path, {"a/1.txt": "one\ntwo\n", "b/2.txt": "", "b/3.txt": "café".encode("latin-1"), "b/4.txt": b"\0\1"}
    )
    records, refusals = read(source, label_column="folder")
    assert [(record.text, record.payload and record.payload.labels) for record in records] == [
        ("one\ntwo", ("a",)),
        ("café", ("b",)),
    ]
    assert [refusal.file for refusal in refusals] == ["b/2.txt", "b/4.txt"]
    records, _ = read(source / "a" / "1.txt")
    assert [(record.name, record.text) for record in records] == [("1.txt:1", "one"), ("1.txt:2", "two")]


def test_an_empty_folder_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"it is empty. Looked for COCO JSON, Pascal VOC XML, YOLO"):
        recognise(tmp_path)
    with pytest.raises(BadInput, match="no such file or folder"):
        recognise(tmp_path / "gone")
    with pytest.raises(BadInput, match=r"it holds a\.exe"):
        recognise(write(tmp_path, {"a.exe": "x"}))


def test_two_formats_that_both_fit_are_for_a_person_to_choose(tmp_path: Path) -> None:
    files = {"1.xml": voc(), "1.txt": "0 .5 .5 .2 .2\n", "classes.txt": "cat\n", **pictures("1.jpg")}
    with pytest.raises(BadInput, match=r"voc or yolo"):
        recognise(write(tmp_path, files))
    (record,), _ = read(tmp_path, format="yolo")
    assert record.payload is not None and record.payload.labels == ("cat",)
    with pytest.raises(BadInput, match="no format 'tfrecord'"):
        read(tmp_path, format="tfrecord")
    with pytest.raises(BadInput, match="This is not coco"):
        read(tmp_path, format="coco")


@pytest.mark.data("intel-camera-streams")
def test_a_list_of_frames_is_recognised(mirror: Path) -> None:
    records, refusals = read(mirror / "intel-camera-streams")
    assert len(records) == 389 and not refusals and records[0].attributes["camera"] == "car-detection"
