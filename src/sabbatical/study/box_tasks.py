"""The tasks of boxes: which images, which tree, and who draws what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sabbatical.catalogue.workbench import CocoData
from sabbatical.core.errors import NotFound
from sabbatical.study.boxes import BoxTask, DrawnImage
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy
from sabbatical.taxonomy.names import did_you_mean

Labels = Mapping[str, str]
FRAMES_A_GROUP = 600
"""Frames of the simulator that lie so near to each other are one stretch of a drive."""
CELLS_SEEN = {"flip_vertical": 0.5, "zoom": [0.7, 1.5], "colour": 0.2, "keep_visible": 0.7}
"""Blood under a microscope has no up, and a cell cut by the edge is drawn only where most of it is seen."""
BUDGET = {"steps": 600, "threads": 1, "save_every": 100}


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
    frame = re.search(r"_(\d+)\.", image["file_name"]) if "Town" in str(image.get("domain")) else None
    return f"{image['domain']}-{int(frame[1]) // FRAMES_A_GROUP}" if frame else str(image["file_name"])


def _tree(name: str, classes: Mapping[str, Any]) -> SuperTaxonomy:
    return SuperTaxonomy.from_document({"super-taxonomy": name, "version": 1, "classes": dict(classes)})


def _taxonomy(name: str, tree: SuperTaxonomy, labels: Labels) -> Taxonomy:
    return Taxonomy.from_document({"taxonomy": name, "super-taxonomy": tree.name, "labels": dict(labels)})


_TASKS: dict[str, Callable[[Callable[[str], Path]], BoxTask]] = {
    "bccd": _bccd,
    "bccd-depths": _bccd_depths,
    "road": _road,
}
BOX_TASKS: Mapping[str, tuple[str, ...]] = {
    "bccd": ("bccd",),
    "bccd-depths": ("bccd",),
    "road": ("road-signs", "carla-sim"),
}
"""The data sets that each task needs."""
