"""YOLO: a text file of shapes beside each image, in fractions of its sides, and names in data.yaml or classes.txt.

An image lies at `images/...` and its shapes at `labels/...` under the same name, or both lie in one folder. Four
numbers after the class are a box (centre, width, height), six or more a polygon. An empty file of shapes says that
nothing is there; none at all says nothing. The part that data.yaml puts an image in becomes its attribute `split`, and
the report says how many there are: it is not the split that Sabbatical draws.

Legend: n shapes, 4 = x0 y0 x1 y1 in pixels.
"""

from __future__ import annotations

import itertools
import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

import numpy as np
import yaml

from sabbatical.core.errors import BadFile
from sabbatical.geometry.boxes import from_cxcywh
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.formats.files import Files
from sabbatical.stages.ingest.formats.image_finder import is_image_name
from sabbatical.stages.ingest.formats.image_folder import folder_of
from sabbatical.stages.ingest.formats.metadata import Metadata
from sabbatical.stages.ingest.formats.reader import FilesReader
from sabbatical.stages.ingest.formats.text_folder import decode
from sabbatical.stages.ingest.images import displayed_size
from sabbatical.stages.ingest.records import Classes, Entry, Record, Refusal
from sabbatical.stages.ingest.shapes import UNLEARNED, fit_payload

NAME_LISTS = ("classes.txt", "obj.names", "labels.txt")
SPLITS = ("train", "val", "test")
_LOOK_AT = 100
"""Text files to look into before it is said that none holds shapes."""
_SHAPE = re.compile(r"^\s*\d+(\s+-?[\d.eE+-]+){4,}\s*$")
_IN_IMAGES = re.compile(r"(^|/)images/")


class YoloReader(FilesReader):
    format: ClassVar[str] = "yolo"

    def claims(self, files: Files) -> str | None:
        names = [name for name in files.names() if name.lower().endswith((".yaml", ".yml", ".txt", ".names"))]
        described = next((name for name in names if _description(files, name)), None)
        if described:
            return f"{described} names classes as YOLO does"
        listed = next((name for name in names if posixpath.basename(name) in NAME_LISTS), None)
        texts = itertools.islice((name for name in names if name.lower().endswith(".txt")), _LOOK_AT)
        shapes = next((name for name in texts if _holds_shapes(files, name)), None)
        if shapes is None:
            return None
        return f"{shapes} holds shapes as YOLO does" + (f", {listed} their names" if listed else "")

    def entries(self, files: Files) -> Iterator[Entry]:
        layout = _layout(files)
        if files.main is not None:
            hint = "Name the folder with the images and labels as the source."
            raise BadFile("A YOLO data set is a folder, not one file.", where=files.main, hint=hint)
        metadata = Metadata(self.options)
        used: set[str] = set()
        parts: Counter[str] = Counter()
        yield Classes(tuple(layout.names.values()))
        for name in files.names():
            if is_image_name(name):
                part = layout.part_of(name)
                parts.update([part] if part else [])
                yield from _Image(files, name, layout, metadata, used).entries()
        if layout.file and len(parts) > 1:
            yield Refusal(layout.file, None, ", ".join(parts), _parts_kept(parts), kept=True)
        for name in files.names():
            if name not in used and name != layout.file and _holds_shapes(files, name):
                yield Refusal(name, None, None, "There is no image to these shapes.")


@dataclass(slots=True)
class _Layout:
    """The names of the classes, where they stand, and which folder belongs to which part."""

    names: dict[int, str] = field(default_factory=dict)
    file: str | None = None
    splits: dict[str, str] = field(default_factory=dict)

    def part_of(self, image: str) -> str | None:
        return next((part for place, part in self.splits.items() if image.startswith(f"{place}/")), None)


def _parts_kept(parts: Counter[str]) -> str:
    counts = ", ".join(f"{part} {parts[part]:,}" for part in SPLITS if parts[part])
    return (
        f"Its own parts ({counts}) are kept as the attribute 'split'; which items judge is drawn by group. "
        "--split pins a source."
    )


def _layout(files: Files) -> _Layout:
    """Raises BadFile where no class has a name, or two descriptions contradict one another."""
    for name in files.names():
        described = _description(files, name)
        if described:
            folder = posixpath.join(posixpath.dirname(name), str(described.get("path") or "."))
            parts = {split: _folders(described.get(split), folder, posixpath.dirname(name)) for split in SPLITS}
            splits = {place: split for split, places in parts.items() for place in places}
            return _Layout(_class_names(described["names"]), name, splits)
    for name in files.names():
        if posixpath.basename(name) in NAME_LISTS:
            lines = decode(files.read(name), name).split("\n")
            return _Layout({number: line.strip() for number, line in enumerate(lines) if line.strip()}, name)
    hint = f"Put a data.yaml with 'names', or {NAME_LISTS[0]} with one name a line, into the folder."
    raise BadFile("The classes have no names.", where=files.label, hint=hint)


