"""What every head can do, so that a detector is a trunk and any head.

Legend: b images; k classes; g groups of box outputs; m detections kept an image.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal, NamedTuple

from torch import Tensor, nn

from sabbatical.learning.loader import Batch
from sabbatical.learning.losses import LossSums
from sabbatical.learning.masking import MaskTables


class Outputs(NamedTuple):
    """Raw outputs of a head over all its places: scores of classes and boxes of groups, in the head's own shapes."""

    logits: Tensor
    boxes: Tensor


class Decoded(NamedTuple):
    """The best places of each image, best first, before overlapping ones are removed.

    boxes_bm4: float32, pixels of the canvas, (x0, y0, x1, y1); scores_bm: float32 in 0..1; classes_bm: int64.
    """

    boxes_bm4: Tensor
    scores_bm: Tensor
    classes_bm: Tensor


class Columns(NamedTuple):
    """The channels of a last layer: `before` x (classes or groups) x `after`."""

    before: int
    of: Literal["class", "group"]
    after: int


class Head(nn.Module, ABC):
    """Features to outputs, outputs to a loss, outputs to detections.

    `columns` names the layers that have channels of their own for each class or group, and how these lie. `zero` and
    `spread` are what its trunk takes pixels minus, and by.
    """

    columns: ClassVar[dict[str, Columns]]
    zero: ClassVar[float] = 118.0  # roughly the mean and standard deviation of photographs' values;
    spread: ClassVar[float] = 60.0  # the network's first norm does the rest

    @abstractmethod
    def forward(self, maps: list[Tensor]) -> Outputs:
        """Raw outputs from the backbone's maps at strides 4, 8, 16 and 32."""

    def hints(self, batch: Batch, tables: MaskTables) -> Any:
        """What the network wants to know of a batch while it learns; most want nothing."""
        return None

    @abstractmethod
    def loss(self, outputs: Outputs, batch: Batch, tables: MaskTables) -> LossSums:
        """Sums of the losses of a batch, masked as the tables say."""

    @abstractmethod
    def decode(self, outputs: Outputs, keep: int) -> Decoded:
        """The `keep` best places of each image; made of operations that ONNX has."""
