"""Pascal VOC: `Annotations/` with one XML file an image, and `JPEGImages/`. Coordinates are edges, counted from 0."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any, ClassVar
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sabbatical.schemas.label import Payload
from sabbatical.stages.label.formats.items import ExportItem
from sabbatical.stages.label.formats.places import put
from sabbatical.stages.label.formats.writer import Writer, corners

_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ABOUT = frozenset({"group", "captured_at"})


class VocWriter(Writer):
    """Attributes stand under `<attributes>`, which the format does not know but its readers pass over."""

    format: ClassVar[str] = "voc"
    images_in: ClassVar[str] = "JPEGImages"
    by_stem: ClassVar[bool] = True

    def add(self, item: ExportItem) -> None:
        if item.text is not None:
            self.losses.add("texts", item.name)
            return
        name = self.place_image(item)
        if item.payload is None:
            self.losses.add("images that nobody looked at", item.name)
            return
        root = Element("annotation")
        SubElement(root, "folder").text = posixpath.dirname(name)
        SubElement(root, "filename").text = self._text(posixpath.basename(name), item.name)
        size = SubElement(root, "size")
        for tag, side in (("width", item.width), ("height", item.height), ("depth", 3)):
            SubElement(size, tag).text = str(side or 0)
        self._attributes(root, self._about(item), item.name)
        for shape in range(len(item.payload)):
            self._shape(root, item.payload, shape, item.name)
        indent(root)
        put(self.folder / "Annotations" / (posixpath.splitext(name)[0] + ".xml"), tostring(root, "utf-8"))

    def close(self) -> None:
        (self.folder / "Annotations").mkdir(exist_ok=True)

    def _about(self, item: ExportItem) -> dict[str, Any]:
        self.losses.add("attributes named 'group' or 'captured_at'", item.name, len(_ABOUT & item.attributes.keys()))
        about: dict[str, Any] = {name: value for name, value in item.attributes.items() if name not in _ABOUT}
        if item.group is not None:
            about["group"] = item.group
        if item.captured_at is not None:
            about["captured_at"] = item.captured_at.isoformat()
        return about

    def _shape(self, root: Element, payload: Payload, shape: int, name: str) -> None:
        element = SubElement(root, "object")
        SubElement(element, "name").text = self._text(payload.labels[shape], name)
        box = SubElement(element, "bndbox")
        for tag, value in zip(("xmin", "ymin", "xmax", "ymax"), corners(payload)[shape], strict=True):
            SubElement(box, tag).text = f"{value:g}" if value.is_integer() else str(value)
        parts = payload.polygons.get(shape, [])
        if len(parts) == 1:
            polygon = SubElement(element, "polygon")
            for place, value in enumerate(parts[0]):
                SubElement(polygon, f"{'xy'[place % 2]}{place // 2 + 1}").text = repr(float(value))
        self.losses.add("polygons of several parts", name, int(len(parts) > 1))
        self.losses.add("masks", name, int(shape in payload.masks))
        self.losses.add("marks of crowds", name, int(shape in payload.crowds))
        self._attributes(element, payload.attributes.get(shape, {}), name)

    def _attributes(self, parent: Element, attributes: Mapping[str, Any], name: str) -> None:
        if not attributes:
            return
        element = SubElement(parent, "attributes")
        for key, value in attributes.items():
            if not _TAG.fullmatch(key) or isinstance(value, list | dict):
                self.losses.add("attributes whose name or value XML cannot hold", name)
                continue
            self.losses.add("types of attributes (they become text)", name, int(not isinstance(value, str)))
            SubElement(element, key).text = self._text(str(value), name)

    def _text(self, text: str, name: str) -> str:
        clean = _NOT_XML.sub("", text)
        self.losses.add("signs that XML does not allow", name, len(text) - len(clean))
        return clean
