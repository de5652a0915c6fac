"""What a COCO annotation holds besides a box: polygons, masks, crowds, attributes.

Legend: n shapes of one image.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import BadInput
from sabbatical.geometry.polygons import as_polygon
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
    for shape in np.flatnonzero(rows_n["place"] >= 0).tolist():
        row = rows_n[shape]
        more = spill.get(int(row["place"]), int(row["length"]))
        if more["attributes"]:
            attributes[shape] = more["attributes"]
        try:
            if isinstance(more["segmentation"], dict):
                masks[shape] = mask_of(more["segmentation"], record)
            elif more["segmentation"]:
                polygons[shape] = polygons_of(more["segmentation"])
        except BadInput as error:
            where = f"annotations[{row['number']}].segmentation"
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
    return [[float(value) for value in as_polygon(part).ravel().tolist()] for part in parts]
