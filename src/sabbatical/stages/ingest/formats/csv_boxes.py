"""Tables of boxes, one row each, put together by image in whatever order they come.

A row without a label and a box says that somebody looked at the image and drew nothing. Columns `item.*` (and group,
time and `split`) are about the image, other columns about the box.

Legend: n boxes, 4 = x0 y0 x1 y1 in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.formats.coco_columns import Spill
from sabbatical.stages.ingest.formats.image_finder import ImageFinder
from sabbatical.stages.ingest.formats.metadata import GROUP_KEYS, TIME_KEYS, Metadata
from sabbatical.stages.ingest.formats.roles import Roles
from sabbatical.stages.ingest.formats.rows import as_text
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Entry, Record, Refusal
from sabbatical.stages.ingest.shapes import UNLEARNED, fit_payload

ITEM = "item."
OF_IMAGE = frozenset({*GROUP_KEYS, *TIME_KEYS, "split"})
SIZE = ("width", "height")


ROW = np.dtype(
    [
        ("image", np.int64),
        ("label", np.int64),  # or NO_BOX, REFUSED
        ("line", np.int64),
        ("box", np.float64, 4),
        ("place", np.int64),  # of the other columns in the spill
        ("length", np.int64),
    ]
)
_BLOCK = 1 << 14
_NO_BOX = (0.0, 0.0, 0.0, 0.0)
NO_BOX, REFUSED = -1, -2
"""Rows that draw nothing, and rows whose box was refused; their images are taken all the same."""


class BoxRows:
    """Collects the rows of one table as columns, then gives one record an image."""

    def __init__(self, roles: Roles, options: ReadOptions, file: str, finder: ImageFinder) -> None:
        self.roles = roles
        self.options = options
        self.file = file
        self.finder = finder
        self.metadata = Metadata(options)
        self.spill = Spill()
        self.images: dict[str, int] = {}
        self.labels: dict[str, int] = {}
        self.blocks: list[NDArray[np.void]] = []
        self.rows: list[tuple[Any, ...]] = []

    def entries(self, rows: Iterator[tuple[dict[str, Any], int] | Refusal]) -> Iterator[Entry]:
        for entry in rows:
            refusal = entry if isinstance(entry, Refusal) else self._add(*entry)
            if refusal is not None:
                yield refusal
        self._close_block()
        rows_n = np.concatenate(self.blocks)
        rows_n = rows_n[np.argsort(rows_n["image"], kind="stable")]
        starts = np.searchsorted(rows_n["image"], np.arange(len(self.images) + 1)).tolist()
        labels = list(self.labels)
        for number, name in enumerate(self.images):
            yield from self._image(name, rows_n[starts[number] : starts[number + 1]], labels)

    def _add(self, row: Mapping[str, Any], line: int) -> Refusal | None:
        name = as_text(row.get(self.roles.image or "")).strip()
        if not name:
            return Refusal(self.file, line, self.roles.image, "The row names no image.")
        label = as_text(row.get(self.roles.label or "")).strip()
        box, fault = self._box(row)
        if fault is None and self.roles.box and bool(label) != bool(box):
            fault = "The box has no label" if box else "The label has no box"
        rest = self.roles.rest(row) | ({} if self.roles.box or not label else {"label": label})
        image = self.images.setdefault(name, len(self.images))
        number = REFUSED if fault else NO_BOX
        if box and not fault:
            number = self.labels.setdefault(label, len(self.labels))
        self.rows.append((image, number, line, box or _NO_BOX, *self.spill.put(rest)))
        if len(self.rows) >= _BLOCK:
            self._close_block()
        return Refusal(self.file, line, self.roles.box[0], f"{fault}. {UNLEARNED}") if fault else None

    def _close_block(self) -> None:
        self.blocks.append(np.array(self.rows, ROW))
        self.rows = []

    def _box(self, row: Mapping[str, Any]) -> tuple[tuple[float, ...] | None, str | None]:
        given = [as_text(row.get(name)).strip() for name in self.roles.box]
        if not any(given):
            return None, None
        try:
            x, y, right, bottom = (float(value.replace(",", ".")) for value in given)
        except ValueError:
            return None, f"The box ({', '.join(given)}) holds what is no number"
        if not all(map(math.isfinite, (x, y, right, bottom))):
            return None, f"The box ({', '.join(given)}) holds what is no number"
        return ((x, y, right, bottom) if self.roles.corners else (x, y, x + right, y + bottom)), None

    def _image(self, name: str, rows_n: NDArray[np.void], labels: list[str]) -> Iterator[Entry]:
        line = int(rows_n["line"][0])
        reader = None if self.options.labels_only else self.finder.reader(name)
        if reader is None and not self.options.labels_only:
            reason = f"The image '{name}' is not there; looked in {self.finder.looked_in}."
            yield Refusal(self.file, line, self.roles.image, reason)
            return
        rest = [self.spill.get(int(row["place"]), int(row["length"])) for row in rows_n]
        record = Record(name, self.file, line, read=reader)
        sized = all(as_text(rest[0].get(side)).isdecimal() for side in SIZE)
        if sized:
            record.width, record.height = (int(rest[0][side]) for side in SIZE)
        yield from self.metadata.fill(record, _of_image(rest[0], all_of_it=not self.roles.box))
        partial = bool((rows_n["label"] == REFUSED).any())
        if self.roles.box and ((rows_n["label"] >= 0).any() or not partial):
            drawn = [number for number, row in enumerate(rows_n) if row["label"] >= 0]
            of_box = [_of_box(rest[number], sized) for number in drawn]
            payload = Payload(
                labels=tuple(labels[row["label"]] for row in rows_n[drawn]),
                boxes_n4=rows_n["box"][drawn].astype(np.float32),
                attributes={shape: attributes for shape, attributes in enumerate(of_box) if attributes},
                partial=partial,
            )
            record.payload, refusals = fit_payload(payload, record.width or 0, record.height or 0, self.file, line)
            yield from refusals
        yield record


def _of_image(row: dict[str, Any], *, all_of_it: bool) -> dict[str, Any]:
    about = {name.removeprefix(ITEM): value for name, value in row.items() if name.startswith(ITEM) or name in OF_IMAGE}
    return dict(row) if all_of_it else about


def _of_box(row: dict[str, Any], sized: bool) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if value != "" and not name.startswith(ITEM) and name not in OF_IMAGE and not (sized and name in SIZE)
    }
