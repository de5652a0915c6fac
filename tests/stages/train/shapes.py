"""A project of pictures with one square each, small enough to learn in seconds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.project import Project
from sabbatical.stages import all_steps  # noqa: F401 - registers the steps
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW

TINY = {
    "steps": 12,
    "batch": 4,
    "canvas": [64, 64],
    "widths": [4, 4, 8, 8, 8],
    "pyramid": [8, 8, 8, 8],
    "threads": 1,
    "save_every": 4,
}
SUPER = {"super-taxonomy": "shapes", "version": 1, "classes": {"round": {"children": {"disc": {}}}, "square": {}}}
CUSTOMERS = {
    "circles": {"taxonomy": "circles", "super-taxonomy": "shapes", "labels": {"Circle": "round"}},
    "boxes": {"taxonomy": "boxes", "super-taxonomy": "shapes", "labels": {"Box": "square"}},
}


@dataclass
class Shapes:
    """A project of pictures with one square each."""

    workspace: Workspace
    project: Project
    folder: Path

    def run(self, kind: str, progress: Any = None, **params: Any) -> dict[str, Any]:
        """Ask for a run, as every interface does, and do it in this process."""
        with self.workspace.database.transaction() as session:
            row = runs.ask(session, project_id=self.project.id, kind=kind, params=params, now=NOW)
        return body_of(kind)(Step(self.workspace, row.id, self.project.id, params, progress or Quiet()))

    def write(self, name: str, label: str, count: int, seed: int) -> Path:
        """COCO with pictures of noise and one bright square each."""
        random = np.random.default_rng(seed)
        root = self.folder / name
        (root / "images").mkdir(parents=True)
        images, annotations = [], []
        for number in range(1, count + 1):
            x, y, side = (int(value) for value in random.integers((2, 2, 14), (30, 30, 30)))
            image_hwc = random.integers(0, 90, (64, 64, 3)).astype(np.uint8)
            image_hwc[y : y + side, x : x + side] = 230
            file = f"images/{name}-{number}.png"
            Image.fromarray(image_hwc).save(root / file)
            images.append({"id": number, "file_name": file, "width": 64, "height": 64, "weather": "clear"})
            annotations.append({"id": number, "image_id": number, "category_id": 1, "bbox": [x, y, side, side]})
        path = root / f"{name}.json"
        document = {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": label}]}
        path.write_text(json.dumps(document))
        return path
