"""CSV: one row a text, or one row a box. Columns are known at the end only, so rows wait in a temporary file.

Attributes of an image stand in columns `item.*`, those of a box in columns of their own.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import orjson

from sabbatical.stages.label.formats.items import ExportItem
from sabbatical.stages.label.formats.writer import Writer, corners

FILE = "items.csv"
TEXT = ("id", "text", "label", "group", "captured_at")
BOX = ("file_name", "width", "height", "label", "x0", "y0", "x1", "y1", "group", "captured_at")
OPTIONAL = frozenset({"group", "captured_at"})
ITEM = "item."
Row = dict[str, Any]


class CsvWriter(Writer):
    format: ClassVar[str] = "csv"

    def __init__(self, folder: Path, classes: Sequence[str] = ()) -> None:
        super().__init__(folder, classes)
        self._rows = tempfile.TemporaryFile()  # noqa: SIM115  closed below
        self._columns: dict[str, None] = {}
        self._first: tuple[str, ...] = TEXT

    def add(self, item: ExportItem) -> None:
        rows = self._boxes(item) if item.text is None else [self._text(item)]
        self._first = TEXT if item.text is not None else BOX
        about = {"group": item.group, "captured_at": item.captured_at.isoformat() if item.captured_at else None}
        for row in rows:
            whole = {name: value for name, value in {**row, **about}.items() if value is not None}
            self._columns.update(dict.fromkeys(whole))
            self._rows.write(orjson.dumps(whole) + b"\n")

    def close(self) -> None:
        more = sorted(name for name in self._columns if name not in self._first)
        used = [name for name in self._first if name in self._columns or name not in OPTIONAL]
        self._rows.seek(0)
        with (self.folder / FILE).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, [*used, *more])
            writer.writeheader()
            writer.writerows(orjson.loads(line) for line in self._rows)
        self._rows.close()

    def _text(self, item: ExportItem) -> Row:
        labels = item.payload.labels if item.payload else ()
        if len(labels) > 1:
            self.losses.add("labels of a text after the first", item.name, len(labels) - 1)
        attributes = self._plain(item.attributes, item.name, TEXT)
        return {**attributes, "id": item.name, "text": item.text, "label": labels[0] if labels else None}

    def _boxes(self, item: ExportItem) -> list[Row]:
        name = self.place_image(item)
        if item.payload is None:
            self.losses.add("images that nobody looked at", item.name)
            return []
        attributes = {ITEM + key: value for key, value in self._plain(item.attributes, item.name, ()).items()}
        image = {**attributes, "file_name": name, "width": item.width, "height": item.height}
        payload = item.payload
        for what, found in (
            ("polygons", payload.polygons),
            ("masks", payload.masks),
            ("marks of crowds", payload.crowds),
        ):
            self.losses.add(what, item.name, len(found))
        rows = []
        for shape, (label, box) in enumerate(zip(payload.labels, corners(payload), strict=True)):
            own = self._plain(payload.attributes.get(shape, {}), item.name, BOX)
            rows.append({**own, **image, "label": label, **dict(zip(("x0", "y0", "x1", "y1"), box, strict=True))})
        return rows or [image]

    def _plain(self, attributes: Row, name: str, columns: tuple[str, ...]) -> Row:
        """Attributes as a table can hold them: their types are lost, and what is a column's name already."""
        clash = {key for key in attributes if key in columns or key.startswith(ITEM)}
        self.losses.add("attributes named like columns", name, len(clash))
        kept = {key: value for key, value in attributes.items() if key not in clash and value is not None}
        nested = {key for key, value in kept.items() if isinstance(value, list | dict)}
        self.losses.add("attributes that are lists or objects", name, len(nested))
        typed = sum(not isinstance(value, str) for key, value in kept.items() if key not in nested)
        self.losses.add("types of attributes (they become text)", name, typed)
        return {key: value for key, value in kept.items() if key not in nested}
