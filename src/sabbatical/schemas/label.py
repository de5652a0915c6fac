"""What is drawn or said about one item: the compact payload of a label revision, and the revision itself.

Legend: n shapes, 4 = x0 y0 x1 y1 in pixels of the stored image.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from sabbatical.core.errors import BadInput

AuthorKind = Literal["person", "model", "import"]
RevisionState = Literal["draft", "submitted", "approved", "rejected"]
DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Payload:
    """Everything drawn for one item under one taxonomy version, as columns.

    A text has one label and no box. Polygons, masks and attributes stand under the number of their shape. `partial`:
    not all that was drawn could be taken, so where nothing is drawn, nothing is known.
    """

    labels: tuple[str, ...]
    boxes_n4: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 4), np.float32))
    polygons: dict[int, list[list[float]]] = field(default_factory=dict)
    masks: dict[int, dict[str, Any]] = field(default_factory=dict)  # COCO RLE: {"size": [h, w], "counts": str}
    attributes: dict[int, dict[str, Any]] = field(default_factory=dict)
    crowds: frozenset[int] = frozenset()
    partial: bool = False

    def to_bytes(self) -> bytes:
        """Canonical JSON bytes: equal payloads have equal bytes (coordinates to 1/100 pixel)."""
        names = sorted(set(self.labels))
        number = {name: i for i, name in enumerate(names)}
        document: dict[str, Any] = {"labels": names, "label": [number[name] for name in self.labels]}
        if len(self.boxes_n4):
            document["box"] = _rounded(self.boxes_n4).ravel()
        for key, value in (("polygon", self.polygons), ("mask", self.masks), ("attributes", self.attributes)):
            if value:
                document[key] = {str(shape): value[shape] for shape in sorted(value)}
        if self.crowds:
            document["crowd"] = sorted(self.crowds)
        if self.partial:
            document["partial"] = True
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY)

    @classmethod
    def from_bytes(cls, data: bytes) -> Payload:
        """The payload that `to_bytes` wrote.

        Raises:
            BadInput: the bytes are no payload.
        """
        try:
            document = orjson.loads(data)
            names = document["labels"]
            labels = tuple(names[i] for i in document["label"])
            boxes_n4 = np.asarray(document.get("box", ()), np.float32).reshape(-1, 4)
        except (orjson.JSONDecodeError, KeyError, IndexError, ValueError, TypeError) as error:
            raise BadInput(f"A label payload cannot be read: {error}.", hint="Import the labels again.") from error
        return cls(
            labels=labels,
            boxes_n4=boxes_n4,
            polygons=_by_shape(document.get("polygon")),
            masks=_by_shape(document.get("mask")),
            attributes=_by_shape(document.get("attributes")),
            crowds=frozenset(document.get("crowd", ())),
            partial=document.get("partial") is True,
        )

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def said(self) -> str:
        """In words: `sea` of a text, `2 person, 1 car` of an image."""
        return counted(self.labels) if len(self.boxes_n4) or not self.labels else ", ".join(self.labels)


def counted(labels: Iterable[str]) -> str:
    """`2 person, 1 car`, the most frequent first; `nothing` where there is none."""
    return ", ".join(f"{many:,} {label}" for label, many in Counter(labels).most_common()) or "nothing"


def _rounded(boxes_n4: NDArray[np.float32]) -> NDArray[np.float64]:
    """As `round(value, DECIMALS)` of each: a float32 times 100 is exact in a float64."""
    scale = 10.0**DECIMALS
    return np.rint(boxes_n4.astype(np.float64) * scale) / scale


def _by_shape(values: dict[str, Any] | None) -> dict[int, Any]:
    return {int(shape): value for shape, value in (values or {}).items()}


class Shape(BaseModel):
    """One shape as the HTTP contract shows it."""

    label: str
    box: tuple[float, float, float, float] | None = Field(None, description="x0 y0 x1 y1, pixels.")
    polygon: list[list[float]] | None = None
    mask: dict[str, Any] | None = Field(None, description="COCO RLE.")
    attributes: dict[str, Any] = {}
    crowd: bool = False


class RevisionIn(BaseModel):
    """A new revision of one item's labels."""

    item: str
    taxonomy: str = Field(description="Name of the customer's taxonomy; its newest version unless `version` says else.")
    version: int | None = None
    shapes: list[Shape]
    author: str
    author_kind: AuthorKind = "person"
    state: RevisionState = "submitted"
    active_seconds: float | None = Field(None, ge=0)
    parent: str | None = Field(None, description="The revision this one changes; a conflict if it is not the head.")
    key: str | None = Field(None, description="Idempotency key: the same key again answers the same revision.")


class Revision(BaseModel):
    id: str
    item: str
    taxonomy: str
    version: int
    parent: str | None
    author: str
    author_kind: AuthorKind
    state: RevisionState
    active_seconds: float | None
    created_at: datetime
    shapes: list[Shape]


def payload_of(shapes: list[Shape]) -> Payload:
    """Shapes of the HTTP contract as a payload.

    Raises:
        BadInput: some shapes have a box and others have none.
    """
    boxed = [shape for shape in shapes if shape.box is not None]
    if boxed and len(boxed) != len(shapes):
        raise BadInput("Some shapes have a box and others have none.", where="field shapes")
    return Payload(
        labels=tuple(shape.label for shape in shapes),
        boxes_n4=np.array([shape.box for shape in boxed], np.float32).reshape(-1, 4),
        polygons={i: shape.polygon for i, shape in enumerate(shapes) if shape.polygon},
        masks={i: shape.mask for i, shape in enumerate(shapes) if shape.mask},
        attributes={i: shape.attributes for i, shape in enumerate(shapes) if shape.attributes},
        crowds=frozenset(i for i, shape in enumerate(shapes) if shape.crowd),
    )


def shapes_of(payload: Payload) -> list[Shape]:
    """A payload as shapes of the HTTP contract."""
    boxes: list[Any] = [[round(v, DECIMALS) for v in row] for row in payload.boxes_n4.tolist()]
    boxes = boxes or [None] * len(payload)
    return [
        Shape(
            label=label,
            box=boxes[i],
            polygon=payload.polygons.get(i),
            mask=payload.masks.get(i),
            attributes=payload.attributes.get(i, {}),
            crowd=i in payload.crowds,
        )
        for i, label in enumerate(payload.labels)
    ]