def _description(files: Files, name: str) -> dict[str, Any] | None:
    if not name.lower().endswith((".yaml", ".yml")):
        return None
    try:
        document = yaml.safe_load(decode(files.read(name), name))
    except (yaml.YAMLError, BadFile, RecursionError):
        return None
    names = document.get("names") if isinstance(document, dict) else None
    named = isinstance(names, list | dict) and (bool(names) or "train" in document)
    return document if named else None


def _class_names(names: list[Any] | dict[Any, Any]) -> dict[int, str]:
    numbered = enumerate(names) if isinstance(names, list) else names.items()
    return {int(number): str(name) for number, name in numbered if str(number).isdecimal()}


def _folders(value: Any, *bases: str) -> list[str]:
    """The folders a part names, from the data set's own path and from the description; some tools write `../`."""
    places = value if isinstance(value, list) else [value]
    plain = [str(place).removeprefix("../") for place in places if place]
    return [posixpath.normpath(posixpath.join(base, place)) for place in plain for base in bases]


def _holds_shapes(files: Files, name: str) -> bool:
    if not name.lower().endswith(".txt"):
        return False
    with files.open(name) as stream:
        head = stream.read(4096).decode("ascii", "replace")
    return bool(_SHAPE.match(head.partition("\n")[0]))


class _Image:
    """One image and the file of shapes that belongs to it."""

    def __init__(self, files: Files, name: str, layout: _Layout, metadata: Metadata, used: set[str]) -> None:
        self.files = files
        self.name = name
        self.layout = layout
        self.metadata = metadata
        stem = posixpath.splitext(name)[0] + ".txt"
        paired = _IN_IMAGES.sub(r"\1labels/", stem)
        self.labels = next((place for place in (paired, stem) if files.has(place)), None)
        if self.labels:
            used.add(self.labels)

    def entries(self) -> Iterator[Entry]:
        record = Record(self.name, self.name, read=partial(self.files.read, self.name))
        split = self.layout.part_of(self.name)
        yield from self.metadata.fill(record, folder_of(self.name) | ({"split": split} if split else {}))
        if self.labels is not None:
            try:
                with self.files.open_item(self.name) as stream:
                    record.width, record.height = displayed_size(stream)
            except BadFile as error:
                yield Refusal(self.name, None, None, error.message)
                return
            yield from self._draw(record, self.labels)
        yield record

    def _draw(self, record: Record, labels: str) -> Iterator[Refusal]:
        width, height = record.width or 0, record.height or 0
        shapes: list[tuple[str, list[float], list[float] | None]] = []
        lines = decode(self.files.read(labels), labels).split("\n")
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    shapes.append(self._shape(line.split(), width, height))
                except ValueError as error:
                    yield Refusal(labels, number, None, f"{error}. {UNLEARNED}")
        drawn = sum(bool(line.strip()) for line in lines)
        if drawn and not shapes:
            return
        payload = Payload(
            labels=tuple(label for label, _, _ in shapes),
            boxes_n4=np.array([box for _, box, _ in shapes], np.float32).reshape(-1, 4),
            polygons={i: [polygon] for i, (_, _, polygon) in enumerate(shapes) if polygon},
            partial=len(shapes) < drawn,
        )
        record.payload, refusals = fit_payload(payload, width, height, labels, None)
        yield from refusals

    def _shape(self, words: list[str], width: int, height: int) -> tuple[str, list[float], list[float] | None]:
        """Label, box and polygon of one line. Raises ValueError with the reason."""
        try:
            number, values = int(words[0]), np.array([float(word) for word in words[1:]])
        except ValueError as error:
            raise ValueError(f"'{' '.join(words)[:60]}' holds what is no number") from error
        label = self.layout.names.get(number)
        if label is None:
            raise ValueError(f"The class {number} has no name in {self.layout.file}")
        if not np.isfinite(values).all():
            raise ValueError("The shape holds what is no number")
        if len(values) == 4:
            box = from_cxcywh(values * [width, height, width, height])
            return label, [float(v) for v in box], None
        if len(values) < 6 or len(values) % 2:
            raise ValueError(f"The line has {len(values)} numbers after the class; 4 are a box, 6 or more a polygon")
        points = values.reshape(-1, 2) * [width, height]
        polygon = [round(float(v), 4) for v in points.ravel()]
        return label, [*points.min(0).tolist(), *points.max(0).tolist()], polygon
