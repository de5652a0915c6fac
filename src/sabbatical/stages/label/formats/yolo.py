"""YOLO: `images/`, `labels/` and `data.yaml`. A shape is a box, or a polygon of one part that fills its box."""

from __future__ import annotations

import posixpath
from typing import ClassVar

import numpy as np
import yaml
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.schemas.label import Payload
from sabbatical.stages.label.formats.items import ExportItem
from sabbatical.stages.label.formats.places import put
from sabbatical.stages.label.formats.writer import Writer, corners

DATA = "data.yaml"
_SLACK = 0.5
"""Pixels that a polygon and its box may differ by, so that the polygon alone is written."""


class YoloWriter(Writer):
    format: ClassVar[str] = "yolo"
    images_in: ClassVar[str] = "images"
    by_stem: ClassVar[bool] = True

    def add(self, item: ExportItem) -> None:
        """Raises BadInput for an image without a size, which fractions need."""
        if item.text is not None:
            self.losses.add("texts", item.name)
            return
        self._lose(item)
        name = self.place_image(item)
        if item.payload is None:
            return
        if not (item.width and item.height):
            raise BadInput("The image has no size, which YOLO's fractions need.", where=item.name)
        lines = [self._line(item.payload, shape, item) for shape in range(len(item.payload))]
        put(self.folder / "labels" / (posixpath.splitext(name)[0] + ".txt"), "".join(lines).encode())

    def close(self) -> None:
        names = {number: name for name, number in self.classes.items()}
        document = {"path": ".", "train": "images", "val": "images", "names": names}
        (self.folder / DATA).write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")

    def _line(self, payload: Payload, shape: int, item: ExportItem) -> str:
        scale = np.array([item.width, item.height], np.float64)
        x0, y0, x1, y1 = corners(payload)[shape]
        values = np.array([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0]).reshape(2, 2) / scale
        polygon = self._polygon(payload, shape, item.name)
        if polygon is not None:
            values = polygon / scale
        numbers = " ".join(f"{value:.9f}".rstrip("0").rstrip(".") for value in values.ravel().tolist())
        return f"{self.class_of(payload.labels[shape])} {numbers}\n"

    def _polygon(self, payload: Payload, shape: int, name: str) -> NDArray[np.float64] | None:
        parts = payload.polygons.get(shape)
        if parts is None:
            return None
        points = np.asarray(parts[0], np.float64).reshape(-1, 2)
        around = np.concatenate([points.min(0), points.max(0)])
        if len(parts) > 1 or np.abs(around - payload.boxes_n4[shape]).max() > _SLACK:
            self.losses.add("polygons of several parts, or that do not fill their box", name)
            return None
        return points

    def _lose(self, item: ExportItem) -> None:
        self.losses.add("attributes of images", item.name, len(item.attributes))
        self.losses.add("groups", item.name, int(item.group is not None))
        self.losses.add("times", item.name, int(item.captured_at is not None))
        if item.payload is not None:
            self.losses.add("masks", item.name, len(item.payload.masks))
            self.losses.add("marks of crowds", item.name, len(item.payload.crowds))
            self.losses.add("attributes of shapes", item.name, sum(map(len, item.payload.attributes.values())))
