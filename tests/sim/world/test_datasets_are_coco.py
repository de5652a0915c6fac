"""What is written can be read by others, and says the same."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image
from pycocotools.coco import COCO

from sabbatical.sim.world import AURORA, COBALT, TRUTH, render, stream, write_dataset


def test_images_facts_and_boxes_are_written(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, stream(1, 3, 2, TRUTH.mix()), TRUTH)
    document = json.loads(path.read_text())
    assert path == tmp_path / "truth.json"
    assert len(document["images"]) == 6
    assert len({image["group"] for image in document["images"]}) == 3
    for number, image in enumerate(document["images"]):
        frame = render(1, number // 2, number % 2, TRUTH.mix())
        with Image.open(tmp_path / image["file_name"]) as picture:
            assert picture.format == "JPEG" and picture.size == (image["width"], image["height"]) == (320, 192)
            assert np.abs(np.asarray(picture).astype(int) - frame.image_hwc).mean() < 6
        facts = (image["captured_at"], image["weather"], image["time_of_day"], image["camera"], image["group"])
        assert facts == (frame.captured_at, frame.weather, frame.time_of_day, frame.camera.id, frame.scene)
        rows = [row for row in document["annotations"] if row["image_id"] == image["id"]]
        assert len(rows) == len(frame.things)
        for row, thing in zip(rows, frame.things, strict=True):
            x, y, width, height = row["bbox"]
            assert (x, y, x + width, y + height) == thing.box
            assert row["attributes"]["occluded"] == thing.occluded


def test_masks_are_read_by_pycocotools_as_drawn(tmp_path: Path) -> None:
    path = write_dataset(tmp_path, stream(1, 3, 1, TRUTH.mix()), "truth", masks=True)
    coco = COCO(str(path))
    checked = 0
    for image in coco.dataset["images"]:
        frame = render(1, image["id"] - 1, 0, TRUTH.mix())
        for row, thing in zip(coco.imgToAnns[image["id"]], frame.things, strict=True):
            mask_hw = coco.annToMask(row).astype(bool)
            x0, y0, x1, y1 = (int(value) for value in thing.box)
            assert np.array_equal(mask_hw[y0:y1, x0:x1], thing.mask_hw)
            assert mask_hw.sum() == thing.mask_hw.sum() == row["area"]
            checked += 1
    assert checked > 10


def test_a_customer_gets_only_their_categories(tmp_path: Path) -> None:
    names = {}
    for who in (AURORA, COBALT):
        document = json.loads(write_dataset(tmp_path / who.name, stream(2, 4, 1, who.mix()), who).read_text())
        names[who.name] = [category["name"] for category in document["categories"]]
        known = {category["id"] for category in document["categories"]}
        assert {row["category_id"] for row in document["annotations"]} <= known
    assert names == {"aurora": ["Human"], "cobalt": ["Fahrzeug", "Ampel"]}


def test_two_customers_can_share_a_folder(tmp_path: Path) -> None:
    write_dataset(tmp_path, stream(2, 2, 1, AURORA.mix()), AURORA)
    write_dataset(tmp_path, stream(2, 2, 1, COBALT.mix()), COBALT)
    assert {path.name for path in tmp_path.glob("*.json")} == {"aurora.json", "cobalt.json"}
    assert len(list((tmp_path / "images").glob("*.jpg"))) == 4
