"""A small set of slides like BCCD's: squares are red cells, discs white ones; made where a test wants them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from tests.learning.shapes import draw

TINY = {
    "steps": 4,
    "batch": 2,
    "canvas": [64, 64],
    "widths": [8, 12, 16, 24, 32],
    "depths": [0, 0, 0, 0],
    "pyramid": [16, 16, 24, 32],
    "save_every": 1,
    "places": 30,
}
NAMES = {False: "RBC", True: "WBC"}


def slides(folder: Path, count: int = 24) -> Callable[[str], Path]:
    """Where each data set of the catalogue lies; only `bccd` is there."""
    raw = folder / "bccd"
    (raw / "images").mkdir(parents=True)
    numbers = {name: n for n, name in enumerate(("RBC", "WBC", "Platelets"), 1)}
    images, annotations = [], []
    for i in range(count):
        image_hwc, boxes_n4, discs_n = draw(i)
        file = f"images/{i}.png"
        Image.fromarray(image_hwc).save(raw / file)
        images.append({"id": i, "file_name": file, "width": 64, "height": 64})
        for (x0, y0, x1, y1), disc in zip(boxes_n4.tolist(), discs_n.tolist(), strict=True):
            row = {"image_id": i, "category_id": numbers[NAMES[disc]], "bbox": [x0, y0, x1 - x0, y1 - y0]}
            annotations.append(row | {"id": len(annotations)})
    document = {
        "images": images,
        "annotations": annotations,
        "categories": [{"id": n, "name": name} for name, n in numbers.items()],
    }
    (raw / "annotations.json").write_text(json.dumps(document))
    return lambda name: folder / name
