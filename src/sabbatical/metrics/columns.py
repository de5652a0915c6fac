"""What is judged, as columns: detections of a model, truths of the labels, and which image may judge which class.

Shapes: m detections, n truths, k classes, i images.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Detections:
    """Boxes of a model.

    `boxes_m4`: float64, x1 y1 x2 y2 in pixels. `image_m`, `class_m`: int64, positions of image and class.
    `score_m`: float64, any scale that rises with certainty (probabilities where calibration is asked for).
    """

    boxes_m4: Floats
    image_m: Ints
    class_m: Ints
    score_m: Floats

    @classmethod
    def of(cls, boxes: object, image: object, classes: object, score: object) -> Detections:
        """Columns from anything NumPy can read; empty columns are fine."""
        return cls(_boxes(boxes), _ints(image), _ints(classes), np.asarray(score, np.float64).reshape(-1))

    def check(self, images: int, classes: int) -> None:
        """Raise `BadInput` unless all columns have one length and stay inside their ranges."""
        m = len(self.boxes_m4)
        _same_length("detections", m, image=self.image_m, classes=self.class_m, score=self.score_m)
        _within("detections.image", self.image_m, images)
        _within("detections.class", self.class_m, classes)
        _finite("detections.boxes", self.boxes_m4)
        _finite("detections.score", self.score_m)

    def take(self, index_m: Ints | Bools) -> Detections:
        return Detections(self.boxes_m4[index_m], self.image_m[index_m], self.class_m[index_m], self.score_m[index_m])


@dataclass(frozen=True)
class Truths:
    """Boxes that people drew.

    `positive_nk`: the box shows an instance of class k (its own node or an ancestor of it). `known_nk`: 0 where the
    label cannot tell, such as `adult` for a box drawn as `person`; it is then neither to be found nor a false find of
    k. `crowd_n`: a region that may take any number of detections and judges none. `area_n`: float64 px², for the size
    ranges (COCO counts the pixels of the mask); by default that of the box.
    """

    boxes_n4: Floats
    image_n: Ints
    positive_nk: Bools
    known_nk: Bools
    crowd_n: Bools
    area_n: Floats

    @classmethod
    def of(
        cls,
        boxes: object,
        image: object,
        positive: object,
        known: object | None = None,
        *,
        crowd: object | None = None,
        area: object | None = None,
    ) -> Truths:
        """Columns from anything NumPy can read; `known` defaults to everywhere, `crowd` to nowhere."""
        boxes_n4 = _boxes(boxes)
        positive_nk = np.asarray(positive, bool)
        if positive_nk.ndim != 2:
            raise BadInput(f"positive must be truths x classes, it has shape {positive_nk.shape}", where="truths")
        known_nk = np.ones_like(positive_nk) if known is None else np.asarray(known, bool)
        crowd_n = np.zeros(len(boxes_n4), bool) if crowd is None else np.asarray(crowd, bool).reshape(-1)
        area_n = box_areas(boxes_n4) if area is None else np.asarray(area, np.float64).reshape(-1)
        return cls(boxes_n4, _ints(image), positive_nk, known_nk, crowd_n, area_n)

    @classmethod
    def of_classes(cls, boxes: object, image: object, class_n: object, classes: int, **more: object) -> Truths:
        """Truths of one flat and fully labeled set of classes."""
        return cls.of(boxes, image, np.arange(classes) == _ints(class_n)[:, None], **more)

    def check(self, images: int, classes: int) -> None:
        """Raise `BadInput` unless all columns have one length and stay inside their ranges."""
        n = len(self.boxes_n4)
        _same_length("truths", n, image=self.image_n, positive=self.positive_nk, known=self.known_nk)
        _same_length("truths", n, crowd=self.crowd_n, area=self.area_n)
        for name, table in (("positive", self.positive_nk), ("known", self.known_nk)):
            if table.shape[1] != classes:
                raise BadInput(f"{name} has {table.shape[1]} columns for {classes} classes", where=f"truths.{name}")
        _within("truths.image", self.image_n, images)
        _finite("truths.boxes", self.boxes_n4)

    def take(self, index_n: Ints | Bools) -> Truths:
        return Truths(
            self.boxes_n4[index_n],
            self.image_n[index_n],
            self.positive_nk[index_n],
            self.known_nk[index_n],
            self.crowd_n[index_n],
            self.area_n[index_n],
        )


def box_areas(boxes_n4: Floats) -> Floats:
    """Areas in px², shape n."""
    areas: Floats = (boxes_n4[:, 2] - boxes_n4[:, 0]) * (boxes_n4[:, 3] - boxes_n4[:, 1])
    return areas


def _boxes(boxes: object) -> Floats:
    array = np.asarray(boxes, np.float64)
    if array.size == 0:
        return np.zeros((0, 4))
    if array.ndim != 2 or array.shape[1] != 4:
        raise BadInput(f"boxes must be n x 4 (x1, y1, x2, y2), they have shape {array.shape}", where="boxes")
    return array


def _ints(values: object) -> Ints:
    return np.asarray(values, np.int64).reshape(-1)


def _same_length(where: str, length: int, **columns: NDArray[np.generic]) -> None:
    for name, column in columns.items():
        if len(column) != length:
            raise BadInput(f"{name} has {len(column)} rows for {length} boxes", where=where)


def _within(where: str, values: Ints, limit: int) -> None:
    if len(values) and (values.min() < 0 or values.max() >= limit):
        raise BadInput(f"positions must lie in 0..{limit - 1}, found {values.min()}..{values.max()}", where=where)


def _finite(where: str, values: Floats) -> None:
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        raise BadInput(f"row {bad[0][0]} is not a finite number", where=where)
