"""JSON Lines (one object a line) and JSON arrays of objects: texts with a label, or images with `shapes`.

A shape is what the HTTP contract shows: label, box (x0 y0 x1 y1, pixels), polygon, mask, attributes, crowd. Without
the key `shapes` (or with null) nothing is said about labels; an empty list says that nothing is there, but for
`partial: true` beside it: where nothing is drawn, nothing is known. A nested object `attributes` counts as the item's
attributes.
"""

from __future__ import annotations

import itertools
import math
import posixpath
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import orjson

from sabbatical.core.errors import BadInput
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.formats.coco_details import mask_of, polygons_of
from sabbatical.stages.ingest.formats.files import Files
from sabbatical.stages.ingest.formats.image_finder import ImageFinder
from sabbatical.stages.ingest.formats.json_stream import JsonStream
from sabbatical.stages.ingest.formats.metadata import Metadata
from sabbatical.stages.ingest.formats.reader import FilesReader
from sabbatical.stages.ingest.formats.roles import SHAPES, Roles, no_text, roles_of
from sabbatical.stages.ingest.formats.rows import TextRows, as_text
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Entry, Record, Refusal
from sabbatical.stages.ingest.shapes import UNLEARNED, fit_payload

LINES = (".jsonl", ".ndjson")
PARTIAL = "partial"
_SAMPLE = 200
Row = dict[str, Any]
Numbered = Iterator[tuple[Row, int | None] | Refusal]


class JsonLinesReader(FilesReader):
    format: ClassVar[str] = "jsonl"

    def claims(self, files: Files) -> str | None:
        found = _documents(files)
        if len(found) != 1:
            return f"it holds {len(found)} files of JSON objects ({', '.join(found[:5])})" if found else None
        roles = roles_of(*_sample(_rows(files, found[0])), self.options)
        return f"{found[0]} holds JSON objects" + (f": {roles.words}" if roles else "")

    def entries(self, files: Files) -> Iterator[Entry]:
        found = _documents(files)
        if len(found) != 1:
            message = f"One file of JSON objects is needed, but there are {len(found)}: {', '.join(found[:5])}."
            raise BadInput(message, where=files.label, hint="Name the one that is meant as the source.")
        file = posixpath.basename(found[0])
        columns, sample = _sample(_rows(files, found[0]))
        roles = roles_of(columns, sample, self.options)
        if roles is None:
            raise no_text(columns, file)
        text_rows = TextRows(roles, self.options, file)
        image_rows = ImageRows(roles, self.options, file, ImageFinder(files, found[0], self.options))
        for entry in _rows(files, found[0]):
            if isinstance(entry, Refusal):
                yield entry
            else:
                row, line = entry
                yield from (text_rows if roles.kind == "text" else image_rows).entries(_flat(row), line)


def _documents(files: Files) -> list[str]:
    return [name for name in files.names() if name.lower().endswith(LINES) or _is_array(files, name)]


def _is_array(files: Files, name: str) -> bool:
    if not name.lower().endswith(".json"):
        return False
    with files.open(name) as stream:
        head = stream.read(256).lstrip(b"\xef\xbb\xbf \t\r\n")
    return head.startswith(b"[") and head[1:].lstrip().startswith(b"{")


def _rows(files: Files, name: str) -> Numbered:
    """Every object with its line (an array: without); what is none is refused."""
    file = posixpath.basename(name)
    with files.open(name) as stream:
        if name.lower().endswith(".json"):
            objects = itertools.chain.from_iterable(JsonStream(stream, file).elements())
            for number, row in enumerate(objects):
                yield (row, None) if isinstance(row, dict) else Refusal(file, None, f"[{number}]", "It is no object.")
            return
        for line, raw in enumerate(stream, 1):
            if not raw.strip():
                continue
            try:
                row = orjson.loads(raw.removeprefix(b"\xef\xbb\xbf"))
            except orjson.JSONDecodeError as error:
                yield Refusal(file, line, None, f"The line is not JSON: {error}.")
                continue
            yield (row, line) if isinstance(row, dict) else Refusal(file, line, None, "The line is no object.")


