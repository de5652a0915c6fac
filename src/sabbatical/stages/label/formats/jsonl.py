"""JSON Lines: one object an item, with everything the system knows of it; nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import orjson

from sabbatical.schemas.label import Payload
from sabbatical.stages.label.formats.items import ExportItem
from sabbatical.stages.label.formats.writer import Writer, corners

FILE = "items.jsonl"


class JsonLinesWriter(Writer):
    format: ClassVar[str] = "jsonl"
    tells_partial: ClassVar[bool] = True

    def __init__(self, folder: Path, classes: Sequence[str] = ()) -> None:
        super().__init__(folder, classes)
        self._file = (folder / FILE).open("wb")

    def add(self, item: ExportItem) -> None:
        row = self._image(item) if item.text is None else self._text(item)
        if item.group is not None:
            row["group"] = item.group
        if item.captured_at is not None:
            row["captured_at"] = item.captured_at.isoformat()
        if item.attributes:
            row["attributes"] = item.attributes
        self._file.write(orjson.dumps(row) + b"\n")

    def close(self) -> None:
        self._file.close()

    def _text(self, item: ExportItem) -> dict[str, Any]:
        labels = item.payload.labels if item.payload else ()
        if len(labels) > 1:
            self.losses.add("labels of a text after the first", item.name, len(labels) - 1)
        return {"id": item.name, "text": item.text, **({"label": labels[0]} if labels else {})}

    def _image(self, item: ExportItem) -> dict[str, Any]:
        row: dict[str, Any] = {"file_name": self.place_image(item)}
        if item.width and item.height:
            row |= {"width": item.width, "height": item.height}
        if item.payload is not None:
            row["shapes"] = [_shape(item.payload, shape) for shape in range(len(item.payload))]
            row |= {"partial": True} if item.payload.partial else {}
        return row


def _shape(payload: Payload, shape: int) -> dict[str, Any]:
    row: dict[str, Any] = {"label": payload.labels[shape], "box": corners(payload)[shape]}
    for key, values in (
        ("polygon", payload.polygons),
        ("mask", payload.masks),
        ("attributes", payload.attributes),
    ):
        if shape in values:
            row[key] = values[shape]
    return row | ({"crowd": True} if shape in payload.crowds else {})
