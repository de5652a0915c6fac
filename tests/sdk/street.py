"""A small project made of real data through the public face, built once and copied for each test that changes it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from sabbatical.api.access import InProcess
from sabbatical.api.app import create_app
from sabbatical.core.settings import load
from sabbatical.durable.execution import execute
from sabbatical.sdk.client import Client
from sabbatical.sdk.in_process import AppTransport
from sabbatical.sdk.workspace import Workspace
from sabbatical.stages import all_steps
from sabbatical.storage.workspace import Workspace as StoredWorkspace
from sabbatical.storage.workspace import open_workspace

assert all_steps  # registers the step of every kind

SUPER = {
    "super-taxonomy": "road",
    "classes": {"person": {"children": {"adult": None, "child": None}}, "vehicle": None},
}
CUSTOMER = {"taxonomy": "a", "super-taxonomy": "road", "labels": {"Human": "person", "Car": "vehicle"}}
ITEMS = 24
TINY = {"steps": 3, "batch": 2, "canvas": [32, 48], "threads": 1}


def draw(folder: Path, count: int = ITEMS, seed: int = 0) -> Path:
    """A COCO folder: images of noise with a bright box each, alternately a human and a car."""
    folder.mkdir(parents=True, exist_ok=True)
    dice = np.random.default_rng(seed)
    images, annotations = [], []
    for number in range(count):
        pixels = dice.integers(0, 90, (48, 64, 3), dtype=np.uint8)
        x, y = int(dice.integers(0, 40)), int(dice.integers(0, 24))
        pixels[y : y + 20, x : x + 16] = (240, 30, 30) if number % 2 else (30, 30, 240)
        name = f"{seed}-{number:03}.png"
        Image.fromarray(pixels).save(folder / name)
        images.append({"id": number, "file_name": name, "width": 64, "height": 48})
        annotations.append({"id": number, "image_id": number, "category_id": 1 + number % 2, "bbox": [x, y, 16, 20]})
    categories = [{"id": 1, "name": "Human"}, {"id": 2, "name": "Car"}]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(document))
    return folder


class HereAndNow:
    """A dispatcher that does each run at once in this process, which has loaded everything already."""

    def __init__(self, workspace: StoredWorkspace) -> None:
        self._workspace = workspace

    def dispatch(self, run_id: str, kind: str) -> None:
        execute(self._workspace, run_id)

    def close(self) -> None:
        return None


def build(home: Path, data: Path) -> None:
    """A workspace with a project, taxonomies, items, labels, a snapshot, a model, a report and predictions."""
    stored = open_workspace(load(home=home))
    app = create_app(stored, HereAndNow(stored), InProcess(), free_paths=True)
    http = httpx.Client(transport=AppTransport(app), base_url="http://here")
    with Workspace(Client(http, local=True)) as workspace:
        project = workspace.create_project("street", "boxes", validation_share=0.2, test_share=0.3, salt="street")
        project.taxonomy_add(SUPER)
        project.taxonomy_add(CUSTOMER)
        project.ingest(data, taxonomy="a")
        model = project.snapshot().train(settings=TINY)
        model.evaluate()
        list(model.predict(snapshot="s1"))
    stored.close()
