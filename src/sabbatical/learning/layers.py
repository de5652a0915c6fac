"""The few layers that backbones, pyramids and heads are made of."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional

RARE = -math.log(99.0)
"""The logit of a hundredth: what class outputs say at first, since nearly every place is background."""


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, *, groups: int = 1, active: bool = True
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs, momentum=0.1, eps=1e-4),
        ]
        super().__init__(*layers, *([nn.ReLU(inplace=True)] if active else []))


class Residual(nn.Module):
    """Two 3 x 3 convolutions around a shortcut (He et al., 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ConvNorm(width, width)
        self.second = ConvNorm(width, width, active=False)

    def forward(self, map_bchw: Tensor) -> Tensor:
        return functional.relu(map_bchw + self.second(self.first(map_bchw)))


class Separable(nn.Sequential):
    """A 3 x 3 convolution of each channel alone, then a mix of channels: a tenth of the arithmetic of a full one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(ConvNorm(inputs, inputs, groups=inputs, active=False), ConvNorm(inputs, outputs, kernel=1))


class Prediction(nn.Conv2d):
    """The last, 1 x 1 layer of a branch: at first it says `start` everywhere."""

    def __init__(self, inputs: int, outputs: int, start: float) -> None:
        super().__init__(inputs, outputs, 1)
        nn.init.normal_(self.weight, std=0.01)
        assert self.bias is not None
        nn.init.constant_(self.bias, start)


def double(map_bchw: Tensor, height: int, width: int) -> Tensor:
    """Twice the height and width by repetition, cut to the size of the map below (odd sizes lose a row or column)."""
    return functional.interpolate(map_bchw, scale_factor=2.0, mode="nearest")[:, :, :height, :width]
