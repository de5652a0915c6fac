"""What D-FINE learns besides classes and boxes: where each side is, as chances of bins (Peng et al., D-FINE, 2024).

Legend: b images; q queries; p pairs; e = 4 p sides; c = 4 bins of the four sides; n bins of a side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from sabbatical.learning.hf.levels import Sides
from sabbatical.learning.set_prediction import Objects, Pairs, Predicted, corners, overlaps

COOL = 5.0
"""The temperature of the distillation."""


@dataclass(frozen=True, slots=True)
class Bins:
    """The bins of a side: how many, their spacing, and what the two losses count."""

    many: int
    scale: float
    reach: float
    fine: float
    distilled: float

    @classmethod
    def of(cls, settings: Any) -> Bins:
        return cls(
            settings.max_num_bins,
            settings.reg_scale,
            settings.up,
            settings.weight_loss_fgl,
            settings.weight_loss_ddf,
        )


def side_loss(predicted: Predicted, sides: Sides, pairs: Pairs, objects: Objects, bins: Bins) -> Tensor:
    """Cross-entropy with the two bins beside each drawn side (FGL), as sure as the box fits, summed."""
    from transformers.loss.loss_d_fine import bbox2distance  # noqa: PLC0415 - an optional extra

    at = pairs.image_p, pairs.query_p
    drawn_p4 = corners(objects.boxes_n4[pairs.object_p])
    reach = drawn_p4.new_tensor([bins.reach])
    with torch.no_grad():
        bin_e, right_e, left_e = bbox2distance(sides.start_bq4[at], drawn_p4, bins.many, bins.scale, reach)
    logits_en = sides.corners_bqc[at].reshape(-1, bins.many + 1)
    lower_e = bin_e.long()
    below_e = functional.cross_entropy(logits_en, lower_e, reduction="none")
    above_e = functional.cross_entropy(logits_en, lower_e + 1, reduction="none")
    weight_p = overlaps(predicted, pairs, objects) * objects.weight_n[pairs.object_p]
    loss: Tensor = (weight_p.repeat_interleave(4) * (left_e * below_e + right_e * above_e)).sum()
    return bins.fine * loss


def distillation(predicted: Predicted, sides: Sides, pairs: Pairs, objects: Objects, bins: Bins) -> Tensor:
    """How far a layer's sides are from those of the last layer (DDF).

    A mean over the batch by its nature: matched and other queries are weighed by the roots of their numbers, so that
    the parts of a batch do not add up to the whole. It says nothing of classes, and knows no masks.
    """
    at = pairs.image_p, pairs.query_p
    weight_bq = sides.sure_bq.clone()
    weight_bq[at] = overlaps(predicted, pairs, objects)
    matched_bq = torch.zeros_like(weight_bq, dtype=torch.bool)
    matched_bq[at] = True
    shape = (*weight_bq.shape, 4, bins.many + 1)
    ours, last = (functional.log_softmax(each.view(shape) / COOL, -1) for each in (sides.corners_bqc, sides.last_bqc))
    apart_bq = functional.kl_div(ours, last, reduction="none", log_target=True).sum((2, 3))
    loss_bq = COOL**2 * weight_bq * apart_bq
    total, roots = loss_bq.new_zeros(()), loss_bq.new_zeros(())
    for part_bq in (matched_bq, ~matched_bq):
        many = 4 * part_bq.sum()
        total = total + (loss_bq * part_bq).sum() / many.clamp(min=1).sqrt()
        roots = roots + many.sqrt()
    return bins.distilled * total / roots
