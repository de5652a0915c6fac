"""Detectors that answer with a set: each drawn object is matched to one query, and all other queries are background.

Matching and losses take the tables of the taxonomies. Method: Carion et al., DETR, 2020, with the costs of Zhu et al.,
Deformable DETR, 2021, and varifocal classification as in RT-DETR (Zhao et al., 2024).

**The class cost is the change of the class loss** that a match brings: a query that is matched with a box of label l
is taught l's row instead of the background's. Where everything is drawn this is the known cost (the positive term of
the class less its negative term). Where it is not, a query that is sure of a class that nobody had to draw is kept from
boxes whose label excludes that class: there the match would deny what it sees, and background would not.

Legend: b images; q queries; k classes; l labels; n objects; r regions; p matched pairs; m mask width, k or 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn import functional

from sabbatical.learning.loader import Batch
from sabbatical.learning.losses import iou_loss, recalibrated
from sabbatical.learning.masking import MaskTables, gather_rows
from sabbatical.learning.quality import masked_varifocal

TINY = 1e-12
NEVER = 1e6
"""The cost of a match with a box that is no number: such a query is taken last."""


class Predicted(NamedTuple):
    """One set of answers: logits_bqk float32; boxes_bq4 float32, centre and sides in parts of the canvas."""

    logits_bqk: Tensor
    boxes_bq4: Tensor


class Pairs(NamedTuple):
    """Which query of which image is taught by which object; int64, (p,) each."""

    image_p: Tensor
    query_p: Tensor
    object_p: Tensor


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each term of the matching and of the loss counts; the defaults are those of RT-DETR."""

    match_class: float = 2.0
    match_l1: float = 5.0
    match_iou: float = 2.0
    match_alpha: float = 0.25
    match_gamma: float = 2.0
    classes: float = 1.0
    l1: float = 5.0
    iou: float = 2.0
    alpha: float = 0.75
    gamma: float = 2.0


@dataclass(frozen=True, slots=True)
class Objects:
    """What was drawn in a batch, image after image.

    Attributes:
        boxes_n4: float32, centre and sides in parts of the canvas.
        image_n, label_n, class_n: int64; the class is the deepest that the label stands for.
        weight_n: float32, how far the box teaches where an object ends.
        regions_r4: float32, (x0, y0, x1, y1) in parts of the canvas: queries with their middle in one are unassigned.
        region_image_r: int64.
        taxonomy_b: int64.
    """

    boxes_n4: Tensor
    image_n: Tensor
    label_n: Tensor
    class_n: Tensor
    weight_n: Tensor
    regions_r4: Tensor
    region_image_r: Tensor
    taxonomy_b: Tensor

    @classmethod
    def of(cls, batch: Batch, tables: MaskTables, canvas: tuple[int, int], group_k: Tensor) -> Objects:
        """The objects of a batch whose boxes are in pixels of a canvas of (height, width).

        A box that is a positive for no column teaches nothing as an object; where its label leaves a class open, its
        place is a region to ignore. `group_k` is the group of box outputs of each column, whose weight is taken.
        """
        order_n = batch.image_n.argsort(stable=True)
        image_n, label_n = batch.image_n[order_n], batch.labels_n[order_n]
        height, width = canvas
        corners_n4 = batch.boxes_n4[order_n] / batch.boxes_n4.new_tensor([width, height, width, height])
        taxonomy_n, row_n = batch.taxonomy_b[image_n], label_n.clamp(min=0)
        target_nk, known_nm = tables.target_trk[taxonomy_n, row_n], tables.mask_trm[taxonomy_n, row_n]
        drawn_n = tables.drawn(taxonomy_n, label_n)
        object_n = drawn_n & (target_nk > 0).any(1)
        region_n = ~object_n & ~(drawn_n & (known_nm > 0).all(1))
        order_k = torch.arange(1, target_nk.shape[1] + 1, device=target_nk.device)
        class_n = (target_nk * order_k).argmax(1)
        weight_n = tables.box_weight_tlg[taxonomy_n, row_n].gather(1, group_k[class_n][:, None])[:, 0]
        middle_n2, sides_n2 = (corners_n4[:, :2] + corners_n4[:, 2:]) / 2, corners_n4[:, 2:] - corners_n4[:, :2]
        return cls(
            boxes_n4=torch.cat([middle_n2, sides_n2], 1)[object_n],
            image_n=image_n[object_n],
            label_n=label_n[object_n],
            class_n=class_n[object_n],
            weight_n=weight_n[object_n],
            regions_r4=corners_n4[region_n],
            region_image_r=image_n[region_n],
            taxonomy_b=batch.taxonomy_b,
        )

    def __len__(self) -> int:
        return len(self.image_n)


def class_cost(logits_bqk: Tensor, tables: MaskTables, taxonomy_b: Tensor, alpha: float, gamma: float) -> Tensor:
    """How the focal loss of a query's classes changes if it is matched with a box of each label: float32 (b, q, l).

    Not matched it would be background. Entries that neither row knows do not enter.
    """
    yes_bqk = -functional.logsigmoid(logits_bqk) * alpha * torch.sigmoid(-logits_bqk) ** gamma
    no_bqk = -functional.logsigmoid(-logits_bqk) * (1 - alpha) * torch.sigmoid(logits_bqk) ** gamma
    labels = tables.background
    target_blk = tables.target_trk[taxonomy_b, :labels]
    known_blm = tables.mask_trm[taxonomy_b, :labels]
    denied_blk = known_blm * (1 - target_blk) - tables.mask_trm[taxonomy_b, tables.background][:, None]
    return yes_bqk @ (known_blm * target_blk).mT + no_bqk @ denied_blk.mT


