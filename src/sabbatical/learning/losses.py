"""Losses that sum; one place divides.

A masked loss must not be averaged batch by batch: the mean of means depends on how the data were cut. Every term here
is a sum over anchors, and `LossSums.mean` divides once by the number of assigned anchors of everything that was summed.

Legend: b images; a anchors; k classes; p cells of a map; q pairs of a predicted and a drawn box; m mask width, k or 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, slots=True)
class LossSums:
    """Sums over any part of the data, and the number they are to be divided by.

    Attributes:
        classification: scalar.
        box: scalar.
        assigned: scalar, anchors (or objects) that were assigned.
    """

    classification: Tensor
    box: Tensor
    assigned: Tensor

    def __add__(self, other: LossSums) -> LossSums:
        return LossSums(
            self.classification + other.classification, self.box + other.box, self.assigned + other.assigned
        )

    def mean(self, box_gain: float) -> Tensor:
        """The loss: both sums over the assigned anchors, the box part weighted."""
        return (self.classification + box_gain * self.box) / self.assigned.clamp(min=1.0)


def masked_focal(
    logits_bak: Tensor, target_bak: Tensor, mask_bam: Tensor, *, alpha: float = 0.25, gamma: float = 2.0
) -> Tensor:
    """Sigmoid focal loss (Lin et al., 2017), summed where the mask is 1.

    Args:
        logits_bak: float32.
        target_bak: float32 in {0, 1}.
        mask_bam: float32 in {0, 1}; a masked entry has a gradient of exactly zero.
        alpha: weight of positives; negatives have 1 - alpha.
        gamma: how fast easy entries lose their weight.
    """
    cross_bak = functional.binary_cross_entropy_with_logits(logits_bak, target_bak, reduction="none")
    wrong_bak = torch.sigmoid(torch.where(target_bak > 0.5, -logits_bak, logits_bak))
    side_bak = alpha * target_bak + (1.0 - alpha) * (1.0 - target_bak)
    return (mask_bam * side_bak * wrong_bak**gamma * cross_bak).sum()


def recalibrated(logits: Tensor, target: Tensor, background: Tensor, confused: float) -> Tensor:
    """Targets with 1 where nothing was drawn and the model is nonetheless sure that there is something.

    Background recalibration (Zhang et al., Solving Missing-Annotation Object Detection with Background Recalibration
    Loss, ICASSP 2020, arXiv 2002.05274): from a confidence on, the negative branch of the loss is replaced by the
    mirror of the positive one, which is what a target of 1 makes of any focal loss.

    Args:
        logits: float32, any shape.
        target: float32, of that shape.
        background: bool, entries that are 0 only because nothing was drawn there.
        confused: the chance from which the model is believed; 1 for never.
    """
    believed = background & (torch.sigmoid(logits.detach()) > confused)
    return torch.where(believed, torch.ones_like(target), target)


def masked_heat(
    logits_bkp: Tensor, heat_bkp: Tensor, mask_bmp: Tensor, *, alpha: float = 2.0, beta: float = 4.0
) -> Tensor:
    """Penalty-reduced focal loss of heat maps (Zhou et al., Objects as Points, 2019), summed where the mask is 1.

    Args:
        logits_bkp: float32.
        heat_bkp: float32; exactly 1 at centres, below 1 around them, where negatives count less.
        mask_bmp: float32 in {0, 1}; a masked entry has a gradient of exactly zero.
        alpha: how fast easy entries lose their weight.
        beta: how fast negatives gain weight away from a centre.
    """
    yes_bkp = functional.logsigmoid(logits_bkp)
    no_bkp = yes_bkp - logits_bkp
    heat_p = torch.sigmoid(logits_bkp)
    positive = (1.0 - heat_p) ** alpha * yes_bkp
    negative = (1.0 - heat_bkp) ** beta * heat_p**alpha * no_bkp
    return -(mask_bmp * torch.where(heat_bkp == 1.0, positive, negative)).sum()


def iou_loss(boxes_q4: Tensor, drawn_q4: Tensor, *, floor: float = 1e-6) -> Tensor:
    """1 - GIoU of pairs of boxes (Rezatofighi et al., 2019), float32 (q,), in 0..2.

    Args:
        boxes_q4: predicted, (x0, y0, x1, y1) with x1 >= x0 and y1 >= y0.
        drawn_q4: likewise.
        floor: keeps empty boxes from dividing by zero.
    """
    inner_q2 = torch.minimum(boxes_q4[:, 2:], drawn_q4[:, 2:]) - torch.maximum(boxes_q4[:, :2], drawn_q4[:, :2])
    outer_q2 = torch.maximum(boxes_q4[:, 2:], drawn_q4[:, 2:]) - torch.minimum(boxes_q4[:, :2], drawn_q4[:, :2])
    overlap_q = inner_q2.clamp(min=0).prod(1)
    union_q = (boxes_q4[:, 2:] - boxes_q4[:, :2]).prod(1) + (drawn_q4[:, 2:] - drawn_q4[:, :2]).prod(1) - overlap_q
    hull_q = outer_q2.prod(1)
    giou_q = overlap_q / union_q.clamp(min=floor) - (hull_q - union_q) / hull_q.clamp(min=floor)
    return 1.0 - giou_q
