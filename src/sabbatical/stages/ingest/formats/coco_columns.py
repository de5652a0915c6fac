"""The annotations and images of a COCO file as columns: about 60 bytes an annotation and 40 an image.

What does not fit into a column (polygons, masks, attributes) goes to a temporary file until its image is due.

Legend: n annotations, m images, 4 = x0 y0 x1 y1 in pixels.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.geometry.rle import Rle
from sabbatical.stages.ingest.records import Refusal
from sabbatical.stages.ingest.shapes import UNLEARNED

PLAIN = frozenset({"id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation"})
NONE = np.iinfo(np.int64).min
UNKNOWN, AMBIGUOUS = -1, -2
Ints = NDArray[np.int64]


def key_of(value: Any) -> int:
    """An id as a number: itself, or a hash of a text. Raises BadInput for what is no id."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and NONE < value < -NONE:
        return value
    if isinstance(value, str | int) and not isinstance(value, bool):
        return int.from_bytes(hashlib.blake2b(str(value).encode(), digest_size=8).digest(), "big", signed=True)
    raise BadInput(f"{value!r} is no id.")


def keys_of(values: list[Any]) -> Ints:
    """Ids as numbers, quickly where they are numbers. Raises TypeError where one is not."""
    keys = np.array(values)
    if values and (keys.dtype.kind != "i" or keys.ndim != 1):
        raise TypeError("ids that are not numbers")
    return keys.astype(np.int64, copy=False)