def _sample(rows: Numbered) -> tuple[list[str], list[Row]]:
    sample = [_flat(entry[0]) for entry in itertools.islice(rows, _SAMPLE) if not isinstance(entry, Refusal)]
    return list(dict.fromkeys(itertools.chain.from_iterable(sample))), sample


def _flat(row: Row) -> Row:
    nested = row.get("attributes")
    if not isinstance(nested, dict):
        return row
    return nested | {name: value for name, value in row.items() if name != "attributes"}


class ImageRows:
    """Makes records of objects that name images."""

    def __init__(self, roles: Roles, options: ReadOptions, file: str, finder: ImageFinder) -> None:
        self.roles = roles
        self.options = options
        self.file = file
        self.finder = finder
        self.metadata = Metadata(options)

    def entries(self, row: Row, line: int | None) -> Iterator[Entry]:
        name = as_text(row.get(self.roles.image or "")).strip()
        reader = self.finder.reader(name) if name and not self.options.labels_only else None
        if not name or (reader is None and not self.options.labels_only):
            reason = f"The image '{name}' is not there; looked in {self.finder.looked_in}."
            yield Refusal(self.file, line, self.roles.image, reason if name else "The object names no image.")
            return
        extras = {key: value for key, value in row.items() if key not in (self.roles.image, SHAPES)}
        record = Record(name, self.file, line, read=reader)
        record.width, record.height = _side(extras.pop("width", None)), _side(extras.pop("height", None))
        drawn = isinstance(row.get(SHAPES), list)
        partial = drawn and isinstance(row.get(PARTIAL), bool) and extras.pop(PARTIAL)
        yield from self.metadata.fill(record, extras)
        if drawn:
            yield from self._draw(record, row[SHAPES], partial=partial)
        yield record

    def _draw(self, record: Record, shapes: list[Any], *, partial: bool) -> Iterator[Refusal]:
        good = []
        for number, shape in enumerate(shapes, 1):
            try:
                good.append(_shape(shape, record))
            except (BadInput, TypeError, ValueError, KeyError) as error:
                reason = error.message if isinstance(error, BadInput) else "It needs a label and a box of 4 numbers."
                yield Refusal(self.file, record.line, f"{SHAPES} {number}", f"{reason} {UNLEARNED}")
        if shapes and not good:
            return
        payload = Payload(
            labels=tuple(shape["label"] for shape in good),
            boxes_n4=np.array([shape["box"] for shape in good], np.float32).reshape(-1, 4),
            polygons={i: polygons_of(shape["polygon"]) for i, shape in enumerate(good) if shape.get("polygon")},
            masks={i: mask_of(shape["mask"], record) for i, shape in enumerate(good) if shape.get("mask")},
            attributes={i: shape["attributes"] for i, shape in enumerate(good) if shape.get("attributes")},
            crowds=frozenset(i for i, shape in enumerate(good) if shape.get("crowd")),
            partial=partial or len(good) < len(shapes),
        )
        size = record.width or 0, record.height or 0
        record.payload, refusals = fit_payload(payload, *size, self.file, record.line)
        yield from refusals


def _shape(shape: Row, record: Record) -> Row:
    box = [float(value) for value in shape["box"]]
    if len(box) != 4 or not all(map(math.isfinite, box)) or not as_text(shape["label"]):
        raise ValueError("no box")
    if shape.get("polygon"):
        polygons_of(shape["polygon"])
    if shape.get("mask"):
        mask_of(shape["mask"], record)
    if not isinstance(shape.get("attributes", {}), dict):
        raise BadInput("attributes should be an object.")
    return {**shape, "label": str(shape["label"]), "box": box}


def _side(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and 0 < value < 1e9 else None
