"""Several detectors that answer as one: a model for each customer, or for each class.

Legend: b images; h, w height and width; c colour channels; m places an image.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sabbatical.core.errors import BadInput
from sabbatical.learning.config import DetectorConfig
from sabbatical.learning.detector import Detector
from sabbatical.learning.heads import Decoded, Outputs


class Joined(nn.Module):
    """Every detector looks at every image; the best places of all are the places of the whole.

    Their scores were never learned against each other: they are comparable as far as each is calibrated.

    Raises:
        BadInput: the detectors are for other classes or canvases.
    """

    def __init__(self, detectors: Sequence[Detector]) -> None:
        super().__init__()
        faces = {(each.config.classes, each.config.canvas) for each in detectors}
        if len(faces) != 1:
            raise BadInput(f"Detectors of {len(faces)} different sets of classes or canvases cannot answer as one.")
        self.parts = nn.ModuleList(detectors)

    @property
    def detectors(self) -> list[Detector]:
        return [each for each in self.parts if isinstance(each, Detector)]

    @property
    def config(self) -> DetectorConfig:
        """The classes and the canvas, which all have in common; the shape is that of the first."""
        return self.detectors[0].config

    @property
    def parameter_count(self) -> int:
        return sum(each.parameter_count for each in self.detectors)

    def forward(self, images_bhwc: Tensor) -> list[Outputs]:
        return [each(images_bhwc) for each in self.detectors]

    def decode(self, outputs: Sequence[Outputs], keep: int) -> Decoded:
        """The `keep` best places of each image over all detectors, best first."""
        found = [each.decode(own, keep) for each, own in zip(self.detectors, outputs, strict=True)]
        boxes_bf4, scores_bf, classes_bf = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
        scores_bm, place_bm = scores_bf.topk(min(keep, scores_bf.shape[1]), dim=1)
        boxes_bm4 = boxes_bf4.gather(1, place_bm[:, :, None].expand(-1, -1, 4))
        return Decoded(boxes_bm4, scores_bm, classes_bf.gather(1, place_bm))


Network = Detector | Joined
"""Whatever turns images into places, as one file of weights."""
