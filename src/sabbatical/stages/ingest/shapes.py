"""What may be drawn on an image: which boxes are taken, clipped or refused, and why in words.

The rule: a box needs finite numbers and a positive width and height. A part that lies outside the image is clipped
when at least half of the box is inside, and the clipping is said when it is more than a pixel (less is rounding); a
box that lies mostly outside is refused. Coordinates are those of the image as displayed, its EXIF orientation applied.

A refused shape is an object that nobody can place: its image keeps the others and becomes `partial`, or there would be
"nothing" where the object stands.

Legend: n boxes, 4 = x0 y0 x1 y1 in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sabbatical.geometry.boxes import area
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.records import Record, Refusal

OK, NOT_NUMBERS, NO_SIZE, OUTSIDE = 0, 1, 2, 3
ROUNDING = 1.0
"""Pixels that a box may reach over the edge without a word."""

UNLEARNED = "Where nothing is drawn on this image, nothing is learned."
"""What follows for an image when one of its shapes is refused; the end of each such refusal."""

_HUGE = 1e9
"""Pixels that no image has, whose square a float32 still holds."""

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Boxes inside their images.

    `boxes_n4` float32, clipped; `fault_n` uint8, one of OK, NOT_NUMBERS, NO_SIZE, OUTSIDE; `over_n` float32, how many
    pixels the box reached over the edge.
    """

    boxes_n4: NDArray[np.float32]
    fault_n: NDArray[np.uint8]
    over_n: NDArray[np.float32]


def fit(boxes_n4: Floats, widths_n: Floats, heights_n: Floats) -> Fitted:
    """Boxes against the sizes of their images (NaN or 0: not known, then nothing is clipped)."""
    with np.errstate(invalid="ignore", over="ignore"):
        limits_n4 = np.stack([widths_n, heights_n, widths_n, heights_n], -1).astype(np.float64)
        known_n4 = limits_n4 > 0
        upper_n4 = np.where(known_n4, limits_n4, np.inf)
        lower_n4 = np.where(known_n4, 0.0, -np.inf)
        clipped_n4 = np.clip(boxes_n4, lower_n4, upper_n4)
        over_n = np.abs(boxes_n4 - clipped_n4).max(-1, initial=0.0)
        area_n, inside_n = area(boxes_n4), area(clipped_n4)
        fault_n = np.zeros(len(boxes_n4), np.uint8)
        fault_n[inside_n < 0.5 * area_n] = OUTSIDE
        fault_n[~((boxes_n4[:, 2:] - boxes_n4[:, :2]) > 0).all(-1)] = NO_SIZE
        fault_n[~np.isfinite(boxes_n4).all(-1)] = NOT_NUMBERS
        return Fitted(clipped_n4.astype(np.float32), fault_n, over_n.astype(np.float32))


def why(fault: int, box_4: Floats, width: float, height: float) -> str:
    """The reason of a refused (or, with OK, clipped) box, with its numbers, and what follows."""
    x0, y0, x1, y1 = (float(v) for v in box_4)
    if fault == NOT_NUMBERS:
        return f"The box ({x0:g}, {y0:g}, {x1:g}, {y1:g}) holds what is no number. {UNLEARNED}"
    if fault == NO_SIZE:
        return f"The box is {x1 - x0:g} wide and {y1 - y0:g} high; both must be above 0. {UNLEARNED}"
    place = f"The box ({x0:g}, {y0:g}) to ({x1:g}, {y1:g})"
    size = f"the image of {width:g} x {height:g} pixels"
    if fault == OUTSIDE:
        return f"{place} lies mostly outside {size}. {UNLEARNED}"
    return f"{place} reaches outside {size}; it was clipped."


