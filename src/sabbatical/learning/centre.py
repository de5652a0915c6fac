"""Objects as the peaks of heat maps, one map a class (Zhou et al., Objects as Points, 2019).

Boxes are learned from a few cells around each centre, as in TTFNet (Liu et al., 2020), and separately for each group
of classes: where neighbours of another class stand beside an object that nobody had to draw, shared outputs would
teach its place their box.

Legend: b images; k classes; g groups of box outputs; h, w cells of the map; p = h * w; n boxes; q pairs of a drawn box
and a cell that learns it; m detections kept an image.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from sabbatical.learning.heads import Columns, Decoded, Head, Outputs
from sabbatical.learning.layers import RARE, Prediction, Separable
from sabbatical.learning.loader import Batch
from sabbatical.learning.losses import LossSums, iou_loss, masked_heat, recalibrated
from sabbatical.learning.masking import HeatTargets, MaskTables, heat_targets
from sabbatical.learning.pyramid import TopDown

STRIDE = 4
REACH = 0.27
"""The bump's reach as a part of the box's side: beyond it a box moved there would overlap too little."""
SIDE = 16.0
"""Distances in pixels that an output of zero stands for."""


class CentreHead(Head):
    """One heat map a class and four distances a group, on cells of 4 x 4 pixels.

    Args:
        inputs: channels of the backbone's maps.
        widths: channels of the pyramid on its way down, finest first.
        group_k: the group of box outputs of each class.
        canvas: (height, width) of the images in pixels.
    """

    columns: ClassVar[dict[str, Columns]] = {"heat": Columns(1, "class", 1), "sides": Columns(1, "group", 4)}

    def __init__(
        self, inputs: tuple[int, ...], widths: tuple[int, ...], group_k: tuple[int, ...], canvas: tuple[int, int]
    ) -> None:
        super().__init__()
        classes, groups = len(group_k), max(group_k) + 1
        self.pyramid = TopDown(inputs, widths)
        self.tower = Separable(widths[0], widths[0])
        self.heat = Prediction(widths[0], classes, start=RARE)
        self.sides = Prediction(widths[0], groups * 4, start=0.0)
        self.height, self.width = -(-canvas[0] // STRIDE), -(-canvas[1] // STRIDE)
        self.register_buffer("group_k", torch.tensor(group_k), persistent=False)
        self.group_k: Tensor

    def forward(self, maps: list[Tensor]) -> Outputs:
        """Logits (b, k, h, w) and logarithms of distances (b, 4 g, h, w)."""
        map_bchw = self.tower(self.pyramid(maps))
        return Outputs(self.heat(map_bchw), self.sides(map_bchw))

    def loss(self, outputs: Outputs, batch: Batch, tables: MaskTables) -> LossSums:
        drawn_n = tables.drawn(batch.taxonomy_b[batch.image_n], batch.labels_n)
        boxes_n4, image_n, labels_n = batch.boxes_n4[drawn_n], batch.image_n[drawn_n], batch.labels_n[drawn_n]
        targets = self._targets(batch, tables, drawn_n)
        logits_bkp, heat_bkp = outputs.logits.float().flatten(2), targets.heat_bkp
        if tables.confused < 1:
            heat_bkp = recalibrated(logits_bkp, heat_bkp, heat_bkp == 0, tables.confused)
        heat = masked_heat(logits_bkp, heat_bkp, targets.mask_bmp)
        weights_ng = tables.box_weight_tlg[batch.taxonomy_b[image_n], labels_n]
        box = self._box_loss(outputs.boxes.float(), boxes_n4, image_n, weights_ng)
        told_nk = tables.target_trk[batch.taxonomy_b[image_n], labels_n]
        return LossSums(heat, box, told_nk.amax(1).sum())

    def _targets(self, batch: Batch, tables: MaskTables, drawn_n: Tensor) -> HeatTargets:
        boxes_n4, image_n = batch.boxes_n4[drawn_n], batch.image_n[drawn_n]
        column_n, row_n = self._cells(boxes_n4)
        sides_n2 = (boxes_n4[:, 2:] - boxes_n4[:, :2]) / STRIDE
        across_nw = _bump(column_n, sides_n2[:, 0], self.width)
        along_nh = _bump(row_n, sides_n2[:, 1], self.height)
        bumps_np = (along_nh[:, :, None] * across_nw[:, None, :]).flatten(1)
        ignored_bp = self._inside(batch.boxes_n4[~drawn_n], batch.image_n[~drawn_n], len(batch.taxonomy_b))
        return heat_targets(
            tables,
            batch.taxonomy_b,
            image_n,
            batch.labels_n[drawn_n],
            row_n * self.width + column_n,
            bumps_np,
            ignored_bp,
        )

    def _cells(self, boxes_n4: Tensor) -> tuple[Tensor, Tensor]:
        """Column and row (int64, n) of the cell that holds each box's centre."""
        centre_n2 = (boxes_n4[:, :2] + boxes_n4[:, 2:]) / (2 * STRIDE)
        return (
            centre_n2[:, 0].long().clamp(0, self.width - 1),
            centre_n2[:, 1].long().clamp(0, self.height - 1),
        )

    def _inside(self, boxes_n4: Tensor, image_n: Tensor, batch: int) -> Tensor:
        """Cells (bool, b, p) whose middle lies in one of the boxes of their image."""
        x_w = (torch.arange(self.width, device=boxes_n4.device) + 0.5) * STRIDE
        y_h = (torch.arange(self.height, device=boxes_n4.device) + 0.5) * STRIDE
        across_nw = (x_w >= boxes_n4[:, :1]) & (x_w <= boxes_n4[:, 2:3])
        along_nh = (y_h >= boxes_n4[:, 1:2]) & (y_h <= boxes_n4[:, 3:])
        inside_np = (along_nh[:, :, None] & across_nw[:, None, :]).flatten(1).float()
        count_bp = torch.zeros(batch, self.height * self.width, device=boxes_n4.device)
        return count_bp.index_add_(0, image_n, inside_np) > 0

    def _box_loss(self, sides_bchw: Tensor, boxes_n4: Tensor, image_n: Tensor, weights_ng: Tensor) -> Tensor:
        """IoU loss of the 3 x 3 cells around each centre, weighted by the bump; every box counts as one."""
        near = torch.arange(-1, 2, device=boxes_n4.device)
        column_n, row_n = self._cells(boxes_n4)
        column_n9 = column_n[:, None] + near.repeat(3)
        row_n9 = row_n[:, None] + near.repeat_interleave(3)
        sides_n2 = (boxes_n4[:, 2:] - boxes_n4[:, :2]) / STRIDE
        weight_n9 = _fall(near.repeat(3), sides_n2[:, :1]) * _fall(near.repeat_interleave(3), sides_n2[:, 1:])
        weight_n9 = weight_n9 * ((column_n9 >= 0) & (column_n9 < self.width) & (row_n9 >= 0) & (row_n9 < self.height))
        weight_n9 = weight_n9 / weight_n9.sum(1, keepdim=True)

        weight_n9g = weight_n9[:, :, None] * weights_ng[:, None, :]
        box_q, spot_q, group_q = weight_n9g.nonzero(as_tuple=True)
        column_q, row_q = column_n9[box_q, spot_q], row_n9[box_q, spot_q]
        sides_bhwg4 = sides_bchw.permute(0, 2, 3, 1).unflatten(3, (-1, 4))  # type: ignore[no-untyped-call]
        sides_q4 = sides_bhwg4[image_n[box_q], row_q, column_q, group_q]
        middle_q2 = (torch.stack([column_q, row_q], 1) + 0.5) * STRIDE
        return (weight_n9g[box_q, spot_q, group_q] * iou_loss(_boxes(middle_q2, sides_q4), boxes_n4[box_q])).sum()

    def decode(self, outputs: Outputs, keep: int) -> Decoded:
        heat_bkhw = torch.sigmoid(outputs.logits.float())
        top_bkhw = functional.max_pool2d(heat_bkhw, 3, 1, 1)
        peaks_bf = torch.where(heat_bkhw == top_bkhw, heat_bkhw, torch.zeros_like(heat_bkhw)).flatten(1)
        scores_bm, flat_bm = peaks_bf.topk(min(keep, peaks_bf.shape[1]), dim=1)
        cells = self.height * self.width
        classes_bm = torch.div(flat_bm, cells, rounding_mode="floor")
        cell_bm = flat_bm - classes_bm * cells
        row_bm = torch.div(cell_bm, self.width, rounding_mode="floor")
        middle_bm2 = (torch.stack([cell_bm - row_bm * self.width, row_bm], 2).float() + 0.5) * STRIDE
        sides_bf4 = outputs.boxes.float().reshape(heat_bkhw.shape[0], -1, 4, cells).permute(0, 1, 3, 2).flatten(1, 2)
        place_bm = self.group_k[classes_bm] * cells + cell_bm
        sides_bm4 = sides_bf4.gather(1, place_bm[:, :, None].expand(-1, -1, 4))
        return Decoded(_boxes(middle_bm2, sides_bm4), scores_bm, classes_bm)


def _fall(away_o: Tensor, side_n1: Tensor) -> Tensor:
    """How high a bump is, some cells away from the centre of a box with this side (n, o); 0 beyond its reach."""
    reach_n1 = (side_n1 * REACH).clamp(min=0.7)
    height_no = torch.exp(-(away_o**2) / (2 * (reach_n1 / 2) ** 2))
    return torch.where(away_o.abs() <= reach_n1, height_no, torch.zeros_like(height_no))


def _bump(cell_n: Tensor, side_n: Tensor, cells: int) -> Tensor:
    """The bumps of all boxes along one axis, float32 (n, cells)."""
    away_nc = torch.arange(cells, device=cell_n.device) - cell_n[:, None]
    return _fall(away_nc, side_n[:, None])


def _boxes(middle_2: Tensor, sides_4: Tensor) -> Tensor:
    """Boxes (..., 4) from the middles of cells (..., 2) and the logarithms of the distances to the four sides."""
    reach_4 = torch.exp(sides_4.clamp(max=5.0)) * SIDE
    return torch.cat([middle_2 - reach_4[..., :2], middle_2 + reach_4[..., 2:]], dim=-1)
