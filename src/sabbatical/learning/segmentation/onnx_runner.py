"""An exported network of masks as a runner for `segment`: onnxruntime alone, without torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.onnx_runner import opened
from sabbatical.learning.segmentation.predict import Answers

CONFIG = "sabbatical-masks"
"""The entry of the file's metadata that holds the network's configuration."""

OUTPUTS = ("chances", "depths")


class OnnxMasks:
    """Runs a file that `export_masks` wrote.

    Args:
        file: the ONNX file, or its bytes.
        threads: of onnxruntime; None lets it choose.

    Raises:
        BadFile: the file is missing, damaged, or of another kind.
    """

    def __init__(self, file: Path | bytes, *, threads: int | None = None) -> None:
        self.session, self._config = opened(file, threads, CONFIG)

    @property
    def config(self) -> DetectorConfig:
        return self._config

    def __call__(self, images_bhwc: NDArray[np.uint8]) -> Answers:
        return Answers(*self.session.run(list(OUTPUTS), {"images": images_bhwc}))