@torch.no_grad()
def matched(predicted: Predicted, objects: Objects, tables: MaskTables, weights: Weights) -> Pairs:
    """The pairs of least cost in each image: its class, its distance, and how it overlaps."""
    costs_bql = class_cost(predicted.logits_bqk, tables, objects.taxonomy_b, weights.match_alpha, weights.match_gamma)
    boxes_nq4 = predicted.boxes_bq4[objects.image_n]
    class_nq = costs_bql[objects.image_n, :, objects.label_n]
    l1_nq = (boxes_nq4 - objects.boxes_n4[:, None]).abs().sum(2)
    iou_nq = iou_loss(
        corners(boxes_nq4).flatten(0, 1),
        corners(objects.boxes_n4)[:, None].expand_as(boxes_nq4).flatten(0, 1),
        floor=TINY,
    ).view_as(l1_nq)
    cost_nq = weights.match_class * class_nq + weights.match_l1 * l1_nq + weights.match_iou * iou_nq
    costs = torch.nan_to_num(cost_nq, nan=NEVER, posinf=NEVER, neginf=NEVER).cpu().numpy()
    ends_b = objects.image_n.bincount(minlength=len(objects.taxonomy_b)).cumsum(0).tolist()
    found = [linear_sum_assignment(costs[start:end]) for start, end in zip([0, *ends_b], ends_b, strict=False)]
    object_p = torch.cat([torch.as_tensor(rows) + start for (rows, _), start in zip(found, [0, *ends_b], strict=False)])
    query_p = torch.cat([torch.as_tensor(columns) for _, columns in found])
    device = predicted.logits_bqk.device
    return Pairs(objects.image_n[object_p.to(device)], query_p.to(device), object_p.to(device))


def class_loss(predicted: Predicted, pairs: Pairs, objects: Objects, tables: MaskTables, weights: Weights) -> Tensor:
    """The masked varifocal loss of all queries, summed; the IoU of a matched query is the quality it aims at."""
    logits_bqk, boxes_bq4 = predicted
    row_bq = torch.full(logits_bqk.shape[:2], tables.background, device=logits_bqk.device)
    row_bq[_inside(boxes_bq4.detach(), objects)] = tables.unassigned
    row_bq[pairs.image_p, pairs.query_p] = objects.label_n[pairs.object_p]
    quality_bq = torch.ones_like(logits_bqk[..., 0])
    quality_bq[pairs.image_p, pairs.query_p] = overlaps(predicted, pairs, objects)
    target_bqk, mask_bqm = gather_rows(tables, objects.taxonomy_b, row_bq)
    if tables.confused < 1:
        empty_bq1 = (row_bq == tables.background)[..., None]
        target_bqk = recalibrated(logits_bqk, target_bqk, empty_bq1, tables.confused)
    loss = masked_varifocal(logits_bqk, target_bqk, mask_bqm, quality_bq, alpha=weights.alpha, gamma=weights.gamma)
    return weights.classes * loss


def box_loss(predicted: Predicted, pairs: Pairs, objects: Objects, weights: Weights) -> Tensor:
    """Distance and GIoU of the matched boxes, each as far as it teaches, summed."""
    boxes_p4, drawn_p4 = predicted.boxes_bq4[pairs.image_p, pairs.query_p], objects.boxes_n4[pairs.object_p]
    l1_p = (boxes_p4 - drawn_p4).abs().sum(1)
    iou_p = iou_loss(corners(boxes_p4), corners(drawn_p4), floor=TINY)
    return (objects.weight_n[pairs.object_p] * (weights.l1 * l1_p + weights.iou * iou_p)).sum()


def overlaps(predicted: Predicted, pairs: Pairs, objects: Objects) -> Tensor:
    """IoU of the matched boxes with the drawn ones, float32 (p,), without gradient."""
    boxes_p4 = corners(predicted.boxes_bq4[pairs.image_p, pairs.query_p].detach())
    drawn_p4 = corners(objects.boxes_n4[pairs.object_p])
    inner_p2 = torch.minimum(boxes_p4[:, 2:], drawn_p4[:, 2:]) - torch.maximum(boxes_p4[:, :2], drawn_p4[:, :2])
    overlap_p = inner_p2.clamp(min=0).prod(1)
    areas_p = (boxes_p4[:, 2:] - boxes_p4[:, :2]).prod(1) + (drawn_p4[:, 2:] - drawn_p4[:, :2]).prod(1)
    return overlap_p / (areas_p - overlap_p).clamp(min=TINY)


def corners(boxes_4: Tensor) -> Tensor:
    """(x0, y0, x1, y1) of boxes (..., 4) given by centre and sides."""
    half_2 = boxes_4[..., 2:] / 2
    return torch.cat([boxes_4[..., :2] - half_2, boxes_4[..., :2] + half_2], dim=-1)


def _inside(boxes_bq4: Tensor, objects: Objects) -> Tensor:
    """Which queries (bool, b by q) have their middle in a region to ignore."""
    middle_rq2 = boxes_bq4[objects.region_image_r][..., :2]
    low_r12, high_r12 = objects.regions_r4[:, None, :2], objects.regions_r4[:, None, 2:]
    inside_rq = ((middle_rq2 >= low_r12) & (middle_rq2 <= high_r12)).all(2).float()
    count_bq = torch.zeros(boxes_bq4.shape[:2], device=boxes_bq4.device)
    return count_bq.index_add_(0, objects.region_image_r, inside_rq) > 0
