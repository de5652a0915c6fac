"""The many answers of one network, each a set of its own: decoder layers, the encoder's choice, denoising queries.

Which answers of D-FINE go together is as the library's own loss has it (5.23): corners are paired with the answer one
layer before them, and the last of the longer list is left out.

Legend: b images; q queries; k classes; c numbers that describe the four sides; s layers; p pairs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from sabbatical.learning.set_prediction import Objects, Pairs, Predicted


class Sides(NamedTuple):
    """How D-FINE tells where sides are: logits over bins for each side, and the boxes that they start from.

    corners_bqc, last_bqc: float32, of this layer and of the last, which teaches it. start_bq4: float32, centre and
    sides in parts of the canvas. sure_bq: float32 in 0..1, the last layer's best chance.
    """

    corners_bqc: Tensor
    start_bq4: Tensor
    last_bqc: Tensor
    sure_bq: Tensor


class Level(NamedTuple):
    predicted: Predicted
    sides: Sides | None = None


class Levels(NamedTuple):
    """Answers that are matched, those of denoising queries, and what the library tells of the latter."""

    free: list[Level]
    denoised: list[Level]
    meta: dict[str, Any] | None


def levels(found: Any) -> Levels:
    """All answers in the output of the library's RTDetrV2Model or DFineModel, float32."""
    meta = found.denoising_meta_values
    first = meta["dn_num_split"][0] if meta else 0
    encoder = Level(_predicted(found.enc_topk_logits, found.enc_topk_bboxes))
    free = [*_layers(found, slice(first, None)), encoder]
    return Levels(free, _layers(found, slice(0, first), denoising=True) if meta else [], meta)


def denoising_pairs(meta: dict[str, Any], objects: Objects) -> Pairs:
    """Which object each denoising query was made of: those of an image stand group after group."""
    groups, of_image = meta["dn_num_group"], meta["dn_positive_idx"]
    device = objects.image_n.device
    counts_b = objects.image_n.bincount(minlength=len(objects.taxonomy_b))
    starts_b = counts_b.cumsum(0) - counts_b
    object_p = [
        torch.arange(start, start + count, device=device).repeat(groups)
        for start, count in zip(starts_b.tolist(), counts_b.tolist(), strict=True)
    ]
    image_p = torch.arange(len(counts_b), device=device).repeat_interleave(counts_b * groups)
    return Pairs(image_p, torch.cat(list(of_image)).to(device), torch.cat(object_p))


def _layers(found: Any, queries: slice, *, denoising: bool = False) -> list[Level]:
    """The answers of the decoder for some of the queries."""
    logits_bsqk, boxes_bsq4 = (
        found.intermediate_logits[:, :, queries],
        found.intermediate_reference_points[:, :, queries],
    )
    answers = [_predicted(logits_bsqk[:, s], boxes_bsq4[:, s]) for s in range(logits_bsqk.shape[1])]
    if found.intermediate_predicted_corners is None:
        return [Level(each) for each in answers]
    corners_bsqc = found.intermediate_predicted_corners[:, :, queries].float()
    start_bsq4 = found.initial_reference_points[:, :, queries].float()
    sure_bq = torch.sigmoid(answers[-1].logits_bqk.detach()).amax(2)
    many = corners_bsqc.shape[1]
    described = [
        Level(answers[s], Sides(corners_bsqc[:, s], start_bsq4[:, s].detach(), corners_bsqc[:, -1].detach(), sure_bq))
        for s in range(many if denoising else many - 1)
    ]
    return described if denoising else [*described, Level(answers[-1])]


def _predicted(logits_bqk: Tensor, boxes_bq4: Tensor) -> Predicted:
    return Predicted(logits_bqk.float(), boxes_bq4.float())
