"""Anchors of several sizes and shapes on every level, as in EfficientDet (Tan et al., 2020) with sigmoid focal loss.

Legend: b images; a anchors of all levels; k classes; g groups of box outputs; n boxes; q pairs of an anchor and the box
it is assigned to; m detections kept an image.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from sabbatical.learning.backbone import STRIDES
from sabbatical.learning.heads import Columns, Decoded, Head, Outputs
from sabbatical.learning.layers import RARE, ConvNorm, Prediction, Separable
from sabbatical.learning.loader import Batch
from sabbatical.learning.losses import LossSums, iou_loss, masked_focal, recalibrated
from sabbatical.learning.masking import MaskTables, gather_rows
from sabbatical.learning.pyramid import BiFPN

SCALES = (1.0, 2 ** (1 / 3), 2 ** (2 / 3))
RATIOS = (0.5, 1.0, 2.0)
KINDS = len(SCALES) * len(RATIOS)
FAR, NEAR = 0.4, 0.5
"""IoU under which an anchor is background, and from which it is assigned; between them it says nothing."""


class AnchorHead(Head):
    """Class scores and boxes for nine anchors a cell, at strides 8, 16, 32 and 64.

    Args:
        inputs: channels of the backbone's maps.
        width: channels of the pyramid and the towers.
        group_k: the group of box outputs of each class.
        canvas: (height, width) of the images in pixels.
        size: side of the smallest anchor, in cells.
    """

    columns: ClassVar[dict[str, Columns]] = {"scores": Columns(KINDS, "class", 1), "shifts": Columns(KINDS, "group", 4)}

    def __init__(
        self, inputs: tuple[int, ...], width: int, group_k: tuple[int, ...], canvas: tuple[int, int], size: float = 2.5
    ) -> None:
        super().__init__()
        self.classes, self.groups = len(group_k), max(group_k) + 1
        self.coarser = ConvNorm(inputs[-1], width, stride=2)
        self.pyramid = BiFPN((*inputs[1:], width), width, repeats=2)
        self.class_tower = nn.Sequential(Separable(width, width), Separable(width, width))
        self.box_tower = nn.Sequential(Separable(width, width), Separable(width, width))
        self.scores = Prediction(width, KINDS * self.classes, start=RARE)
        self.shifts = Prediction(width, KINDS * self.groups * 4, start=0.0)
        self.register_buffer("group_k", torch.tensor(group_k), persistent=False)
        self.register_buffer("anchors_a4", make_anchors(canvas, size), persistent=False)
        self.group_k: Tensor
        self.anchors_a4: Tensor

    def forward(self, maps: list[Tensor]) -> Outputs:
        """Logits (b, a, k) and shifts of the anchors (b, a, g, 4)."""
        levels = self.pyramid([*maps[1:], self.coarser(maps[-1])])
        scores = [self.scores(self.class_tower(level)) for level in levels]
        shifts = [self.shifts(self.box_tower(level)) for level in levels]
        batch = maps[0].shape[0]
        logits_bak = torch.cat([each.permute(0, 2, 3, 1).reshape(batch, -1, self.classes) for each in scores], 1)
        shifts_bag4 = torch.cat([each.permute(0, 2, 3, 1).reshape(batch, -1, self.groups, 4) for each in shifts], 1)
        return Outputs(logits_bak, shifts_bag4)

    def loss(self, outputs: Outputs, batch: Batch, tables: MaskTables) -> LossSums:
        row_ba, box_ba = self.assign(batch, tables)
        target_bak, mask_bam = gather_rows(tables, batch.taxonomy_b, row_ba)
        assigned = target_bak.amax(2).sum()
        logits_bak = outputs.logits.float()
        if tables.confused < 1:
            target_bak = recalibrated(
                logits_bak, target_bak, (row_ba == tables.background)[:, :, None], tables.confused
            )
        focal = masked_focal(logits_bak, target_bak, mask_bam)
        image_q, anchor_q = (box_ba >= 0).nonzero(as_tuple=True)
        box_q = box_ba[image_q, anchor_q]
        weight_qg = tables.box_weight_tlg[batch.taxonomy_b[image_q], batch.labels_n[box_q]]
        pair_q, group_q = weight_qg.nonzero(as_tuple=True)
        shifts_q4 = outputs.boxes[image_q[pair_q], anchor_q[pair_q], group_q].float()
        boxes_q4 = shifted(self.anchors_a4[anchor_q[pair_q]], shifts_q4)
        box = (weight_qg[pair_q, group_q] * iou_loss(boxes_q4, batch.boxes_n4[box_q[pair_q]])).sum()
        return LossSums(focal, box, assigned)

    @torch.no_grad()
    def assign(self, batch: Batch, tables: MaskTables) -> tuple[Tensor, Tensor]:
        """For each anchor its row of the tables and its box (int64, b by a; -1 for none).

        An anchor takes the box it overlaps most, from an IoU of 0.5; every box also takes the anchor that overlaps it
        most. Anchors with their middle in a region to ignore, or an IoU from 0.4 to 0.5, are unassigned.
        """
        images, anchors = len(batch.taxonomy_b), len(self.anchors_a4)
        drawn_n = tables.drawn(batch.taxonomy_b[batch.image_n], batch.labels_n)
        iou_na = _iou(batch.boxes_n4, self.anchors_a4) * drawn_n[:, None]
        middle_a2 = (self.anchors_a4[:, :2] + self.anchors_a4[:, 2:]) / 2
        inside_na = ((middle_a2 >= batch.boxes_n4[:, None, :2]) & (middle_a2 <= batch.boxes_n4[:, None, 2:])).all(2)
        row_ba = torch.full((images, anchors), tables.background, device=iou_na.device)
        box_ba = torch.full((images, anchors), -1, device=iou_na.device)
        for image in range(images):
            of_image_n = (batch.image_n == image).nonzero()[:, 0]
            if len(of_image_n) == 0:
                continue
            cut_a = inside_na[of_image_n[~drawn_n[of_image_n]]].any(0)
            best_a, which_a = iou_na[of_image_n].max(0)
            row_ba[image, (best_a >= FAR) | cut_a] = tables.unassigned
            objects_n = of_image_n[drawn_n[of_image_n]]
            box_ba[image, best_a >= NEAR] = of_image_n[which_a[best_a >= NEAR]]
            box_ba[image, iou_na[objects_n].argmax(1)] = objects_n
        taken_ba = box_ba >= 0
        row_ba[taken_ba] = batch.labels_n[box_ba[taken_ba]]
        return row_ba, box_ba

    def decode(self, outputs: Outputs, keep: int) -> Decoded:
        scores_bf = torch.sigmoid(outputs.logits.float()).flatten(1)
        scores_bm, flat_bm = scores_bf.topk(min(keep, scores_bf.shape[1]), dim=1)
        anchor_bm = torch.div(flat_bm, self.classes, rounding_mode="floor")
        classes_bm = flat_bm - anchor_bm * self.classes
        place_bm = anchor_bm * self.groups + self.group_k[classes_bm]
        shifts_bm4 = outputs.boxes.float().flatten(1, 2).gather(1, place_bm[:, :, None].expand(-1, -1, 4))
        return Decoded(shifted(self.anchors_a4[anchor_bm], shifts_bm4), scores_bm, classes_bm)


def make_anchors(canvas: tuple[int, int], size: float) -> Tensor:
    """All anchors, float32 (a, 4) in pixels of the canvas: level by level, row by row, cell by cell."""
    shapes_s2 = torch.tensor([(s / math.sqrt(r), s * math.sqrt(r)) for s in SCALES for r in RATIOS])
    height, width = (-(-side // STRIDES[0]) for side in canvas)
    levels = []
    for stride in (*STRIDES[1:], STRIDES[-1] * 2):
        height, width = (height + 1) // 2, (width + 1) // 2
        y_hw, x_hw = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        middle_p12 = ((torch.stack([x_hw, y_hw], 2).flatten(0, 1) + 0.5) * stride)[:, None]
        half_1s2 = shapes_s2[None] * (size * stride / 2)
        levels.append(torch.cat([middle_p12 - half_1s2, middle_p12 + half_1s2], dim=2).flatten(0, 1))
    return torch.cat(levels)


def shifted(anchors_4: Tensor, shifts_4: Tensor) -> Tensor:
    """Anchors (..., 4) moved by shifts (x, y in sides; logarithms of the changes of width and height)."""
    sides_2 = anchors_4[..., 2:] - anchors_4[..., :2]
    middle_2 = (anchors_4[..., 2:] + anchors_4[..., :2]) / 2 + shifts_4[..., :2] * sides_2
    half_2 = sides_2 * torch.exp(shifts_4[..., 2:].clamp(max=4.0)) / 2
    return torch.cat([middle_2 - half_2, middle_2 + half_2], dim=-1)


def _iou(boxes_n4: Tensor, anchors_a4: Tensor) -> Tensor:
    """IoU of every box with every anchor, float32 (n, a)."""
    low_na2 = torch.maximum(boxes_n4[:, None, :2], anchors_a4[None, :, :2])
    high_na2 = torch.minimum(boxes_n4[:, None, 2:], anchors_a4[None, :, 2:])
    overlap_na = (high_na2 - low_na2).clamp(min=0).prod(2)
    areas_n1 = (boxes_n4[:, 2:] - boxes_n4[:, :2]).prod(1)[:, None]
    areas_1a = (anchors_a4[:, 2:] - anchors_a4[:, :2]).prod(1)[None]
    return overlap_na / (areas_n1 + areas_1a - overlap_na).clamp(min=1e-6)
