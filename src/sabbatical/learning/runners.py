"""A detector of torch as a runner for `predict`."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.joined import Network
from sabbatical.learning.predict import Places


class TorchRunner:
    """Runs a detector where its weights are; it is switched to evaluation."""

    def __init__(self, detector: Network) -> None:
        self.detector = detector.eval()
        self.device = next(detector.parameters()).device

    @property
    def config(self) -> DetectorConfig:
        return self.detector.config

    @torch.inference_mode()
    def __call__(self, images_bhwc: NDArray[np.uint8]) -> Places:
        outputs = self.detector(torch.from_numpy(images_bhwc).to(self.device))
        decoded = self.detector.decode(outputs, self.config.places)
        return Places(*(part.cpu().numpy() for part in decoded))
