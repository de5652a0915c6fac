"""A network of masks as one ONNX file that needs no torch: pixels in, chances and depths out."""

from __future__ import annotations

import json
from pathlib import Path

from torch import Tensor, nn

from sabbatical.learning.export import write_onnx
from sabbatical.learning.joined import Network
from sabbatical.learning.segmentation.onnx_runner import CONFIG, OUTPUTS
from sabbatical.learning.segmentation.runners import answers


class _Whole(nn.Module):
    """The network and its answers as one graph."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, images_bhwc: Tensor) -> tuple[Tensor, Tensor]:
        return answers(self.network, images_bhwc)


def export_masks(file: Path, network: Network) -> None:
    """Write a network of masks as ONNX, its configuration inside; `OnnxMasks` reads it. Raises StorageFull.

    Input `images`: uint8 RGB (b, h, w, 3) of the canvas's size. Outputs, see `predict.Answers`: `chances` float32
    (b, h, w, k), `depths` float32 (b, h, w, 1 or 0).
    """
    config = network.config
    write_onnx(file, _Whole(network.eval().cpu()), OUTPUTS, config.canvas, {CONFIG: json.dumps(config.to_dict())})
