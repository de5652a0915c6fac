"""Pascal VOC: one XML file an image.

Coordinates are taken as they stand (edges of pixels, counted from 0), as today's tools write them; only files of the
original challenges (`<database>` starts with "The VOC") count from 1 and include the last pixel.

A file that declares entities or a document type is refused: nothing in one may name another file, or grow.

Legend: n shapes, 4 = x0 y0 x1 y1 in pixels.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any, ClassVar
from xml.etree import ElementTree

import numpy as np

from sabbatical.core.errors import BadFile
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.formats.files import Files
from sabbatical.stages.ingest.formats.image_finder import SUFFIXES, ImageFinder
from sabbatical.stages.ingest.formats.metadata import Metadata
from sabbatical.stages.ingest.formats.reader import FilesReader
from sabbatical.stages.ingest.records import Entry, Record, Refusal
from sabbatical.stages.ingest.shapes import UNLEARNED, fit_payload

MAX_BYTES = 16 << 20
CORNERS = ("xmin", "ymin", "xmax", "ymax")
_DECLARATION = re.compile(rb"<!(DOCTYPE|ENTITY)")
_ROOT = re.compile(rb"<annotation[\s>]")
_FLAGS = ("truncated", "difficult", "occluded")
_STRUCTURE = frozenset({"name", "bndbox", "part", "polygon", "attributes"})


class VocReader(FilesReader):
    format: ClassVar[str] = "voc"

    def claims(self, files: Files) -> str | None:
        first = next((name for name in files.names() if _is_voc(files, name)), None)
        return f"{first} is an annotation as Pascal VOC writes it" if first else None

    def entries(self, files: Files) -> Iterator[Entry]:
        metadata = Metadata(self.options)
        finders: dict[str, ImageFinder] = {}
        seen: set[str] = set()
        for name in files.names():
            if not name.lower().endswith(".xml"):
                continue
            finder = finders.setdefault(posixpath.dirname(name), ImageFinder(files, name, self.options))
            try:
                yield from self._annotation(parse(files.read(name), name), name, finder, metadata, seen)
            except BadFile as error:
                yield Refusal(name, None, None, error.message)

    def _annotation(
        self, root: ElementTree.Element, name: str, finder: ImageFinder, metadata: Metadata, seen: set[str]
    ) -> Iterator[Entry]:
        image = _image_name(root, name, finder)
        found = finder.find(image)
        if found is None and not self.options.labels_only:
            reason = f"The image '{image}' is not there; looked in {finder.looked_in}."
            yield Refusal(name, None, "filename", reason)
            return
        key = found or image
        if key in seen:
            yield Refusal(name, None, "filename", f"The image '{image}' has an annotation before.")
            return
        seen.add(key)
        record = Record(key, name, read=None if self.options.labels_only else finder.reader(image))
        width, height = _number(root, "size/width"), _number(root, "size/height")
        if width and height:
            record.width, record.height = int(width), int(height)
        yield from metadata.fill(record, _attributes(root))
        yield from _draw(record, root, name)
        yield record


def parse(data: bytes, name: str) -> ElementTree.Element:
    """The root of an annotation. Raises BadFile for what is none, is too large, or declares entities."""
    if len(data) > MAX_BYTES:
        raise BadFile(f"The file has {len(data):,} bytes; at most {MAX_BYTES:,} are allowed.", where=name)
    if b"\0" in data or _DECLARATION.search(data):
        raise BadFile("It declares a document type or entities, or is in UTF-16; neither is read.", where=name)
    try:
        root = ElementTree.fromstring(data)  # noqa: S314  without declarations there is nothing to expand or to fetch
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadFile(f"This is not XML that can be read: {error}.", where=name) from error
    if root.tag != "annotation":
        raise BadFile(f"The root is <{root.tag}>, not <annotation>.", where=name)
    return root


def _is_voc(files: Files, name: str) -> bool:
    if not name.lower().endswith(".xml"):
        return False
    with files.open(name) as stream:
        return bool(_ROOT.search(stream.read(4096)))


def _image_name(root: ElementTree.Element, name: str, finder: ImageFinder) -> str:
    """What the file names, or else the image of its own name."""
    named = posixpath.basename((root.findtext("filename") or "").strip().replace("\\", "/"))
    stem = posixpath.splitext(posixpath.basename(name))[0]
    if named and (finder.find(named) or posixpath.splitext(named)[1]):
        return named
    guesses = [base + suffix for base in (named, stem) if base for suffix in sorted(SUFFIXES)]
    return next((guess for guess in guesses if finder.find(guess)), named or stem)


def _attributes(root: ElementTree.Element) -> dict[str, Any]:
    database = (root.findtext("source/database") or "").strip()
    said = {"database": database} if database.casefold() not in ("", "unknown", "unspecified") else {}
    given = root.find("attributes")
    return said | ({child.tag: (child.text or "").strip() for child in given} if given is not None else {})


def _draw(record: Record, root: ElementTree.Element, name: str) -> Iterator[Refusal]:
    from_one = (root.findtext("source/database") or "").strip().startswith("The VOC")
    labels: list[str] = []
    boxes: list[list[float]] = []
    attributes: dict[int, dict[str, Any]] = {}
    polygons: dict[int, list[list[float]]] = {}
    objects = root.findall("object")
    for number, element in enumerate(objects, 1):
        label = (element.findtext("name") or "").strip()
        corners = [_number(element, f"bndbox/{corner}") for corner in CORNERS]
        box = [corner for corner in corners if corner is not None]
        if not label or len(box) != 4:
            reason = "The object has no name." if not label else "The object has no bndbox of four numbers."
            yield Refusal(name, None, f"object {number}", f"{reason} {UNLEARNED}")
            continue
        if polygon := _polygon(element):
            polygons[len(labels)] = [polygon]
        if flags := _flags(element):
            attributes[len(labels)] = flags
        labels.append(label)
        boxes.append([box[0] - from_one, box[1] - from_one, box[2], box[3]])
    if objects and not labels:
        return
    payload = Payload(
        labels=tuple(labels),
        boxes_n4=np.array(boxes, np.float32).reshape(-1, 4),
        polygons=polygons,
        attributes=attributes,
        partial=len(labels) < len(objects),
    )
    record.payload, refusals = fit_payload(payload, record.width or 0, record.height or 0, name, None)
    yield from refusals


def _flags(element: ElementTree.Element) -> dict[str, Any]:
    """Attributes of an object: the format's flags where they are set, and every other plain element."""
    plain = {child.tag: (child.text or "").strip() for child in element if not len(child)}
    flags: dict[str, Any] = {tag: True for tag in _FLAGS if plain.get(tag) == "1"}
    rest = {tag: text for tag, text in plain.items() if text and tag not in _STRUCTURE and tag not in _FLAGS}
    given = element.find("attributes")
    named = {child.tag: (child.text or "").strip() for child in given} if given is not None else {}
    return flags | {tag: text for tag, text in rest.items() if text != "Unspecified"} | named


def _polygon(element: ElementTree.Element) -> list[float] | None:
    """The outline as some tools write it: x1, y1, x2, y2, ... below <polygon>."""
    given = element.find("polygon")
    if given is None:
        return None
    values = [_number(given, f"{axis}{number}") for number in range(1, len(given) // 2 + 1) for axis in "xy"]
    points = [value for value in values if value is not None]
    return points if len(points) == len(values) >= 6 else None


def _number(element: ElementTree.Element, path: str) -> float | None:
    try:
        value = float(element.findtext(path) or "")
    except ValueError:
        return None
    return value if np.isfinite(value) else None
