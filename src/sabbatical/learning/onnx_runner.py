"""An exported detector as a runner for `predict`: onnxruntime alone, without torch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from sabbatical.core.errors import BadFile
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.predict import Places

CONFIG = "sabbatical-detector"
"""The entry of the file's metadata that holds the detector's configuration."""

OUTPUTS = ("boxes", "scores", "classes")


class OnnxRunner:
    """Runs a file that `export_onnx` wrote.

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

    def __call__(self, images_bhwc: NDArray[np.uint8]) -> Places:
        return Places(*self.session.run(list(OUTPUTS), {"images": images_bhwc}))


def opened(file: Path | bytes, threads: int | None, kind: str) -> tuple[onnxruntime.InferenceSession, DetectorConfig]:
    """The session of an ONNX file and the configuration that its metadata hold under `kind`. Raises BadFile."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 3
    given = file if isinstance(file, bytes) else str(file)
    where = None if isinstance(file, bytes) else str(file)
    try:
        session = onnxruntime.InferenceSession(given, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's exceptions share no base class
        raise BadFile(f"The model cannot be read ({error}).", where=where, hint="Export it again.") from error
    stored = session.get_modelmeta().custom_metadata_map.get(kind)
    if stored is None:
        raise BadFile("The model was not exported by Sabbatical.", where=where)
    return session, DetectorConfig.from_dict(json.loads(stored))