def fit_record(record: Record, width: int, height: int) -> Iterator[Refusal]:
    """Settles a record on the true size of its image: sets it, clips its boxes, drops what cannot be.

    Where the source claims another size, its boxes mean another image: then no label is taken.
    """
    said = (record.width, record.height)
    record.width, record.height = width, height
    if record.payload is None:
        return
    if None not in said and said != (width, height):
        turned = " (as stored, without its EXIF rotation)" if said == (height, width) else ""
        reason = (
            f"The source says {said[0]} x {said[1]} pixels{turned}, the image is {width} x {height} as displayed; "
            "the image was taken, its labels were not."
        )
        record.payload = None
        yield Refusal(record.file, record.line, "width, height", reason, kept=True)
        return
    record.payload, refusals = fit_payload(record.payload, width, height, record.file, record.line)
    yield from refusals


def fit_payload(
    payload: Payload, width: float, height: float, file: str, line: int | None
) -> tuple[Payload | None, list[Refusal]]:
    """A payload whose boxes lie inside an image of this size, and what was clipped or dropped for it.

    Where a shape is dropped, the payload is `partial`. If none is left of some, nothing is known: None, not "nothing
    is there". A side of 0 is one not known.
    """
    if not len(payload.boxes_n4) or _all_inside(payload.boxes_n4, width, height):
        return payload, []
    n = len(payload)
    fitted = fit(payload.boxes_n4, np.full(n, width), np.full(n, height))
    said = np.flatnonzero((fitted.fault_n != OK) | (fitted.over_n > ROUNDING))
    refusals = [
        Refusal(
            file,
            line,
            f"shape {shape + 1}",
            why(int(fitted.fault_n[shape]), payload.boxes_n4[shape], width, height),
            kept=bool(fitted.fault_n[shape] == OK),
        )
        for shape in said.tolist()
    ]
    payload = clip_polygons(replace(payload, boxes_n4=fitted.boxes_n4), fitted.over_n, width, height)
    kept_n = fitted.fault_n == OK
    payload = replace(payload, partial=payload.partial or not kept_n.all())
    return (keep(payload, kept_n) if kept_n.any() else None), refusals


def _all_inside(boxes_n4: Floats, width: float, height: float) -> bool:
    """Whether `fit` would surely leave all as it is: so for nearly every image, and said in a tenth of its time."""
    x0, y0 = boxes_n4.min(0)[:2].tolist()
    x1, y1 = boxes_n4.max(0)[2:].tolist()
    left, top = (0.0 if side else -_HUGE for side in (width, height))
    within = left <= x0 and top <= y0 and x1 <= (width or _HUGE) and y1 <= (height or _HUGE)
    return within and bool((boxes_n4[:, 2:] > boxes_n4[:, :2]).all())


def clip_polygons(payload: Payload, over_n: Floats, width: float, height: float) -> Payload:
    """Polygons of shapes that reached over the edge, their points moved onto it."""
    if not payload.polygons or not (over_n > 0).any():
        return payload
    outside = [shape for shape in payload.polygons if over_n[shape] > 0]
    polygons = dict(payload.polygons)
    for shape in outside:
        polygons[shape] = [_clip_polygon(polygon, width, height) for polygon in polygons[shape]]
    return replace(payload, polygons=polygons)


def _clip_polygon(polygon: list[float], width: float, height: float) -> list[float]:
    points = np.asarray(polygon, np.float64).reshape(-1, 2)
    clipped: list[float] = np.clip(points, 0, (width or np.inf, height or np.inf)).ravel().tolist()
    return clipped


def keep(payload: Payload, kept_n: NDArray[np.bool_]) -> Payload:
    """The shapes where `kept_n` is true, renumbered."""
    if kept_n.all():
        return payload
    number = {old: new for new, old in enumerate(np.flatnonzero(kept_n).tolist())}
    return replace(
        payload,
        labels=tuple(payload.labels[old] for old in number),
        boxes_n4=payload.boxes_n4[kept_n],
        polygons={number[old]: value for old, value in payload.polygons.items() if old in number},
        masks={number[old]: value for old, value in payload.masks.items() if old in number},
        attributes={number[old]: value for old, value in payload.attributes.items() if old in number},
        crowds=frozenset(number[old] for old in payload.crowds if old in number),
    )
