"""A detector: a typed configuration made into a module, and run on images of any size.

Legend: b images; h, w height and width; c colour channels; k classes; m detections kept an image.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from sabbatical.core.errors import BadInput
from sabbatical.learning.anchor import AnchorHead
from sabbatical.learning.backbone import Backbone
from sabbatical.learning.centre import CentreHead
from sabbatical.learning.config import HEADS, SET_HEADS, DetectorConfig
from sabbatical.learning.heads import Decoded, Head, Outputs
from sabbatical.learning.segmentation.head import MaskHead


class Detector(nn.Module):
    """Images to raw outputs; `decode` makes detections of them."""

    def __init__(self, config: DetectorConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone, self.head = _parts(config)
        self.register_buffer("class_c", torch.tensor(config.class_c, dtype=torch.int64), persistent=False)
        self.class_c: Tensor
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images_bhwc: Tensor, hints: Any = None) -> Outputs:
        """Raw outputs for images of the canvas's size, uint8 RGB (b, h, w, 3); `hints` are the head's, to learn."""
        images_bchw = (images_bhwc.permute(0, 3, 1, 2).float() - self.head.zero) / self.head.spread
        maps = self.backbone(images_bchw)
        outputs: Outputs = self.head(maps) if hints is None else self.head(maps, hints)
        return outputs

    def decode(self, outputs: Outputs, keep: int) -> Decoded:
        """The `keep` best places of each image, with the class that each one's column tells."""
        decoded = self.head.decode(outputs, keep)
        if not self.config.class_c:
            return decoded
        return decoded._replace(classes_bm=self.class_c[decoded.classes_bm])

    @property
    def parameter_count(self) -> int:
        return sum(each.numel() for each in self.parameters())


def _parts(config: DetectorConfig) -> tuple[nn.Module, Head]:
    """The trunk and the head."""
    if config.head == "masks":
        return Backbone(config.widths, config.depths, fine=True), MaskHead(config.widths, config)
    if config.head in SET_HEADS:
        from sabbatical.learning.hf.head import SetHead  # noqa: PLC0415 - an optional extra, and seconds to import

        return nn.Identity(), SetHead(config)
    inputs, backbone = config.widths[1:], Backbone(config.widths, config.depths)
    if config.head == "anchor":
        return backbone, AnchorHead(inputs, config.pyramid[0], config.group_k, config.canvas, config.anchor)
    if config.head == "centre":
        return backbone, CentreHead(inputs, config.pyramid, config.group_k, config.canvas)
    raise BadInput(f"There is no head '{config.head}'.", hint=f"There are: {', '.join(HEADS)}.")
