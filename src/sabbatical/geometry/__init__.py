"""Boxes and masks in NumPy: conversions, overlap, suppression, run-length codes, polygons."""

from sabbatical.geometry.boxes import (
    Clipped,
    area,
    as_boxes,
    clip,
    from_cxcywh,
    from_normalised,
    from_xywh,
    scaled,
    to_cxcywh,
    to_normalised,
    to_xywh,
    valid,
)
from sabbatical.geometry.iou import diou, giou, iou, pairwise_iou
from sabbatical.geometry.masks import instance_boxes, mask_boxes
from sabbatical.geometry.nms import nms
from sabbatical.geometry.polygons import as_polygon, box_rle, polygon_rle, polygons_rle
from sabbatical.geometry.rle import Rle, merge, rle_iou

__all__ = [
    "Clipped",
    "Rle",
    "area",
    "as_boxes",
    "as_polygon",
    "box_rle",
    "clip",
    "diou",
    "from_cxcywh",
    "from_normalised",
    "from_xywh",
    "giou",
    "instance_boxes",
    "iou",
    "mask_boxes",
    "merge",
    "nms",
    "pairwise_iou",
    "polygon_rle",
    "polygons_rle",
    "rle_iou",
    "scaled",
    "to_cxcywh",
    "to_normalised",
    "to_xywh",
    "valid",
]
