"""Streets: CARLA's towns, and photographs of COCO."""

from __future__ import annotations

import re
from typing import Any

from sabbatical.catalogue.workbench import CocoData, Row, Workbench
from sabbatical.schemas.item import Split

REFERENCE = "reference"
TRAFFIC = {"vehicle": "Vehicle", "bike": "Two-wheeler", "motobike": "Two-wheeler"}
FURNITURE = {"traffic_light": "Light", "traffic_sign": "Sign"}
TOWNS = {"traffic": (("Town01", "Town03"), TRAFFIC), "furniture": (("Town02", "Town04"), FURNITURE)}
JUDGE = "Town05"
FRAMES_A_GROUP = 600
_FRAME = re.compile(r"_(\d+)\.")
_TRAFFIC_TREE = {
    "vehicle": {},
    "two-wheeler": {"exhaustive": True, "children": {"bike": {}, "motobike": {}}},
    "light": {},
    "sign": {},
}
_PLAIN = {
    "vehicle": "vehicle",
    "bike": "bike",
    "motobike": "motobike",
    "traffic_light": "light",
    "traffic_sign": "sign",
}
PHOTOGRAPHED: dict[str, Any] = {
    "person": {},
    "vehicle": {
        "children": {name: {} for name in ("bicycle", "motorcycle", "car", "bus", "truck", "train", "boat", "airplane")}
    },
    "traffic light": {},
    "stop sign": {},
}


def prepare_simulated(bench: Workbench) -> None:
    """One customer draws traffic and does not tell bicycles from motorbikes, one lights and signs; a town judges."""
    data = CocoData(bench.raw)
    images = [_grouped(image) for image in data.images]
    bench.super_taxonomy("streets", _TRAFFIC_TREE)
    for customer, (towns, names) in TOWNS.items():
        theirs = [image for image in images if image["domain"] in towns]
        annotations, categories = data.renamed(theirs, names)
        bench.taxonomy(customer, {label: label.lower() for label in dict.fromkeys(names.values())})
        bench.coco(customer, theirs, annotations, categories, taxonomy=customer, split="train")
    judging = [image for image in images if image["domain"] == JUDGE]
    bench.taxonomy(REFERENCE, _PLAIN)
    bench.coco(REFERENCE, judging, data.of(judging), data.categories, taxonomy=REFERENCE, split="test")


def _grouped(image: Row) -> Row:
    """Frames of one stretch of a drive belong together."""
    frame = _FRAME.search(image["file_name"])
    number = int(frame[1]) if frame else 0
    return image | {"group": f"{image['domain']}-{number // FRAMES_A_GROUP}", "frame": number}


def prepare_photographs(bench: Workbench) -> None:
    """People, vehicles, lights and signs of the 80 classes; the source's validation part judges."""
    data = CocoData(bench.raw)
    vehicles = PHOTOGRAPHED["vehicle"]["children"]
    names = {name: name for name in (*PHOTOGRAPHED, *vehicles) if name != "vehicle"}
    bench.super_taxonomy("photographs", PHOTOGRAPHED)
    bench.taxonomy("coco", names)
    parts: dict[str, Split] = {"train": "train", "val": "test"}
    for part, split in parts.items():
        images = [image for image in data.images if image["split"] == part]
        annotations, categories = data.renamed(images, names)
        bench.coco(f"coco-{part}", images, annotations, categories, taxonomy="coco", split=split)
