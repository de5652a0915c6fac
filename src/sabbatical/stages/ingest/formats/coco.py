"""COCO JSON: boxes, polygons and masks, whatever the order of the file, in memory that grows only by small columns.

The file is read twice. First every annotation becomes a row of columns, checked and sorted by its image; then the
images are read again, and each takes its slice. See docs/decisions, "Streaming COCO".

Keys of an image that COCO does not know become attributes (`group`, `scene`, `captured_at`, `date_captured` are
understood); `labeled: false` says that nobody looked at it. Keys of an annotation become attributes of its shape.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from sabbatical.core.errors import BadFile, BadInput
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.formats.coco_columns import (
    Annotations,
    Images,
    Spill,
    image_fault,
    key_of,
    side_of,
)
from sabbatical.stages.ingest.formats.coco_details import add_details
from sabbatical.stages.ingest.formats.coco_sort import Sorted, sort
from sabbatical.stages.ingest.formats.files import Files
from sabbatical.stages.ingest.formats.image_finder import ImageFinder
from sabbatical.stages.ingest.formats.json_stream import JsonStream
from sabbatical.stages.ingest.formats.metadata import Metadata
from sabbatical.stages.ingest.formats.reader import FilesReader
from sabbatical.stages.ingest.records import Classes, Entry, Record, Refusal

_HEAD = 1 << 20
_IMAGES = re.compile(rb'"images"\s*:\s*\[\s*(\]|\{.{0,65536}?"file_name"\s*:)', re.DOTALL)
_ANNOTATIONS = re.compile(rb'"annotations"\s*:\s*\[\s*\{.{0,65536}?"image_id"\s*:', re.DOTALL)
_PANOPTIC = re.compile(rb'"segments_info"\s*:')
IMAGE_KEYS = frozenset({"id", "file_name", "width", "height", "labeled"})


def is_coco(files: Files, name: str) -> bool:
    """Whether a JSON file begins as COCO's do (panoptic COCO, which holds no shapes, does not count)."""
    with files.open(name) as stream:
        head = stream.read(_HEAD)
    if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") or _PANOPTIC.search(head):
        return False
    return bool(_IMAGES.search(head) or _ANNOTATIONS.search(head))


@dataclass(slots=True)
class _Read:
    """What the first pass leaves."""

    annotations: Annotations
    names: dict[int, str] = field(default_factory=dict)
    images: Images = field(default_factory=Images)
    images_at: int | None = None
    annotated: bool = False


class CocoReader(FilesReader):
    format: ClassVar[str] = "coco"

    def claims(self, files: Files) -> str | None:
        found = self._label_files(files)
        return f"{found[0]} holds images and annotations as COCO JSON does" if found else None

    def _label_files(self, files: Files) -> list[str]:
        return [name for name in files.names() if name.lower().endswith(".json") and is_coco(files, name)]

    def entries(self, files: Files) -> Iterator[Entry]:
        found = self._label_files(files)
        if len(found) != 1:
            shown = ", ".join(found[:5]) or "none"
            hint = "Name the one that is meant as the source."
            raise BadInput(
                f"One COCO file is needed, but there are {len(found)}: {shown}.", where=files.label, hint=hint
            )
        yield from _CocoFile(files, found[0], self).entries()


class _CocoFile:
    """One COCO file being read."""

    def __init__(self, files: Files, name: str, reader: CocoReader) -> None:
        self.files = files
        self.name = name
        self.file = posixpath.basename(name)
        self.options = reader.options
        self.metadata = Metadata(reader.options)
        self.finder = ImageFinder(files, name, reader.options)

    def entries(self) -> Iterator[Entry]:
        read = _Read(Annotations(self.file))
        yield from self._first_pass(read)
        if read.images_at is None:
            raise BadFile("The file has no 'images'.", where=self.file, hint="COCO lists the images under that key.")
        drawn, refusals = sort(read.annotations, read.images, read.names)
        yield from refusals
        yield Classes(tuple(read.names.values()))
        with self.files.open(self.name) as file:
            position = 0
            for rows in JsonStream(file, self.file, read.images_at).elements():
                for row in rows:
                    yield from self._image(row, position, drawn, read)
                    position += 1

    def _first_pass(self, read: _Read) -> Iterator[Refusal]:
        with self.files.open(self.name) as file:
            stream = JsonStream(file, self.file)
            for key in stream.members():
                if key == "images" and stream.peek() == b"[":
                    read.images_at = stream.offset
                    for rows in stream.elements():
                        read.images.add(rows)
                elif key == "annotations" and stream.peek() == b"[":
                    for rows in stream.elements():
                        yield from read.annotations.add(rows)
                        read.annotated = read.annotated or bool(rows)
                elif key == "categories":
                    yield from self._categories(stream.value(), read.names)
                else:
                    stream.skip()

    def _categories(self, rows: Any, names: dict[int, str]) -> Iterator[Refusal]:
        for number, row in enumerate(rows if isinstance(rows, list) else []):
            try:
                key, name = key_of(row["id"]), str(row["name"])
            except (BadInput, KeyError, TypeError):
                yield Refusal(self.file, None, f"categories[{number}]", "A category needs an id and a name.")
                continue
            if names.setdefault(key, name) != name:
                reason = f"The category id {key} is '{names[key]}' already; '{name}' was left out."
                yield Refusal(self.file, None, f"categories[{number}].id", reason)

    def _image(self, row: Any, position: int, drawn: Sorted, read: _Read) -> Iterator[Entry]:
        where = f"images[{position}]"
        fault = image_fault(row)
        if fault is not None:
            yield Refusal(self.file, None, f"{where}.{fault[0]}" if fault[0] else where, fault[1])
            return
        name = row["file_name"]
        if drawn.first_m[position] != position:
            reason = f"'{name}' is listed before; what is drawn on it was put together."
            yield Refusal(self.file, None, f"{where}.file_name", reason, kept=True)
            return
        reader = None if self.options.labels_only else self.finder.reader(name)
        if reader is None and not self.options.labels_only:
            reason = f"The image '{name}' is not there; looked in {self.finder.looked_in}."
            yield Refusal(self.file, None, f"{where}.file_name", reason)
            return
        record = Record(name, self.file, read=reader, width=side_of(row, "width"), height=side_of(row, "height"))
        yield from self.metadata.fill(record, {key: value for key, value in row.items() if key not in IMAGE_KEYS})
        if drawn.ambiguous_m[position]:
            reason = f"The id {row['id']} stands for several images: '{name}' was taken without labels."
            yield Refusal(self.file, None, f"{where}.id", reason, kept=True)
        elif row.get("labeled", read.annotated) is not False:
            yield from self._label(record, position, drawn, read.annotations.spill)
        yield record

    def _label(self, record: Record, position: int, drawn: Sorted, spill: Spill) -> Iterator[Refusal]:
        start, end = drawn.start_m[position], drawn.start_m[position + 1]
        partial = bool(drawn.refused_m[position])
        if start == end and partial:
            return
        rows = drawn.rows_n[start:end]
        record.payload = Payload(tuple(drawn.label_n[start:end]), rows["box"], partial=partial)
        if drawn.special_m[position]:
            record.payload, refusals = add_details(record.payload, rows, spill, record)
            yield from refusals