class Spill:
    """JSON documents set aside in a temporary file, got back by place and length."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  closed with its owner
        self._end = 0
        self._flushed = True

    def put(self, document: Any) -> tuple[int, int]:
        try:
            data = orjson.dumps(document)
        except TypeError:  # a number of more than 64 bits
            data = json.dumps(document).encode()
        self._file.write(data)
        self._flushed = False
        place, self._end = self._end, self._end + len(data)
        return place, len(data)

    def get(self, place: int, length: int) -> Any:
        if not self._flushed:
            self._file.flush()
            self._flushed = True
        return orjson.loads(os.pread(self._file.fileno(), length, place))


ROW = np.dtype(
    [
        ("number", np.uint32),  # place in the file's array
        ("id", np.int64),
        ("image", np.int64),  # the image's id, later its position
        ("category", np.int64),  # the category's id, later its position
        ("box", np.float32, 4),
        ("over", np.float32),  # pixels that the box reached over the edge
        ("crowd", np.bool_),
        ("place", np.int64),  # in the spill; -1 for a shape that is a box and nothing else
        ("length", np.uint32),
    ]
)


@dataclass(slots=True)
class Annotations:
    """Growing columns of annotations, in the order of the file."""

    file: str
    spill: Spill = field(default_factory=Spill)
    count: int = 0
    refused_at: list[int] = field(default_factory=list)
    """Ids of the images of annotations that could not be read, where these say as much."""
    _blocks: list[NDArray[np.void]] = field(default_factory=list)

    def add(self, annotations: list[Any]) -> Iterator[Refusal]:
        """Takes the next annotations of the file; those that cannot be read come back as refusals."""
        numbers = list(range(self.count, self.count + len(annotations)))
        self.count += len(annotations)
        try:
            rows_n = self._rows(annotations)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            good: list[dict[str, Any]] = []
            kept = []
            for annotation, number in zip(annotations, numbers, strict=True):
                try:
                    good.append(straighten(annotation))
                    kept.append(number)
                except BadInput as error:
                    where = f"annotations[{number}]" + (f".{error.where}" if error.where else "")
                    image = image_of(annotation)
                    self.refused_at += [image] if image is not None else []
                    reason = error.message if image is None else f"{error.message} {UNLEARNED}"
                    yield Refusal(self.file, None, where, reason)
            numbers, rows_n = kept, self._rows(good)
        rows_n["number"] = numbers
        self._blocks.append(rows_n)

    def _rows(self, annotations: list[dict[str, Any]]) -> NDArray[np.void]:
        rows_n = np.zeros(len(annotations), ROW)
        box_n4 = np.array([each["bbox"] for each in annotations], np.float64)
        box_n4 = box_n4 if annotations else np.zeros((0, 4))
        if box_n4.shape[1:] != (4,):
            raise ValueError("boxes of other than 4 numbers")
        with np.errstate(invalid="ignore", over="ignore"):
            box_n4[:, 2:] += box_n4[:, :2]
            rows_n["box"] = box_n4
        rows_n["image"] = keys_of([each["image_id"] for each in annotations])
        rows_n["category"] = keys_of([each["category_id"] for each in annotations])
        rows_n["id"] = keys_of([each.get("id", NONE) for each in annotations])
        rows_n["crowd"] = [bool(each.get("iscrowd")) for each in annotations]
        rows_n["place"] = -1
        more = [row for row, each in enumerate(annotations) if each.get("segmentation") or not each.keys() <= PLAIN]
        spilt = [self.spill.put(_more_of(annotations[row])) for row in more]
        if more:
            rows_n["place"][more], rows_n["length"][more] = np.array(spilt).T
        return rows_n

    def rows(self) -> NDArray[np.void]:
        """All of them, dtype ROW; they are given up here."""
        blocks, self._blocks = self._blocks, []
        return np.concatenate(blocks) if blocks else np.zeros(0, ROW)


def _more_of(annotation: dict[str, Any]) -> list[Any]:
    """Segmentation and attributes, as the spill keeps them."""
    segmentation = annotation.get("segmentation")
    if annotation.keys() <= PLAIN:
        return [segmentation, {}]
    attributes = {name: value for name, value in annotation.items() if name not in PLAIN and name != "attributes"}
    given = annotation.get("attributes")
    return [segmentation, attributes | given if isinstance(given, dict) else attributes]


def image_of(row: Any) -> int | None:
    """The image that an annotation is for, as a number; None where it names none."""
    try:
        return key_of(row["image_id"])
    except (BadInput, KeyError, TypeError, IndexError):
        return None


def straighten(row: Any) -> dict[str, Any]:
    """One annotation with ids as numbers and a box, drawn around its polygons or mask where it has none.

    Raises BadInput, `where` naming the field, if that cannot be.
    """
    if not isinstance(row, dict):
        raise BadInput("An annotation should be an object.")
    clean = dict(row)
    for name in ("image_id", "category_id"):
        if name not in row:
            raise BadInput(f"The annotation has no {name}.", where=name)
        try:
            clean[name] = key_of(row[name])
        except BadInput as error:
            raise BadInput(error.message, where=name) from error
    clean["id"] = key_of(row["id"]) if isinstance(row.get("id"), int | str) else NONE
    clean["bbox"] = _box(row)
    return clean


def _box(row: dict[str, Any]) -> list[float]:
    given = row.get("bbox")
    if given in (None, []):
        return _box_around(row.get("segmentation"))
    try:
        box = [float("nan" if value is None else value) for value in given]
    except (TypeError, ValueError) as error:
        raise BadInput(f"The box {given!r} holds what is no number.", where="bbox") from error
    if len(box) != 4:
        raise BadInput(f"The box has {len(box)} numbers, not 4 (x, y, width, height).", where="bbox")
    return box


def _box_around(segmentation: Any) -> list[float]:
    """x, y, width, height around polygons or a mask."""
    try:
        if isinstance(segmentation, dict):
            x0, y0, x1, y1 = Rle.from_coco(segmentation).box_4.tolist()
        else:
            points = np.concatenate([np.asarray(part, np.float64).reshape(-1, 2) for part in segmentation])
            (x0, y0), (x1, y1) = points.min(0).tolist(), points.max(0).tolist()
    except (BadInput, TypeError, ValueError) as error:
        raise BadInput("It has no box, and no polygon or mask to draw one around.", where="bbox") from error
    return [x0, y0, x1 - x0, y1 - y0]


@dataclass(slots=True)
class Images:
    """Growing columns of images, in the order of the file."""

    _keys: list[Ints] = field(default_factory=list)
    _names: list[Ints] = field(default_factory=list)
    _sizes: list[NDArray[np.float32]] = field(default_factory=list)

    def add(self, rows: list[Any]) -> None:
        """Takes the next images; one that cannot be used has no id, so that nothing points at it."""
        good = [image_fault(row) is None for row in rows]
        keys = [key_of(row["id"]) if ok else NONE for row, ok in zip(rows, good, strict=True)]
        names = [hash(row["file_name"]) if ok else NONE for row, ok in zip(rows, good, strict=True)]
        self._keys.append(np.array(keys, np.int64))
        self._names.append(np.array(names, np.int64))
        self._sizes.append(np.array([_size(row) for row in rows], np.float32).reshape(-1, 2))

    def columns(self) -> tuple[Ints, Ints, NDArray[np.float32]]:
        """Ids [m], hashes of names [m], and widths and heights [m, 2] (NaN: not said)."""
        if not self._keys:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 2), np.float32)
        return np.concatenate(self._keys), np.concatenate(self._names), np.concatenate(self._sizes)


def image_fault(row: Any) -> tuple[str | None, str] | None:
    """The field and the reason why an entry of `images` cannot be used; None if it can."""
    if not isinstance(row, dict):
        return None, "An image should be an object."
    if not isinstance(row.get("file_name"), str) or not row["file_name"]:
        return "file_name", "The image has no file_name."
    try:
        key_of(row.get("id"))
    except BadInput as error:
        return "id", error.message
    return None


def _size(row: Any) -> tuple[float, float]:
    width, height = side_of(row, "width"), side_of(row, "height")
    return (width, height) if width and height else (np.nan, np.nan)


def side_of(row: Any, name: str) -> int | None:
    """Width or height as the file says it; None where it says none that can be."""
    value = row.get(name) if isinstance(row, dict) else None
    return int(value) if isinstance(value, int | float) and 0 < value < 1e9 else None


def first_of_same(values_m: Ints) -> Ints:
    """For each value the position of the first one equal to it; values that are NONE stay their own."""
    _, first, inverse = np.unique(values_m, return_index=True, return_inverse=True)
    own = np.arange(len(values_m))
    return np.where(values_m == NONE, own, first[inverse]).astype(np.int64)


def positions_of(wanted_n: Ints, keys_m: Ints, first_m: Ints) -> Ints:
    """Where in the images each wanted id stands (its first entry); UNKNOWN, or AMBIGUOUS if several images have it."""
    if not len(keys_m):
        return np.full(len(wanted_n), UNKNOWN, np.int64)
    order_m = np.argsort(keys_m, kind="stable")
    sorted_m, starts = np.unique(keys_m[order_m], return_index=True)
    lowest = np.minimum.reduceat(first_m[order_m], starts)
    highest = np.maximum.reduceat(first_m[order_m], starts)
    place_n = np.minimum(np.searchsorted(sorted_m, wanted_n), len(sorted_m) - 1)
    found_n = np.where(lowest == highest, lowest, AMBIGUOUS)[place_n]
    known_n = (sorted_m[place_n] == wanted_n) & (wanted_n != NONE)
    return np.where(known_n, found_n, UNKNOWN).astype(np.int64)
