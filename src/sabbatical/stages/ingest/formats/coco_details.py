"""What a COCO annotation holds besides a box: polygons, masks, crowds, attributes.

Legend: n shapes of one image.
"""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.geometry.polygons import FARTHEST, as_polygon
from sabbatical.geometry.rle import Rle
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.formats.coco_columns import Spill
from sabbatical.stages.ingest.records import Record, Refusal
from sabbatical.stages.ingest.shapes import clip_polygons


def add_details(
    payload: Payload, rows_n: NDArray[np.void], spill: Spill, record: Record
) -> tuple[Payload, list[Refusal]]:
    """The payload with what the spill keeps for its shapes; a polygon or mask that cannot be leaves its box."""
    polygons: dict[int, list[list[float]]] = {}
    masks: dict[int, dict[str, Any]] = {}
    attributes: dict[int, dict[str, Any]] = {}
    refusals = []
    for shape, (place, length) in enumerate(zip(rows_n["place"].tolist(), rows_n["length"].tolist(), strict=True)):
        if place < 0:
            continue
        segmentation, found = spill.get(place, length)
        if found:
            attributes[shape] = found
        try:
            if isinstance(segmentation, dict):
                masks[shape] = mask_of(segmentation, record)
            elif segmentation:
                polygons[shape] = polygons_of(segmentation)
        except BadInput as error:
            where = f"annotations[{rows_n['number'][shape]}].segmentation"
            reason = f"The outline cannot be used, its box was taken: {error.message}"
            refusals.append(Refusal(record.file, None, where, reason, kept=True))
    crowds = frozenset(np.flatnonzero(rows_n["crowd"]).tolist())
    payload = replace(payload, polygons=polygons, masks=masks, attributes=attributes, crowds=crowds)
    return clip_polygons(payload, rows_n["over"], record.width or 0, record.height or 0), refusals


def mask_of(segmentation: dict[str, Any], record: Record) -> dict[str, Any]:
    """A mask in the compressed form. Raises BadInput for one that is damaged or of another size than its image."""
    rle = Rle.from_coco(segmentation)
    if record.width and record.height and (rle.height, rle.width) != (record.height, record.width):
        raise BadInput(
            f"the mask is of {rle.width} x {rle.height} pixels, the image of {record.width} x {record.height}."
        )
    return rle.to_coco()


def polygons_of(segmentation: Any) -> list[list[float]]:
    """Polygons as lists x0, y0, x1, y1, ...; one that is not in a list of polygons counts as one. Raises BadInput."""
    if not isinstance(segmentation, list):
        raise BadInput("a segmentation should be a list of polygons, or a mask.")
    parts = segmentation if isinstance(segmentation[0], list) else [segmentation]
    return [_polygon(part) for part in parts]


def _polygon(part: Any) -> list[float]:
    """The same test as `as_polygon`, without an array where all is well: there are millions of small ones."""
    try:
        values = list(map(float, part))
        if len(values) >= 6 and len(values) % 2 == 0 and max(map(abs, values)) <= FARTHEST and isfinite(sum(values)):
            return values
    except (TypeError, ValueError):
        pass
    return [float(value) for value in as_polygon(part).ravel().tolist()]
