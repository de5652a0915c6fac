"""A network of masks of torch as a runner for `segment`.

Legend: b images; h, w height and width; c columns; k classes.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sabbatical.core.errors import BadInput
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.detector import Detector
from sabbatical.learning.joined import Joined, Network
from sabbatical.learning.segmentation.head import MaskHead
from sabbatical.learning.segmentation.predict import Answers


class TorchMasks:
    """Runs a network of masks where its weights are; it is switched to evaluation."""

    def __init__(self, network: Network) -> None:
        self.network = network.eval()
        self.device = next(network.parameters()).device

    @property
    def config(self) -> DetectorConfig:
        return self.network.config

    @torch.inference_mode()
    def __call__(self, images_bhwc: NDArray[np.uint8]) -> Answers:
        chance_bhwk, depth_bhw1 = answers(self.network, torch.from_numpy(images_bhwc).to(self.device))
        return Answers(chance_bhwk.cpu().numpy(), depth_bhw1.cpu().numpy())


def answers(network: Network, images_bhwc: Tensor) -> tuple[Tensor, Tensor]:
    """Chances (b, h, w, k) and depths (b, h, w, 1 or 0) of canvases; of several networks the highest of each.

    Raises BadInput for a network of boxes.
    """
    if isinstance(network, Joined):
        found = [answers(each, images_bhwc) for each in network.detectors]
        chances, depths = zip(*found, strict=True)
        return torch.stack(chances).amax(0), torch.stack(depths).amax(0)
    return _of_one(network, images_bhwc)


def _of_one(network: Detector, images_bhwc: Tensor) -> tuple[Tensor, Tensor]:
    head = network.head
    if not isinstance(head, MaskHead):
        raise BadInput(f"The network has a head of boxes ('{network.config.head}').", hint="Train with head: masks.")
    outputs = network(images_bhwc)
    chance_bhwc, depth_bhw1 = head.chances(outputs), torch.sigmoid(outputs.boxes.float())
    class_c = network.config.class_c
    if not class_c:
        return chance_bhwc, depth_bhw1
    columns_k = [[c for c, own in enumerate(class_c) if own == k] for k in range(len(network.config.classes))]
    nothing_bhw = torch.zeros_like(chance_bhwc[..., 0])
    planes = [chance_bhwc[..., columns].amax(3) if columns else nothing_bhw for columns in columns_k]
    return torch.stack(planes, 3), depth_bhw1
