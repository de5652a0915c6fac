"""The network's trunk: a small residual network that learns from nothing in minutes."""

from __future__ import annotations

from torch import Tensor, nn

from sabbatical.learning.layers import ConvNorm, Residual

STRIDES = (4, 8, 16, 32)
"""Pixels a cell of each feature map."""


class Backbone(nn.Module):
    """Images to feature maps at strides 4, 8, 16 and 32.

    Args:
        widths: channels at strides 2, 4, 8, 16 and 32.
        depths: residual blocks at strides 4, 8, 16 and 32.
        fine: whether the map at stride 2 is wanted too, before the others.
    """

    def __init__(self, widths: tuple[int, ...], depths: tuple[int, ...], *, fine: bool = False) -> None:
        super().__init__()
        self.fine = fine
        self.stem = ConvNorm(3, widths[0], stride=2)
        self.stages = nn.ModuleList(
            nn.Sequential(ConvNorm(below, width, stride=2), *(Residual(width) for _ in range(depth)))
            for below, width, depth in zip(widths[:-1], widths[1:], depths, strict=True)
        )

    def forward(self, images_bchw: Tensor) -> list[Tensor]:
        map_bchw = self.stem(images_bchw)
        maps = [map_bchw] if self.fine else []
        for stage in self.stages:
            map_bchw = stage(map_bchw)
            maps.append(map_bchw)
        return maps
