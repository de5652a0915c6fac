"""Sightings in pictures: a small detector learns a tree without some leaves, and is asked about a customer's pictures.

Every picture half is one or the other: the first teaches, the second is the customer's. Models and predictions are kept
in a workspace, so that the same command goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mapping.perturbing import Base, Customer, hashed
from sabbatical.schemas.label import Payload
from sabbatical.sdk.project import Project
from sabbatical.sdk.workspace import Workspace
from sabbatical.sim.world import DAY, TRUTH, stream, write_dataset
from sabbatical.stages.assist.sighting import Sighting
from sabbatical.stages.train.actions import Answer
from sabbatical.taxonomy.proposing import Sightings

STEPS = 400
WORLD = (7, 150, 4)  # seed, scenes, frames a scene
MOST_ASKED = 200
STREETS = Base(
    "world",
    {
        **{"person": None, "adult": "person", "child": "person", "light": None, "sign": None},
        **{"vehicle": None, "car": "vehicle", "truck": "vehicle", "bus": "vehicle"},
    },
    {"person": ("pedestrian", "human"), "light": ("traffic light",), "truck": ("lorry",)},
)


@dataclass(frozen=True)
class Pictures:
    """A labeled set: boxes of leaves by file, in a folder."""

    base: Base
    folder: Path
    drawn: Mapping[str, Sequence[tuple[str, tuple[float, float, float, float]]]]
    sizes: Mapping[str, tuple[int, int]]


@dataclass(frozen=True)
class Asked:
    """What a model that never learned some leaves says of the customer's pictures."""

    pictures: Pictures
    unknown: frozenset[str]
    classes: tuple[str, ...]
    taught: tuple[str, ...]
    thresholds: Mapping[str, float]
    answers: Mapping[str, Answer]


def world(folder: Path) -> Pictures:
    """The built-in world by day."""
    file = folder / "truth.json"
    if not file.exists():
        file = write_dataset(folder, stream(*WORLD, DAY), TRUTH)
    return _coco(file, STREETS)


def public(name: str, raw: Sequence[Path]) -> Pictures:
    """Public sets with boxes, flat; several are one."""
    parts = [_coco(folder / "annotations.json", Base(name, {})) for folder in raw]
    leaves = sorted({leaf for part in parts for rows in part.drawn.values() for leaf, _ in rows})
    above = raw[0].parent
    drawn = {f"{part.folder.name}/{file}": rows for part in parts for file, rows in part.drawn.items()}
    sizes = {f"{part.folder.name}/{file}": size for part in parts for file, size in part.sizes.items()}
    return Pictures(Base(name, dict.fromkeys(leaves)), above, drawn, sizes)


def _coco(file: Path, base: Base) -> Pictures:
    document = json.loads(file.read_text())
    names = {one["id"]: one["name"] for one in document["categories"]}
    files = {one["id"]: one["file_name"] for one in document["images"]}
    drawn: dict[str, list[Any]] = {name: [] for name in files.values()}
    for one in document["annotations"]:
        x, y, w, h = one["bbox"]
        drawn[files[one["image_id"]]].append((names[one["category_id"]], (x, y, x + w, y + h)))
    sizes = {one["file_name"]: (one["width"], one["height"]) for one in document["images"]}
    return Pictures(base, file.parent, drawn, sizes)


def ask(workspace: Workspace, home: Path, pictures: Pictures, unknown: frozenset[str], seed: int = 0) -> Asked:
    """Train on the first half without some leaves, and ask about the second."""
    key = f"{hashed(' '.join([pictures.base.name, *sorted(unknown), str(seed)])):x}"[:8]
    folder = home / f"{pictures.base.name}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / "answers.json"
    if not kept.exists():
        kept.write_text(json.dumps(_taught_and_asked(workspace, folder, pictures, unknown, seed)))
    told = json.loads(kept.read_text())
    answers = {file: Answer.from_bytes(said.encode()) for file, said in told["answers"].items()}
    return Asked(pictures, unknown, tuple(told["classes"]), tuple(told["taught"]), told["thresholds"], answers)


