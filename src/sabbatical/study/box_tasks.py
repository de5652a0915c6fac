"""The tasks of boxes: which images, which tree, and who draws what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from sabbatical.catalogue.workbench import CocoData
from sabbatical.core.errors import NotFound
from sabbatical.study.boxes import BoxTask, DrawnImage
from sabbatical.study.methods import NEWCOMER, TARGET
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy
from sabbatical.taxonomy.names import did_you_mean

Labels = Mapping[str, str]
STREETS, WEEKS, WEEKS_LONG = "streets", "weeks", 5
"""What is drawn here: scenes by day, and a stream of so many weeks."""
LOOSE, GROWN = "loose", 1.3
"""Who draws boxes with a margin, and how many times as long their sides are."""
FRAMES_A_GROUP = 600
"""Frames of the simulator that lie so near to each other are one stretch of a drive."""
CELLS_SEEN = {"flip_vertical": 0.5, "zoom": [0.7, 1.5], "colour": 0.2, "keep_visible": 0.7}
"""Blood under a microscope has no up, and a cell cut by the edge is drawn only where most of it is seen."""
BUDGET = {"steps": 600, "threads": 1, "save_every": 100}


_STREET = {
    "person": {"exhaustive": True, "children": {"adult": {}, "child": {}}},
    "vehicle": {"exhaustive": True, "children": {"car": {}, "truck": {}, "bus": {}}},
    "light": {},
    "sign": {},
}
_WORLD_OWN: dict[str, Labels] = {
    "aurora": {"Human": "person"},
    "basalt": {"Adult": "adult", "Child": "child", "Car": "car", "Lorry": "truck"},
    "cobalt": {"Fahrzeug": "vehicle", "Ampel": "light"},
    "dorado": {"Bus": "bus", "Sign": "sign"},
}
_STREET_LEAVES = {name: name for name in ("adult", "child", "car", "truck", "bus", "light", "sign")}
_STREET_SETTINGS = {
    **BUDGET,
    "canvas": [192, 320],
    "widths": [8, 16, 32, 64, 96],
    "pyramid": [24, 32, 48, 64],
    "learning_rate": 1.5e-2,
    "box_gain": 2.0,
    "augmentation": {"zoom": [1.0, 1.2], "colour": 0.0},
}
"""A small network: what learns most of drawn streets in two minutes of one core."""


def task_of(name: str, data: Callable[[str], Path]) -> BoxTask:
    """The task of a name. `data` answers the folder of a data set of the catalogue. Raises NotFound."""
    if name not in _TASKS:
        hint = did_you_mean(name, _TASKS)
        raise NotFound(f"There is no study of boxes on '{name}'.", hint=hint)
    return _TASKS[name](data)


def _bccd(data: Callable[[str], Path]) -> BoxTask:
    """Three laboratories, each draws one kind of cell."""
    tree = _tree("cells", {"RBC": {}, "WBC": {}, "Platelets": {}})
    own: dict[str, Labels] = {"rubra": {"RBC": "RBC"}, "alba": {"WBC": "WBC"}, "haema": {"Platelets": "Platelets"}}
    return _cells("bccd", tree, own, data)


def _bccd_depths(data: Callable[[str], Path]) -> BoxTask:
    """Customers of different depth: one draws every cell as one label, one tells two kinds apart, one has platelets."""
    tree = _tree("cells", {"cell": {"exhaustive": True, "children": {"RBC": {}, "WBC": {}}}, "Platelets": {}})
    own: dict[str, Labels] = {
        "coarse": {"Cell": "cell"},
        "fine": {"Red": "RBC", "White": "WBC"},
        "haema": {"Platelets": "Platelets"},
    }
    return _cells("bccd-depths", tree, own, data)


def _bccd_rules(data: Callable[[str], Path]) -> BoxTask:
    """Two laboratories draw every cell, one of them with a margin around it."""
    kinds = {kind: kind for kind in ("RBC", "WBC", "Platelets")}
    tree = SuperTaxonomy.from_document(
        {"super-taxonomy": "cells", "version": 1, "rules": {"margin": False}, "classes": {kind: {} for kind in kinds}}
    )
    task = _cells("bccd-rules", tree, {TARGET: kinds, LOOSE: kinds}, data)
    ruled = {TARGET: False, LOOSE: True}
    customers = [(domain, replace(each, rules={"margin": ruled[each.name]})) for domain, each in task.customers]
    return replace(task, customers=customers, grown={LOOSE: GROWN})


def _cells(name: str, tree: SuperTaxonomy, own: Mapping[str, Labels], data: Callable[[str], Path]) -> BoxTask:
    images = _images(data("bccd"), "blood", {kind: kind for kind in ("RBC", "WBC", "Platelets")})
    customers = [("blood", _taxonomy(each, tree, labels)) for each, labels in own.items()]
    full = {"blood": _taxonomy("reference", tree, {kind: kind for kind in ("RBC", "WBC", "Platelets")})}
    return BoxTask(name, tree, images, customers, full, {**BUDGET, "augmentation": CELLS_SEEN})


def _road(data: Callable[[str], Path]) -> BoxTask:
    """Photographs of signs and simulated driving together: other names for the same, classes that only one has."""
    tree = _tree(
        "road",
        {
            "sign": {"children": {"stop": {}, "speedlimit": {}, "crosswalk": {}}},
            "light": {},
            "vehicle": {},
            "two-wheeler": {"exhaustive": True, "children": {"bike": {}, "motorbike": {}}},
        },
    )
    photographed = {"stop": "stop", "speedlimit": "speedlimit", "crosswalk": "crosswalk", "trafficlight": "light"}
    driven = {
        "vehicle": "vehicle",
        "bike": "bike",
        "motobike": "motorbike",
        "traffic_light": "light",
        "traffic_sign": "sign",
    }
    images = [
        *_images(data("road-signs"), "photographs", photographed),
        *_images(data("carla-sim"), "simulator", driven),
    ]
    own: list[tuple[str, str, Labels]] = [
        ("photographs", "kerb", {"Sign": "sign"}),
        ("photographs", "crossing", {"Stop": "stop", "Limit": "speedlimit", "Zebra": "crosswalk"}),
        ("photographs", "signal", {"Traffic light": "light"}),
        ("simulator", "traffic", {"Vehicle": "vehicle", "Two-wheeler": "two-wheeler"}),
        ("simulator", "cycles", {"Bicycle": "bike", "Motorbike": "motorbike"}),
        ("simulator", "furniture", {"Lamp": "light", "Board": "sign"}),
    ]
    full = {
        "photographs": _taxonomy("photographed", tree, {each: each for each in photographed.values()}),
        "simulator": _taxonomy("driven", tree, {each: each for each in driven.values()}),
    }
    customers = [(domain, _taxonomy(name, tree, labels)) for domain, name, labels in own]
    settings = {**BUDGET, "steps": 900, "canvas": [256, 320]}
    return BoxTask("road", tree, images, customers, full, settings)


def _world(data: Callable[[str], Path]) -> BoxTask:
    """The built-in world: four customers of different depth, two of whom draw coarsely what another tells apart."""
    return _street("world", _WORLD_OWN, _STREET_LEAVES, data)


def _newcomer(data: Callable[[str], Path]) -> BoxTask:
    """The built-in world, and a fifth customer who begins: names of its own, other classes together than any before."""
    own = {**_WORLD_OWN, NEWCOMER: {"Person": "person", "PKW": "car", "LKW": "truck", "Bus": "bus", "Licht": "light"}}
    judges = {"person": "person", **{name: name for name in ("car", "truck", "bus", "light")}}
    return replace(_street("newcomer", own, judges, data), judged=tuple(judges), newcomer=NEWCOMER)


def _street(
    name: str, own: Mapping[str, Labels], judges: Labels, data: Callable[[str], Path], drawn: str = STREETS
) -> BoxTask:
    tree = _tree("street", _STREET)
    images = _images(data(drawn), "street", _STREET_LEAVES)
    customers = [("street", _taxonomy(each, tree, labels)) for each, labels in own.items()]
    return BoxTask(name, tree, images, customers, {"street": _taxonomy("truth", tree, judges)}, _STREET_SETTINGS)


def _weeks(data: Callable[[str], Path]) -> BoxTask:
    """The same four customers week after week, while day turns to dusk, rain and night."""
    task = _street("weeks", _WORLD_OWN, _STREET_LEAVES, data, WEEKS)
    many = len(task.images) // WEEKS_LONG
    by_week = [(i // many, image) for i, image in enumerate(task.images)]
    images = [replace(image, week=week, group=f"{week}-{image.group}") for week, image in by_week]
    return replace(task, images=images, settings={**task.settings, "steps": 400})


def _images(raw: Path, domain: str, class_of: Labels) -> list[DrawnImage]:
    data = CocoData(raw)
    return [_image(raw, data, image, domain, class_of) for image in data.images]


def _image(raw: Path, data: CocoData, image: Mapping[str, Any], domain: str, class_of: Labels) -> DrawnImage:
    rows = data.of([dict(image)], class_of)
    xywh_n4 = np.array([row["bbox"] for row in rows], np.float32).reshape(-1, 4)
    return DrawnImage(
        file=raw / image["file_name"],
        boxes_n4=np.concatenate([xywh_n4[:, :2], xywh_n4[:, :2] + xywh_n4[:, 2:]], axis=1),
        names_n=tuple(class_of[data.names[row["category_id"]]] for row in rows),
        domain=domain,
        group=_group(image),
    )


def _group(image: Mapping[str, Any]) -> str:
    """Frames of one stretch of a simulated drive belong together; any other image is alone."""
    if "group" in image:
        return str(image["group"])
    frame = re.search(r"_(\d+)\.", image["file_name"]) if "Town" in str(image.get("domain")) else None
    return f"{image['domain']}-{int(frame[1]) // FRAMES_A_GROUP}" if frame else str(image["file_name"])


def _tree(name: str, classes: Mapping[str, Any]) -> SuperTaxonomy:
    return SuperTaxonomy.from_document({"super-taxonomy": name, "version": 1, "classes": dict(classes)})


def _taxonomy(name: str, tree: SuperTaxonomy, labels: Labels) -> Taxonomy:
    return Taxonomy.from_document({"taxonomy": name, "super-taxonomy": tree.name, "labels": dict(labels)})


_TASKS: dict[str, Callable[[Callable[[str], Path]], BoxTask]] = {
    "bccd": _bccd,
    "bccd-depths": _bccd_depths,
    "bccd-rules": _bccd_rules,
    "road": _road,
    "world": _world,
    "newcomer": _newcomer,
    "weeks": _weeks,
}
BOX_TASKS: Mapping[str, tuple[str, ...]] = {
    "bccd": ("bccd",),
    "bccd-depths": ("bccd",),
    "bccd-rules": ("bccd",),
    "road": ("road-signs", "carla-sim"),
    "world": (),
    "newcomer": (),
    "weeks": (),
}
"""The data sets that each task needs."""
