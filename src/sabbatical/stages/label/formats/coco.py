"""COCO JSON. Images go straight to the file, annotations through a temporary one, so memory stays flat."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import orjson

from sabbatical.geometry.rle import Rle
from sabbatical.schemas.label import DECIMALS, Payload
from sabbatical.stages.label.formats.items import ExportItem
from sabbatical.stages.label.formats.writer import Writer, corners

FILE = "annotations.json"
KEYS = frozenset({"id", "file_name", "width", "height", "labeled", "group", "captured_at"})


class CocoWriter(Writer):
    """Attributes of an image become keys of its entry, those of a shape stand under `attributes`."""

    format: ClassVar[str] = "coco"

    def __init__(self, folder: Path, classes: Sequence[str] = ()) -> None:
        super().__init__(folder, classes)
        self._file = (folder / FILE).open("wb")
        self._annotations = tempfile.TemporaryFile()  # noqa: SIM115  closed below
        self._images = self._shapes = 0
        self._file.write(b'{"images": [')

    def add(self, item: ExportItem) -> None:
        if item.text is not None:
            self.losses.add("texts", item.name)
            return
        self._images += 1
        self._file.write((b",\n" if self._images > 1 else b"\n") + orjson.dumps(self._image(item)))
        for shape in range(len(item.payload or ())):
            self._shapes += 1
            row = self._annotation(item.payload, shape) if item.payload is not None else {}
            self._annotations.write((b",\n" if self._shapes > 1 else b"\n") + orjson.dumps(row))

    def close(self) -> None:
        self._file.write(b'\n], "annotations": [')
        self._annotations.seek(0)
        shutil.copyfileobj(self._annotations, self._file)
        self._annotations.close()
        categories = [{"id": number + 1, "name": name} for name, number in self.classes.items()]
        self._file.write(b'\n], "categories": ' + orjson.dumps(categories) + b"}\n")
        self._file.close()

    def _image(self, item: ExportItem) -> dict[str, Any]:
        row: dict[str, Any] = {"id": self._images, "file_name": self.place_image(item)}
        if item.width and item.height:
            row |= {"width": item.width, "height": item.height}
        if not item.payload:
            row["labeled"] = item.payload is not None
        if item.group is not None:
            row["group"] = item.group
        if item.captured_at is not None:
            row["captured_at"] = item.captured_at.isoformat()
        self.losses.add("attributes named like keys of COCO", item.name, len(KEYS & item.attributes.keys()))
        return {**item.attributes, **row}

    def _annotation(self, payload: Payload, shape: int) -> dict[str, Any]:
        x0, y0, x1, y1 = corners(payload)[shape]
        row: dict[str, Any] = {
            "id": self._shapes,
            "image_id": self._images,
            "category_id": self.class_of(payload.labels[shape]) + 1,
            "bbox": [x0, y0, round(x1 - x0, DECIMALS), round(y1 - y0, DECIMALS)],
            "area": round((x1 - x0) * (y1 - y0), DECIMALS),
            "iscrowd": int(shape in payload.crowds),
        }
        if shape in payload.masks:
            row |= {"segmentation": payload.masks[shape], "area": Rle.from_coco(payload.masks[shape]).area}
        elif shape in payload.polygons:
            parts = payload.polygons[shape]
            row |= {"segmentation": parts, "area": round(sum(map(_area, parts)), DECIMALS)}
        if payload.attributes.get(shape):
            row["attributes"] = payload.attributes[shape]
        return row


def _area(polygon: list[float]) -> float:
    """The area of a polygon x0, y0, x1, y1, ... (Gauss)."""
    x, y = np.asarray(polygon, np.float64).reshape(-1, 2).T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
