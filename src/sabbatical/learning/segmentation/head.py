"""A U-shaped network's way up: from the trunk's maps to an answer for every pixel (Ronneberger et al., U-Net, 2015).

Legend: b images; h, w height and width in pixels; c output columns (classes or outcomes); k classes; s outcomes;
p = b * h * w places.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from sabbatical.core.errors import BadInput
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.heads import Columns, Decoded, Head, Outputs
from sabbatical.learning.layers import RARE, Prediction, Separable
from sabbatical.learning.loader import Batch
from sabbatical.learning.losses import LossSums
from sabbatical.learning.masking import MaskTables
from sabbatical.learning.pyramid import TopDown
from sabbatical.learning.segmentation.losses import (
    PlaceTables,
    depth_loss,
    marginal_cross_entropy,
    masked_cross_entropy,
)
from sabbatical.learning.segmentation.outcomes import members

FINE = 2
"""Pixels a cell of the finest map; each cell answers for all of its pixels."""


class MaskHead(Head):
    """Answers for every pixel: each class alone, or one of the outcomes of a softmax; and how deep in its thing it is.

    Args:
        inputs: channels of the trunk's maps at strides 2, 4, 8, 16 and 32.
        config: the network.
    """

    columns: ClassVar[dict[str, Columns]] = {"answer": Columns(FINE * FINE, "class", 1)}

    def __init__(self, inputs: tuple[int, ...], config: DetectorConfig) -> None:
        super().__init__()
        width = config.pyramid[0] // 2
        columns = len(config.outcome_s) or len(config.group_k)
        self.canvas = config.canvas
        self.pyramid = TopDown(inputs, (width, *config.pyramid))
        self.tower = Separable(width, width)
        self.answer = Prediction(width, FINE * FINE * columns, start=RARE)
        self.depth = Prediction(width, FINE * FINE, start=0.0) if config.instances else None
        member_sk = torch.from_numpy(members(config.outcome_s, config.parent_k))
        self.register_buffer("member_sk", member_sk, persistent=False)
        self.member_sk: Tensor
        if config.outcome_s:
            self.columns = {}  # type: ignore[misc] # outcomes are of one tree, and cannot be carried one by one
            assert self.answer.bias is not None
            nn.init.zeros_(self.answer.bias.detach().view(-1, columns)[:, 0])  # all is background at first

    def forward(self, maps: list[Tensor]) -> Outputs:
        """Logits (b, h, w, c), and logits of the depth (b, h, w, 1), or nothing in its place (b, h, w, 0)."""
        map_bchw = self.tower(self.pyramid(maps))
        answer_bhwc = self._pixels(self.answer, map_bchw)
        depth_bhwc = self._pixels(self.depth, map_bchw) if self.depth is not None else answer_bhwc[..., :0]
        return Outputs(answer_bhwc, depth_bhwc)

    def _pixels(self, last: nn.Module, map_bchw: Tensor) -> Tensor:
        """The answers of all cells, each spread over its own pixels and cut to the canvas."""
        cells_bhwc = last(map_bchw).permute(0, 2, 3, 1)
        batch, height, width, channels = cells_bhwc.shape
        spread = cells_bhwc.reshape(batch, height, width, FINE, FINE, channels // (FINE * FINE)).permute(
            0, 1, 3, 2, 4, 5
        )
        pixels_bhwc: Tensor = spread.reshape(batch, height * FINE, width * FINE, channels // (FINE * FINE))
        return pixels_bhwc[:, : self.canvas[0], : self.canvas[1]]

    def loss(self, outputs: Outputs, batch: Batch, tables: MaskTables) -> LossSums:
        """The loss of what each pixel shows, and (as `box`) that of its depth; assigned are pixels that say anything.

        Raises BadInput for a batch without masks.
        """
        if batch.rows_bhw is None:
            raise BadInput("Boxes alone were drawn, and a head of masks learns from pixels.", hint="Take another head.")
        places = PlaceTables.of(tables)
        row_p = batch.rows_bhw.flatten().long()
        place_p = places.place(batch.taxonomy_b.repeat_interleave(batch.rows_bhw[0].numel()), row_p)
        logits_pc = outputs.logits.float().flatten(0, 2)
        if len(self.member_sk):
            answer = marginal_cross_entropy(logits_pc, places.allowed(self.member_sk)[place_p])
        else:
            answer = masked_cross_entropy(logits_pc, places.target_qk[place_p], places.mask_qm[place_p])
        return LossSums(answer, self._depth_loss(outputs, batch, places, place_p), places.said_q[place_p].sum())

    @staticmethod
    def _depth_loss(outputs: Outputs, batch: Batch, places: PlaceTables, place_p: Tensor) -> Tensor:
        """Where somebody told things apart; that nothing is there, only who covers everything can tell."""
        if not outputs.boxes.shape[3] or batch.depth_bhw is None:
            return outputs.logits.new_zeros(())
        depth_p = batch.depth_bhw.flatten().float()
        drawn_q = places.target_qk.amax(1) > 0
        sure_q = drawn_q & (places.said_q > 0) | (places.mask_qm.amin(1) > 0)
        return depth_loss(outputs.boxes.float().flatten(), depth_p, sure_q[place_p] & ~depth_p.isnan())

    def chances(self, outputs: Outputs) -> Tensor:
        """The chance of every column, each alone (b, h, w, c), or by the softmax of every class (b, h, w, k)."""
        if len(self.member_sk):
            return torch.softmax(outputs.logits.float(), 3) @ self.member_sk
        return torch.sigmoid(outputs.logits.float())

    def decode(self, outputs: Outputs, keep: int) -> Decoded:
        raise BadInput("A head of masks answers by pixels, not by boxes.", hint="Use segmentation.predict.")
