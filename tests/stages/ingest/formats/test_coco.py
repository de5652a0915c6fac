"""COCO in: what is taken, what is clipped, what is refused, whatever the order of the file."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sabbatical.core.errors import BadFile, BadInput
from sabbatical.geometry.rle import Rle
from sabbatical.stages.ingest.formats import json_stream
from sabbatical.stages.ingest.formats.coco import CocoReader
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.recognise import recognise
from sabbatical.stages.ingest.records import Record, Refusal
from tests.stages.ingest.making import box, coco, pictures, read, write

IMAGES = pictures("images/1.jpg", "images/2.jpg")


def taken(tmp_path: Path, document: str, **options: Any) -> tuple[dict[str, Record], list[Refusal]]:
    records, refusals = read(write(tmp_path, {**IMAGES, "labels.json": document}), **options)
    return {record.name: record for record in records}, refusals


def test_boxes_come_as_corners_in_pixels_under_the_names_of_their_classes(tmp_path: Path) -> None:
    records, refusals = taken(tmp_path, coco([box(1, 2, (1, 2, 10, 20)), box(1, 1, (0, 0, 5.5, 5))]))
    payload = records["images/1.jpg"].payload
    assert payload is not None and payload.labels == ("dog", "cat")
    assert payload.boxes_n4.tolist() == [[1, 2, 11, 22], [0, 0, 5.5, 5]]
    assert records["images/1.jpg"].read is not None and records["images/1.jpg"].read() == IMAGES["images/1.jpg"]
    assert not refusals


def test_an_image_without_a_shape_was_looked_at_but_a_file_without_annotations_says_nothing(tmp_path: Path) -> None:
    records, _ = taken(tmp_path, coco([box(1)]))
    empty = records["images/2.jpg"].payload
    assert empty is not None and len(empty) == 0
    for nothing in (None, []):
        records, _ = taken(tmp_path, coco(nothing))
        assert [record.payload for record in records.values()] == [None, None]


def test_labeled_false_says_that_nobody_looked(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "images/1.jpg"}, {"id": 2, "file_name": "images/2.jpg", "labeled": False}]
    records, _ = taken(tmp_path, coco([box(1)], images))
    assert records["images/2.jpg"].payload is None


def test_annotations_may_come_first_unsorted_and_in_any_number(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(json_stream, "BLOCK", 256)  # many blocks, cut in the middle of things
    rng = random.Random(3)
    wanted: dict[int, list[tuple[str, float]]] = {1: [], 2: []}
    annotations = []
    for number in range(500):
        image, category = rng.choice((1, 2)), rng.choice((1, 2))
        attributes = {"note": '},{ "é\\', "list": [{"a": 1}, {"b": 2}]} if number % 7 == 0 else {}
        annotations.append(box(image, category, (number % 20, 1, 5, 6), id=number, attributes=attributes))
        wanted[image].append((("cat", "dog")[category - 1], number % 20))
    records, refusals = taken(tmp_path, coco(annotations))
    assert not refusals
    for image, shapes in wanted.items():
        payload = records[f"images/{image}.jpg"].payload
        assert payload is not None
        assert list(zip(payload.labels, payload.boxes_n4[:, 0].tolist(), strict=True)) == shapes
        assert all(value["note"] == '},{ "é\\' for value in payload.attributes.values())


def test_boxes_outside_the_image_are_clipped_and_reported_or_refused(tmp_path: Path) -> None:
    document = coco([box(bbox=(-4, 0, 20, 10)), box(bbox=(35, 0, 20, 10)), box(bbox=(0, 0, 40.4, 30.2))])
    records, refusals = taken(tmp_path, document)
    payload = records["images/1.jpg"].payload
    assert payload is not None and payload.boxes_n4.tolist() == [[0, 0, 16, 10], [0, 0, 40, 30]]
    clipped, refused = refusals
    assert clipped.kept and clipped.field == "annotations[0].bbox" and "40 x 30" in clipped.reason
    assert not refused.kept and refused.field == "annotations[1].bbox" and "mostly outside" in refused.reason


@pytest.mark.parametrize(
    ("annotation", "field", "words"),
    [
        (box(category=9), "category_id", "category id 9"),
        (box(image=77), "image_id", "image id 77"),
        (box(bbox=(1, 1, -5, 4)), "bbox", "-5 wide"),
        (box(bbox=(1, 1, 0, 4)), "bbox", "0 wide"),
        (box(bbox=(1, 1, 4)), "bbox", "3 numbers"),
        (box(bbox=(1, "x", 4, 4)), "bbox", "no number"),
        (box(bbox=(1, None, 4, 4)), "bbox", "no number"),
        (box(bbox=(1, float("nan"), 4, 4)), "bbox", "no number"),
        (box(bbox=(1, float("inf"), 4, 4)), "bbox", "no number"),
        (box(bbox=()), "bbox", "no box"),
        ({"category_id": 1, "bbox": [1, 1, 2, 2]}, "image_id", "no image_id"),
        (box(image=[1]), "image_id", "no id"),
        ("text", None, "object"),
    ],
)
def test_a_bad_annotation_is_refused_with_its_place_and_the_rest_goes_in(
    tmp_path: Path, annotation: Any, field: str | None, words: str
) -> None:
    records, refusals = taken(tmp_path, coco([box(2), annotation, box(1, 2)]))
    (refusal,) = refusals
    assert refusal.file == "labels.json" and words in refusal.reason and not refusal.kept
    assert refusal.field == ("annotations[1]" if field is None else f"annotations[1].{field}")
    assert [record.payload and record.payload.labels for record in records.values()] == [("dog",), ("cat",)]


def test_an_image_whose_every_shape_was_refused_is_not_taken_for_empty(tmp_path: Path) -> None:
    records, refusals = taken(tmp_path, coco([box(1, category=9), box(2)]))
    assert records["images/1.jpg"].payload is None and len(refusals) == 1


def test_one_id_for_two_images_gives_labels_to_neither(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "images/1.jpg"}, {"id": 1, "file_name": "images/2.jpg"}]
    records, refusals = taken(tmp_path, coco([box(1)], images))
    assert len(records) == 2 and all(record.payload is None for record in records.values())
    assert sum("stands for several images" in refusal.reason for refusal in refusals) == 3


def test_an_image_listed_twice_keeps_all_that_is_drawn_on_it(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "images/1.jpg"}, {"id": 2, "file_name": "images/1.jpg"}]
    records, refusals = taken(tmp_path, coco([box(1, 1), box(2, 2)], images))
    payload = records["images/1.jpg"].payload
    assert payload is not None and payload.labels == ("cat", "dog")
    assert [refusal.field for refusal in refusals] == ["images[1].file_name"] and refusals[0].kept


def test_an_annotation_that_stands_there_twice_is_taken_once(tmp_path: Path) -> None:
    records, refusals = taken(tmp_path, coco([box(id=5), box(id=5), box(2, id=5)]))
    assert [record.payload and len(record.payload) for record in records.values()] == [1, 1]
    assert [refusal.field for refusal in refusals] == ["annotations[1].id"]


def test_missing_and_broken_image_entries_are_refused(tmp_path: Path) -> None:
    images = [
        {"id": 1, "file_name": "images/1.jpg"},
        {"id": 2, "file_name": "gone.jpg"},
        {"id": 3},
        {"file_name": "x"},
        7,
    ]
    records, refusals = taken(tmp_path, coco([box(1)], images))
    assert list(records) == ["images/1.jpg"]
    assert [refusal.field for refusal in refusals] == [
        "images[1].file_name",
        "images[2].file_name",
        "images[3].id",
        "images[4]",
    ]
    assert "looked in" in refusals[0].reason


def test_polygons_masks_crowds_and_attributes_come_along(tmp_path: Path) -> None:
    mask = np.zeros((30, 40), bool)
    mask[3:9, 5:20] = True
    rle = Rle.encode(mask)
    plain = {"size": [30, 40], "counts": rle.counts_r.tolist()}
    polygon = [1.0, 1.0, 9.0, 1.0, 9.0, 9.5]
    document = coco(
        [
            box(bbox=(1, 1, 8, 8.5), segmentation=[polygon], attributes={"parked": True}, truncated=1),
            {"image_id": 1, "category_id": 2, "segmentation": plain, "iscrowd": 1},
            {"image_id": 1, "category_id": 2, "segmentation": rle.to_coco()},
            {"image_id": 1, "category_id": 2, "segmentation": [polygon]},
        ]
    )
    records, refusals = taken(tmp_path, document)
    payload = records["images/1.jpg"].payload
    assert payload is not None and not refusals
    assert payload.polygons == {0: [polygon], 3: [polygon]}
    assert payload.masks == {1: rle.to_coco(), 2: rle.to_coco()} and payload.crowds == {1}
    assert payload.attributes == {0: {"parked": True, "truncated": 1}}
    assert payload.boxes_n4[1:].tolist() == [[5, 3, 20, 9], [5, 3, 20, 9], [1, 1, 9, 9.5]]


def test_a_bad_outline_leaves_its_box(tmp_path: Path) -> None:
    bad = [{"size": [3, 4], "counts": [12]}, [[1, 2, 3]], {"size": [30, 40], "counts": "zz{"}, [["a"] * 6]]
    records, refusals = taken(tmp_path, coco([box(segmentation=each) for each in bad]))
    payload = records["images/1.jpg"].payload
    assert payload is not None and len(payload) == 4 and not payload.polygons and not payload.masks
    assert all(refusal.kept and "outline" in refusal.reason for refusal in refusals) and len(refusals) == 4


def test_a_clipped_box_takes_its_polygon_with_it(tmp_path: Path) -> None:
    polygon = [-4.0, 0.0, 16.0, 0.0, 16.0, 10.0]
    records, _ = taken(tmp_path, coco([box(bbox=(-4, 0, 20, 10), segmentation=[polygon])]))
    payload = records["images/1.jpg"].payload
    assert payload is not None and payload.polygons == {0: [[0.0, 0.0, 16.0, 0.0, 16.0, 10.0]]}


def test_extra_keys_of_an_image_say_group_time_and_attributes(tmp_path: Path) -> None:
    images = [
        {
            "id": 1,
            "file_name": "images/1.jpg",
            "scene": "s7",
            "date_captured": "2013-11-18 01:22:48",
            "sky": "grey",
        },
        {"id": 2, "file_name": "images/2.jpg", "group": 4, "captured_at": "yesterday"},
    ]
    records, refusals = taken(tmp_path, coco([box(1)], images))
    first, second = records.values()
    assert first.group == "s7" and first.attributes == {"scene": "s7", "sky": "grey"}
    assert first.captured_at is not None and first.captured_at.isoformat() == "2013-11-18T01:22:48+00:00"
    assert second.group == "4" and second.attributes == {"captured_at": "yesterday"}
    assert [(refusal.field, refusal.kept) for refusal in refusals] == [("captured_at", True)]


def test_ids_may_be_texts(tmp_path: Path) -> None:
    images = [{"id": "a", "file_name": "images/1.jpg"}, {"id": "b", "file_name": "images/2.jpg"}]
    records, refusals = taken(tmp_path, coco([box("b", "k", id="x")], images, [{"id": "k", "name": "cat"}]))
    assert records["images/2.jpg"].payload is not None and records["images/2.jpg"].payload.labels == ("cat",)
    assert not refusals


def test_images_are_found_beside_above_and_under_the_root_that_is_given(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "1.jpg"}, {"id": 2, "file_name": "/data/far/2.jpg"}]
    write(
        tmp_path, {"annotations/instances_train.json": coco([box(1)], images), **pictures("train/1.jpg", "train/2.jpg")}
    )
    records, refusals = read(tmp_path / "annotations/instances_train.json")
    assert [record.name for record in records] == ["1.jpg", "/data/far/2.jpg"] and not refusals
    elsewhere = write(tmp_path / "x" / "y", pictures("1.jpg"))
    records, refusals = read(tmp_path / "annotations/instances_train.json", image_root=str(elsewhere))
    assert len(records) == 1 and len(refusals) == 1


def test_a_name_that_leads_out_of_the_source_is_not_followed(tmp_path: Path) -> None:
    write(tmp_path, pictures("secret.jpg"))
    images = [{"id": 1, "file_name": "../../secret.jpg"}, {"id": 2, "file_name": str(tmp_path / "secret.jpg")}]
    source = write(tmp_path / "a" / "b", {"labels.json": coco([box(1)], images)})
    records, refusals = read(source)
    assert not records and len([refusal for refusal in refusals if "not there" in refusal.reason]) == 2


def test_labels_alone_need_no_images(tmp_path: Path) -> None:
    records, refusals = read(write(tmp_path, {"labels.json": coco([box(1)])}), labels_only=True)
    assert [record.read for record in records] == [None, None] and not refusals


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_a_file_that_ends_early_is_refused_as_a_whole_and_says_where(tmp_path: Path, cut: float) -> None:
    document = coco([box(1)] * 50)
    path = write(tmp_path, {**IMAGES, "labels.json": document[: int(len(document) * cut)]}) / "labels.json"
    with pytest.raises(BadFile, match=r"labels\.json, byte \d+"):
        list(CocoReader(ReadOptions()).read(path))


def test_other_faults_of_a_whole_file_are_said(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no 'images'"):
        taken(tmp_path, json.dumps({"annotations": [box(1)], "categories": []}))
    with pytest.raises(BadFile, match="not whole JSON"):
        taken(tmp_path, coco([box(1)]).replace('"image_id"', '"image_id" oops', 1).replace('"images"', '"images"', 1))
    deep = '{"images": [], "annotations": ' + "[" * 100_000
    with pytest.raises(BadFile):
        list(CocoReader(ReadOptions()).read(write(tmp_path, {"deep.json": deep}) / "deep.json"))


def test_two_label_files_in_one_folder_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path, {"a.json": coco([box(1)]), "b.json": coco([box(1)])})
    with pytest.raises(BadInput, match=r"there are 2: a\.json, b\.json"):
        read(tmp_path)


@pytest.mark.data("coco-permissive")
def test_real_coco_with_polygons_and_crowds_goes_in_whole(mirror: Path) -> None:
    found = recognise(mirror / "coco-permissive")
    records, refusals = read(mirror / "coco-permissive")
    shapes = sum(len(record.payload) for record in records if record.payload)
    assert found.format == "coco" and len(records) == 85 and shapes == 538
    assert not [refusal for refusal in refusals if not refusal.kept]
    assert sum(len(record.payload.crowds) for record in records if record.payload) == 5
    assert all(record.captured_at is not None for record in records)


def test_a_confined_source_sees_nothing_beside_its_own_folder(tmp_path: Path) -> None:
    images = [{"id": 1, "file_name": "../other/1.jpg"}, {"id": 2, "file_name": "other/2.jpg"}]
    write(tmp_path, {**pictures("other/1.jpg", "other/2.jpg"), "mine/labels.json": coco([box(1)], images)})
    for image_root in (None, str(tmp_path / "other")):
        options = ReadOptions(confined=True, image_root=image_root)
        entries = list(CocoReader(options).read(tmp_path / "mine" / "labels.json"))
        assert not [entry for entry in entries if isinstance(entry, Record)]
        assert ["not there" in entry.reason for entry in entries if isinstance(entry, Refusal)] == [True, True]
    assert len(read(tmp_path / "mine" / "labels.json")[0]) == 2


@pytest.mark.parametrize("before", [{"attributes": {"parked": "{"}}, {"meta": {"rig": {"lens": "wide"}}}])
def test_braces_before_the_file_name_leave_it_coco(tmp_path: Path, before: dict[str, object]) -> None:
    image = before | {"id": 1, "file_name": "a.png", "width": 60, "height": 40}
    (tmp_path / "labels.json").write_text(json.dumps({"images": [image], "annotations": [], "categories": []}))
    assert recognise(tmp_path).format == "coco"
