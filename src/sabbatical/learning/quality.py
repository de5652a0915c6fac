"""Losses whose positive target is how well the box fits, with the same masks as `losses.masked_focal`.

Both sum; divide once by the number of assigned anchors. Legend: b images; a anchors; k classes; m mask width, k or 1.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def masked_varifocal(
    logits_bak: Tensor,
    target_bak: Tensor,
    mask_bam: Tensor,
    quality_ba: Tensor,
    *,
    alpha: float = 0.75,
    gamma: float = 2.0,
) -> Tensor:
    """Varifocal loss (Zhang et al., VarifocalNet, 2021), summed where the mask is 1.

    A positive aims at its quality and weighs as much; a negative weighs alpha * chance ** gamma.

    Args:
        logits_bak: float32.
        target_bak: float32 in {0, 1}.
        mask_bam: float32 in {0, 1}; a masked entry has a gradient of exactly zero.
        quality_ba: float32 in 0..1, the IoU of each anchor's box with the one it is assigned to; no gradient.
        alpha: weight of negatives.
        gamma: how fast easy negatives lose their weight.
    """
    aim_bak = target_bak * quality_ba[..., None]
    weight_bak = alpha * torch.sigmoid(logits_bak.detach()) ** gamma * (1.0 - target_bak) + aim_bak
    cross_bak = functional.binary_cross_entropy_with_logits(logits_bak, aim_bak, reduction="none")
    return (mask_bam * weight_bak * cross_bak).sum()


def masked_quality_focal(
    logits_bak: Tensor, target_bak: Tensor, mask_bam: Tensor, quality_ba: Tensor, *, beta: float = 2.0
) -> Tensor:
    """Quality focal loss (Li et al., Generalized Focal Loss, 2020), summed where the mask is 1.

    An entry weighs |quality - chance| ** beta. Arguments as `masked_varifocal`.
    """
    aim_bak = target_bak * quality_ba[..., None]
    cross_bak = functional.binary_cross_entropy_with_logits(logits_bak, aim_bak, reduction="none")
    away_bak = (aim_bak - torch.sigmoid(logits_bak)).abs()
    return (mask_bam * away_bak**beta * cross_bak).sum()