def _taught_and_asked(
    workspace: Workspace, folder: Path, pictures: Pictures, unknown: frozenset[str], seed: int
) -> dict[str, Any]:
    project = workspace.create_project(folder.name, "boxes", validation_share=0.2, test_share=0.0, salt="m")
    parents = {name: parent for name, parent in pictures.base.parents.items() if name not in unknown}
    project.taxonomy_add({"super-taxonomy": pictures.base.name, "classes": [_node(n, p) for n, p in parents.items()]})
    leaves = [leaf for leaf in pictures.base.leaves if leaf not in unknown]
    labels = {leaf: leaf for leaf in leaves}
    project.taxonomy_add({"taxonomy": "known", "super-taxonomy": pictures.base.name, "labels": labels})
    taught, asked = _halves(pictures)
    file = _file(folder / "taught.json", pictures, taught, leaves)
    project.ingest(file, taxonomy="known", options={"image_root": str(pictures.folder)})
    project.snapshot()
    model = project.train(seed=seed, settings={"threads": 1, "steps": STEPS})
    project.ingest(_file(folder / "asked.json", pictures, asked, []), options={"image_root": str(pictures.folder)})
    items = [item.id for item in project.items(source="asked")]
    model.predict(items=items)
    record = model.record.record
    answers = _answers(project, model.name, asked, model.record.classes)
    return {
        "classes": model.record.classes,
        "taught": [name for name, many in record["taught"].items() if many > 0],
        "thresholds": record["thresholds"],
        "answers": {file: one.to_bytes().decode() for file, one in answers.items()},
    }


def _node(name: str, parent: str | None) -> dict[str, str]:
    return {"name": name} | ({"parent": parent} if parent else {})


def _halves(pictures: Pictures) -> tuple[list[str], list[str]]:
    """Frames of one scene (`scene-3.jpg`) stay together."""
    scenes = {file: file.rpartition("-")[0] if "-" in Path(file).stem else file for file in pictures.drawn}
    taught = [file for file, scene in scenes.items() if hashed(scene) % 2]
    asked = [file for file, scene in scenes.items() if hashed(scene) % 2 == 0]
    return taught, sorted(asked, key=hashed)[:MOST_ASKED]


def _file(path: Path, pictures: Pictures, files: Sequence[str], leaves: Sequence[str]) -> Path:
    """Some pictures as COCO, with boxes of some leaves."""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for number, file in enumerate(files, start=1):
        width, height = pictures.sizes[file]
        images.append({"id": number, "file_name": file, "width": width, "height": height})
        for leaf, (x0, y0, x1, y1) in pictures.drawn[file]:
            if leaf in leaves:
                row = {"id": len(annotations) + 1, "image_id": number, "category_id": leaves.index(leaf) + 1}
                annotations.append(
                    row | {"bbox": [x0, y0, x1 - x0, y1 - y0], "iscrowd": 0, "area": (x1 - x0) * (y1 - y0)}
                )
    categories = [{"id": place, "name": leaf} for place, leaf in enumerate(leaves, start=1)]
    path.write_text(json.dumps({"images": images, "annotations": annotations, "categories": categories}))
    return path


def _answers(project: Project, model: str, files: Sequence[str], classes: Sequence[str]) -> dict[str, Answer]:
    place = {name: k for k, name in enumerate(classes)}
    by_end = {Path(file).name: file for file in files}
    found = {}
    for one in project.predictions(model=model):
        boxes = np.array([each.box for each in one.found], np.float32).reshape(-1, 4)
        scores = np.array([each.score for each in one.found], np.float32)
        file = by_end.get(Path(one.name).name)
        if file is not None:
            found[file] = Answer(np.array([place[each.label] for each in one.found], np.int64), scores, boxes)
    return found


def sightings(asked: Asked, customer: Customer) -> Sightings:
    """What a customer's things are found to be, over the classes of the customer's tree."""
    tree, labels = customer.tree, list(customer.truth)
    base = asked.pictures.base
    place_k = np.array([_place(name, base, customer) for name in asked.classes])
    taught = [tree.names[k] for name, k in zip(asked.classes, place_k, strict=True) if name in asked.taught and k >= 0]
    thresholds = {name: asked.thresholds[name] for name in asked.classes if name in tree}
    looked = Sighting(tree, labels, taught, thresholds)
    number = 0
    for file in sorted(asked.answers):
        said, boxes = [], []
        for leaf, box in asked.pictures.drawn[file]:
            called = customer.calls.get(leaf, ())
            number += 1
            if called:
                said.append(called[number % len(called)])
                boxes.append(box)
        payload = Payload(tuple(said), np.array(boxes, np.float32).reshape(-1, 4))
        looked.look(file, payload, asked.answers[file].renumbered(place_k))
    return looked.counted()


def _place(name: str | None, base: Base, customer: Customer) -> int:
    """The class of the customer's tree that a class of the model is, or is beneath."""
    while name is not None and name not in customer.tree:
        name = base.parents[name]
    return -1 if name is None else customer.tree.index(name)
