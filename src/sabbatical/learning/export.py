"""A detector as one ONNX file that needs no torch: pixels in, places out, any number of images at once."""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from sabbatical.core.files import write_whole
from sabbatical.learning.joined import Network
from sabbatical.learning.onnx_runner import CONFIG, OUTPUTS, OnnxRunner
from sabbatical.learning.runners import TorchRunner

OPSET = 18
APART = 1e-3
ENOUGH = 0.97  # of all places; of two cells beside each other with nearly one score, either may be the peak
LAST = 1e-5  # of score: those so near to the last one that was kept may have been left out


class _Whole(nn.Module):
    """The network and its decoding as one graph."""

    def __init__(self, detector: Network) -> None:
        super().__init__()
        self.detector = detector

    def forward(self, images_bhwc: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.detector.decode(self.detector(images_bhwc), self.detector.config.places)


def export_onnx(file: Path, detector: Network) -> None:
    """Write the detector as ONNX, its configuration inside; `OnnxRunner` reads it. Raises StorageFull.

    Input `images`: uint8 RGB (b, h, w, 3) of the canvas's size. Outputs `boxes` float32 (b, m, 4), `scores` float32
    (b, m), `classes` int64 (b, m): the best places of each image.
    """
    config = detector.config
    write_onnx(file, _Whole(detector.eval().cpu()), OUTPUTS, config.canvas, {CONFIG: json.dumps(config.to_dict())})


def write_onnx(
    file: Path, whole: nn.Module, outputs: Sequence[str], canvas: tuple[int, int], facts: dict[str, str]
) -> None:
    """Write a module that takes canvases, uint8 RGB (b, h, w, 3), as ONNX with facts inside. Raises StorageFull."""
    example = torch.zeros(2, *canvas, 3, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The older exporter takes two seconds for such a network, the newer one (dynamo) half a minute.
        torch.onnx.export(
            whole,
            (example,),
            str(Path(folder) / "model.onnx"),
            input_names=["images"],
            output_names=list(outputs),
            dynamic_axes={name: {0: "batch"} for name in ("images", *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(str(Path(folder) / "model.onnx"))
    onnx.helper.set_model_props(model, facts)
    write_whole(file, model.SerializeToString())


class Parity(NamedTuple):
    """How well an exported detector answers as the one it was made of.

    places: how many places of the detector were compared.
    same: how many of them the exported one has, within `APART`.
    difference: the largest of those, of a score, or of a box in parts of the canvas's longer side.
    """

    places: int
    same: int
    difference: float

    @property
    def good(self) -> bool:
        """Whether the file may be used in place of the detector.

        Rarely a place is missing though nothing is wrong: of two neighbouring cells whose heat is equal but for the
        last bit, one is the peak here and the other one there.
        """
        return self.same >= ENOUGH * self.places


def parity(file: Path, detector: Network, images_bhwc: Tensor) -> Parity:
    """Compare the answers of an exported detector.

    Each place of the detector is compared with the nearest one of its class of the exported detector, since places of
    equal scores may change their order; the last ones that were kept, for which this decides who is kept, are left out.

    Args:
        file: written by `export_onnx`.
        detector: the one it was made from.
        images_bhwc: uint8 RGB canvases.

    Raises:
        BadFile: the file cannot be read.
    """
    pixels = images_bhwc.numpy()
    ours, theirs = TorchRunner(detector)(pixels), OnnxRunner(file)(pixels)
    boxes_bmm = abs(ours.boxes_bm4[:, :, None] - theirs.boxes_bm4[:, None]).max(3) / max(detector.config.canvas)
    scores_bmm = abs(ours.scores_bm[:, :, None] - theirs.scores_bm[:, None])
    other_bmm = ours.classes_bm[:, :, None] != theirs.classes_bm[:, None]
    nearest_bm = np.where(other_bmm, np.inf, np.maximum(boxes_bmm, scores_bmm)).min(2)
    nearest_q = nearest_bm[ours.scores_bm > ours.scores_bm[:, -1:] + LAST]
    same_q = nearest_q <= APART
    return Parity(len(nearest_q), int(same_q.sum()), float(nearest_q[same_q].max(initial=0.0)))
