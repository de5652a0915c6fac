"""Losses of places that show a class: pixels, points of a cloud, cells of anything. Each sums; one division at the end.

What a place can teach is a row of the tables of whoever drew it: a label's, that of background (nothing drawn), or the
last (nothing said), see `masking`. Two ways to learn from it:

- every class is asked alone (sigmoid): an entry that is not known has no loss, and a gradient of exactly zero;
- one of many outcomes is true (softmax): a row allows a set of them, all that agree with everything that is known, and
  the loss is -log of their common chance (marginal loss: Shi et al., Medical Image Analysis 2021, arXiv 2007.03868;
  Fidon et al., Label-set Loss Functions, MICCAI 2021, arXiv 2107.03846; Cermelli et al., CVPR 2020, arXiv 2002.00718).
  So the background of a taxonomy is the union of background and all that it does not cover, a coarse label that of all
  beneath it. What is not known has this for a zero gradient: the loss depends on the chance of the set alone, so how
  that is shared within the set is neither rewarded nor punished, and a row that allows everything has none at all.

Legend: p places; k classes; m mask width, k or 1; s outcomes; t taxonomies; r = l + 2 rows; q = t * r rows of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sabbatical.learning.masking import MaskTables


@dataclass(frozen=True, slots=True)
class PlaceTables:
    """The rows of every taxonomy, one taxonomy after the other.

    Attributes:
        target_qk: float32 {0, 1}.
        mask_qm: float32 {0, 1}; zeros for labels that are never trained on.
        rows: r, of each taxonomy.
    """

    target_qk: Tensor
    mask_qm: Tensor
    rows: int

    @classmethod
    def of(cls, tables: MaskTables) -> PlaceTables:
        mask_trm = tables.mask_trm.clone()
        mask_trm[:, : tables.background][tables.ignored_tl] = 0.0
        return cls(tables.target_trk.flatten(0, 1), mask_trm.flatten(0, 1), tables.target_trk.shape[1])

    def place(self, taxonomy_p: Tensor, row_p: Tensor) -> Tensor:
        """Rows (int64, p) of places from taxonomy and row, which counts from the end of its taxonomy if negative."""
        return taxonomy_p * self.rows + torch.where(row_p < 0, row_p + self.rows, row_p)

    @property
    def said_q(self) -> Tensor:
        """float32: 1 for rows that say anything."""
        return self.mask_qm.amax(1)

    def allowed(self, member_sk: Tensor) -> Tensor:
        """bool (q, s): the outcomes that agree with everything that a row knows.

        Args:
            member_sk: the classes that each outcome is, see `outcomes.members`.
        """
        known_qk = self.mask_qm.expand_as(self.target_qk)
        differs_qs = (known_qk[:, None] * (self.target_qk[:, None] - member_sk).abs()).amax(2)
        return differs_qs == 0


def masked_cross_entropy(logits_pk: Tensor, target_pk: Tensor, mask_pm: Tensor, *, gamma: float = 0.0) -> Tensor:
    """Binary cross entropy of every class, summed where the mask is 1; with `gamma` focal (Lin et al., 2017).

    Args:
        logits_pk: float32.
        target_pk: float32 {0, 1}.
        mask_pm: float32 {0, 1}; a masked entry has a gradient of exactly zero.
        gamma: how fast easy entries lose their weight; 0 weighs all alike.
    """
    cross_pk = functional.binary_cross_entropy_with_logits(logits_pk, target_pk, reduction="none")
    if gamma:
        cross_pk = cross_pk * torch.sigmoid(torch.where(target_pk > 0.5, -logits_pk, logits_pk)) ** gamma
    return (mask_pm * cross_pk).sum()


def marginal_cross_entropy(logits_ps: Tensor, allowed_ps: Tensor) -> Tensor:
    """-log of the common chance of the allowed outcomes, summed.

    Args:
        logits_ps: float32.
        allowed_ps: bool, at least one a place; a place that allows all has a gradient of exactly zero.
    """
    inside_ps = logits_ps.masked_fill(~allowed_ps, -torch.inf)
    return (torch.logsumexp(logits_ps, 1) - torch.logsumexp(inside_ps, 1)).sum()


def depth_loss(logit_p: Tensor, depth_p: Tensor, told_p: Tensor) -> Tensor:
    """Cross entropy of how deep inside its thing a place lies, summed where it is told.

    Args:
        logit_p: float32.
        depth_p: float32 in 0..1; what stands where it is not told does not matter, NaN included.
        told_p: bool.
    """
    wanted_p = torch.where(told_p, depth_p, torch.zeros_like(depth_p))
    cross_p = functional.binary_cross_entropy_with_logits(logit_p, wanted_p, reduction="none")
    return (told_p * cross_p).sum()
