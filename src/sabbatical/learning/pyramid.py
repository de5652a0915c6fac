"""Feature pyramids: every level learns from coarser ones (and, in the second kind, from finer ones too)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from sabbatical.learning.layers import ConvNorm, Separable, double


class TopDown(nn.Module):
    """Coarse features added to finer ones, down to the finest (Lin et al., 2017); returns that one alone.

    Args:
        inputs: channels of the maps, finest first; each map has half the cells of the one before a side.
        widths: channels on the way down, likewise finest first.
    """

    def __init__(self, inputs: tuple[int, ...], widths: tuple[int, ...]) -> None:
        super().__init__()
        self.sides = nn.ModuleList(ConvNorm(i, w, kernel=1) for i, w in zip(inputs, widths, strict=True))
        self.downs = nn.ModuleList(ConvNorm(upper, w, kernel=1) for w, upper in pairwise(widths))
        self.mixes = nn.ModuleList(Separable(w, w) for w in widths[:-1])

    def forward(self, maps: list[Tensor]) -> Tensor:
        map_bchw: Tensor = self.sides[-1](maps[-1])
        for level in range(len(maps) - 2, -1, -1):
            height, width = maps[level].shape[2:]
            coarse_bchw = double(self.downs[level](map_bchw), height, width)
            map_bchw = self.mixes[level](self.sides[level](maps[level]) + coarse_bchw)
        return map_bchw


class _Fuse(nn.Module):
    """A weighted mean of maps of one size, weights kept positive, then a mix (Tan et al., EfficientDet, 2020)."""

    def __init__(self, count: int, width: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.ones(count))
        self.mix = Separable(width, width)

    def forward(self, *maps: Tensor) -> Tensor:
        weights = functional.relu(self.weights)
        shares = weights / (weights.sum() + 1e-4)
        mixed: Tensor = self.mix(sum((share * each for share, each in zip(shares, maps, strict=True)), torch.zeros(())))
        return mixed


class BiFPN(nn.Module):
    """Top-down, then bottom-up, with learned weights (Tan et al., EfficientDet, 2020).

    Args:
        inputs: channels of the maps, finest first.
        width: channels of every level of the result.
        repeats: how often to go down and up.
    """

    def __init__(self, inputs: tuple[int, ...], width: int, repeats: int) -> None:
        super().__init__()
        levels = len(inputs)
        self.sides = nn.ModuleList(ConvNorm(each, width, kernel=1, active=False) for each in inputs)
        self.rounds = nn.ModuleList(_Round(levels, width) for _ in range(repeats))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        levels = [side(each) for side, each in zip(self.sides, maps, strict=True)]
        for each in self.rounds:
            levels = each(levels)
        return levels


class _Round(nn.Module):
    """Down from the coarsest level and up again."""

    def __init__(self, levels: int, width: int) -> None:
        super().__init__()
        self.downs = nn.ModuleList(_Fuse(2, width) for _ in range(levels - 1))
        self.ups = nn.ModuleList(_Fuse(2 if level == levels - 1 else 3, width) for level in range(1, levels))

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        down = [levels[-1]]
        for level in range(len(levels) - 2, -1, -1):
            height, width = levels[level].shape[2:]
            down.insert(0, self.downs[level](levels[level], double(down[0], height, width)))
        up = [down[0]]
        for level in range(1, len(levels)):
            finer = functional.max_pool2d(up[-1], 3, 2, 1)
            between = [down[level]] if level < len(levels) - 1 else []
            up.append(self.ups[level - 1](levels[level], *between, finer))
        return up
