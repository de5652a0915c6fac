"""The tasks of masks: which images, which tree, and who paints what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sabbatical.catalogue.workbench import read_json
from sabbatical.core.errors import NotFound
from sabbatical.geometry import Rle
from sabbatical.study.masks import NOTHING, MaskTask, PaintedImage, Painting, Window
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy
from sabbatical.taxonomy.names import did_you_mean

Labels = Mapping[str, str]
Row = dict[str, Any]
RIM = 2.0
"""Pixels of the file that the border of a nucleus is wide."""
LONGEST = 400
"""Pictures of nuclei with a longer side are cut into quarters, so that all nuclei are seen about as large as stored."""
BUDGET = {
    "steps": 600,
    "threads": 1,
    "save_every": 100,
    "widths": [8, 16, 32, 64, 96],
    "pyramid": [24, 32, 48, 64],
    "learning_rate": 3e-2,
}
"""A small network and few steps: two minutes of one core."""
STREET = {
    "person": {"exhaustive": True, "children": {"adult": {}, "child": {}}},
    "vehicle": {"exhaustive": True, "children": {"car": {}, "truck": {}, "bus": {}}},
    "light": {},
    "sign": {},
}
STREET_OWN: Mapping[str, Labels] = {
    "aurora": {"Human": "person"},
    "basalt": {"Adult": "adult", "Child": "child", "Car": "car", "Lorry": "truck"},
    "cobalt": {"Fahrzeug": "vehicle", "Ampel": "light"},
    "dorado": {"Bus": "bus", "Sign": "sign"},
}


def mask_task(name: str, data: Callable[[str], Path]) -> MaskTask:
    """The task of a name. `data` answers the folder of a data set. Raises NotFound."""
    if name not in _TASKS:
        raise NotFound(f"There is no study of masks on '{name}'.", hint=did_you_mean(name, _TASKS))
    return _TASKS[name](data)


def _nuclei(data: Callable[[str], Path]) -> MaskTask:
    """Three laboratories, each with its own way of seeing and its own way of painting; see `_nuclei_of`."""
    own = [("fluorescence", "lumen"), ("stained-colour", "eosin"), ("brightfield-gray", "phase")]
    return _nuclei_of("nuclei", own, data)


def _nuclei_mixed(data: Callable[[str], Path]) -> MaskTask:
    """The same three ways of painting, but pictures of every kind go to each laboratory in turns."""
    domains = ("fluorescence", "stained-colour", "brightfield-gray")
    own = [(domain, laboratory) for domain in domains for laboratory in _LABORATORIES]
    return _nuclei_of("nuclei-mixed", own, data)


_LABORATORIES: Mapping[str, Labels] = {
    "lumen": {"Kern": "nucleus"},
    "eosin": {"Inside": "interior", "Rim": "border"},
    "phase": {"Nucleus": "nucleus"},
}
"""Lumen paints nuclei in one piece where they touch; eosin and phase paint each alone, eosin its border too."""


def _nuclei_of(name: str, own: Sequence[tuple[str, str]], data: Callable[[str], Path]) -> MaskTask:
    tree = _tree("nuclei", {"nucleus": {"exhaustive": True, "children": {"interior": {}, "border": {}}}})
    raw = data("nuclei-dsb2018")
    images = [painted for row in read_json(raw / "annotations.json")["images"] for painted in _slides(raw, tree, row)]
    customers = [(domain, _taxonomy(each, tree, _LABORATORIES[each])) for domain, each in own]
    everything = {each: each for each in ("interior", "border")}
    full = {domain: _taxonomy(f"all of {domain}", tree, everything) for domain in dict.fromkeys(d for d, _ in own)}
    settings = {
        **BUDGET,
        "steps": 400,
        "canvas": [256, 256],
        "instances": True,
        "augmentation": {"flip_vertical": 0.5, "colour": 0.2},
    }
    return MaskTask(name, tree, images, customers, full, settings, thing="nucleus", blobs=frozenset({"lumen"}))


def _slides(raw: Path, tree: SuperTaxonomy, row: Row) -> list[PaintedImage]:
    """A picture of nuclei, or the quarters of a large one."""
    paint = partial(_nuclei_painting, raw / row["mask"], tree.index("interior"), tree.index("border"))
    width, height = row["width"], row["height"]
    windows: list[Window | None] = [None]
    if max(width, height) > LONGEST:
        middle, centre = height // 2, width // 2
        windows = [
            (top, left, bottom, right)
            for top, bottom in ((0, middle), (middle, height))
            for left, right in ((0, centre), (centre, width))
        ]
    file, domain = raw / row["file_name"], str(row["domain"])
    return [PaintedImage(file, paint, domain, str(row["file_name"]), window) for window in windows]


@lru_cache(maxsize=4)
def _nuclei_painting(file: Path, interior: int, border: int) -> Painting:
    """What a map of instances shows: the inside of each nucleus, and its border towards anything else."""
    from sabbatical.learning.segmentation.instances import border_distances  # noqa: PLC0415 - scipy loads in a step

    with Image.open(file) as image:
        thing_hw = np.asarray(image).astype(np.int32)
    rim_hw = border_distances(thing_hw) <= RIM
    class_hw = np.where(thing_hw == 0, NOTHING, np.where(rim_hw, border, interior))
    return Painting(class_hw.astype(np.int16), thing_hw)


def _streets(data: Callable[[str], Path]) -> MaskTask:
    """The built-in world: four customers of different depth, two of whom paint coarsely what another tells apart."""
    return _streets_of("streets", STREET_OWN, data)


def _streets_without(data: Callable[[str], Path]) -> MaskTask:
    """The same without the one who paints buses and signs: a bus can be known only as a vehicle that is no other."""
    return _streets_of("streets-3", {name: own for name, own in STREET_OWN.items() if name != "dorado"}, data)


def _streets_of(name: str, own: Mapping[str, Labels], data: Callable[[str], Path]) -> MaskTask:
    tree = _tree("street", STREET)
    raw = data("world-masks")
    document = read_json(raw / "annotations.json")
    class_of = {each["id"]: tree.index(each["name"]) for each in document["categories"]}
    things: dict[int, list[tuple[int, Row]]] = defaultdict(list)
    for each in document["annotations"]:
        things[each["image_id"]].append((class_of[each["category_id"]], each["segmentation"]))
    images = [
        PaintedImage(
            raw / row["file_name"],
            partial(_street_painting, (row["height"], row["width"]), things[row["id"]]),
            "street",
            str(row["group"]),
        )
        for row in document["images"]
    ]
    customers = [("street", _taxonomy(each, tree, labels)) for each, labels in own.items()]
    full = {"street": _taxonomy("truth", tree, {leaf: leaf for leaf in tree.leaves})}
    settings = {**BUDGET, "canvas": [96, 160], "augmentation": {"zoom": [1.0, 1.2], "colour": 0.0}}
    return MaskTask(name, tree, images, customers, full, settings)


def _street_painting(size: tuple[int, int], things: Sequence[tuple[int, Row]]) -> Painting:
    class_hw: NDArray[np.int16] = np.full(size, NOTHING, np.int16)
    thing_hw = np.zeros(size, np.int32)
    for n, (k, segmentation) in enumerate(things, start=1):
        mask_hw = Rle.from_coco(segmentation).decode()
        class_hw[mask_hw], thing_hw[mask_hw] = k, n
    return Painting(class_hw, thing_hw)


def _tree(name: str, classes: Mapping[str, Any]) -> SuperTaxonomy:
    return SuperTaxonomy.from_document({"super-taxonomy": name, "version": 1, "classes": dict(classes)})


def _taxonomy(name: str, tree: SuperTaxonomy, labels: Labels) -> Taxonomy:
    return Taxonomy.from_document({"taxonomy": name, "super-taxonomy": tree.name, "labels": dict(labels)})


_TASKS: dict[str, Callable[[Callable[[str], Path]], MaskTask]] = {
    "nuclei": _nuclei,
    "nuclei-mixed": _nuclei_mixed,
    "streets": _streets,
    "streets-3": _streets_without,
}
MASK_TASKS: Mapping[str, tuple[str, ...]] = {
    "nuclei": ("nuclei-dsb2018",),
    "nuclei-mixed": ("nuclei-dsb2018",),
    "streets": (),
    "streets-3": (),
}
"""The data sets that each task needs."""
