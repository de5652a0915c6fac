"""What decides the shape of a detector; free of torch, so that a server without it can read it.

Legend: k classes; c output columns, one a class unless told otherwise; g groups of box outputs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from sabbatical.core.errors import BadInput

HeadName = Literal["centre", "anchor", "masks", "rt-detr-v2", "d-fine"]
HEADS: tuple[str, ...] = get_args(HeadName)
SET_HEADS = ("rt-detr-v2", "d-fine")
"""Whole networks of the `transformers` library, which answer with a set of boxes; see `hf`."""
SHAPE = ("head", "widths", "depths", "pyramid", "network", "outcome_s", "instances")


@dataclass(frozen=True)
class DetectorConfig:
    """Everything that decides a detector's shape; stored beside its weights.

    Attributes:
        classes: names in the order of the super-taxonomy.
        group_k: which group of box outputs each column uses, 0..g-1.
        class_c: which class each column tells, where several tell one class (a head for each taxonomy) or some classes
            have none (a model of one customer); empty for one column a class, in their order.
        canvas: (height, width) in pixels that every image is fitted to.
        head: "centre" or "anchor"; "masks", which answers pixel by pixel; or a whole network of the `transformers`
            library: "rt-detr-v2" or "d-fine".
        widths: channels at strides 2, 4, 8, 16 and 32.
        depths: residual blocks at strides 4, 8, 16 and 32.
        pyramid: channels of the pyramid, finest first (the anchor head uses the first).
        anchor: side of the smallest anchor in cells.
        places: best places of an image that become boxes, and so the most that can be found in it.
        network: settings of a network of the `transformers` library, as JSON; empty for one made of the fields above.
        outcome_s: of masks by a softmax, its outcomes, see `segmentation.outcomes`; empty: each class is asked alone.
        parent_k: with outcomes, the column of each class's parent, -1 for a root.
        instances: of masks, whether one thing is told from the next.
    """

    classes: tuple[str, ...]
    group_k: tuple[int, ...]
    canvas: tuple[int, int]
    class_c: tuple[int, ...] = ()
    head: HeadName = "centre"
    widths: tuple[int, ...] = (16, 32, 64, 128, 192)
    depths: tuple[int, ...] = (0, 1, 1, 1)
    pyramid: tuple[int, ...] = (48, 64, 96, 128)
    anchor: float = 2.5
    places: int = 300
    network: str = ""
    outcome_s: tuple[int, ...] = ()
    parent_k: tuple[int, ...] = ()
    instances: bool = False

    def __post_init__(self) -> None:
        if not self.classes or len(self.group_k) != len(self.class_c or self.classes):
            raise BadInput(f"A detector of {len(self.classes)} classes needs as many box groups: {self.group_k}.")
        if not set(self.class_c) <= set(range(len(self.classes))):
            raise BadInput(f"Columns tell classes that are not there: {self.class_c} of {len(self.classes)}.")
        if sorted(set(self.group_k)) != list(range(max(self.group_k) + 1)):
            raise BadInput(f"Box groups must be numbered 0, 1, ... without a gap: {self.group_k}.")
        if self.outcome_s and (self.class_c or len(self.parent_k) != len(self.classes)):
            raise BadInput("A softmax is over all classes at once, and needs the parent of each.")
        if len(self.widths) != 5 or len(self.depths) != 4 or len(self.pyramid) != 4:
            raise BadInput("A detector has five widths, four depths and four pyramid widths.")
        if min(self.canvas) < 32:
            raise BadInput(f"A canvas of {self.canvas[0]} x {self.canvas[1]} is too small.", hint="Take 32 or more.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> DetectorConfig:
        """Raises BadInput for fields that do not belong or contradict each other."""
        members: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in stored.items()}
        try:
            return cls(**members)
        except TypeError as error:
            raise BadInput(f"This is no configuration of a detector: {error}.") from error


def misfits(old: DetectorConfig, new: DetectorConfig) -> dict[str, str]:
    """Why a detector cannot go on from another's weights, in words by field; empty where it can.

    Classes are matched by name, and the canvas may be another, since convolutions fit any.
    """
    fields = (*SHAPE, "anchor") if new.head == "anchor" else SHAPE
    pairs = {name: (getattr(old, name), getattr(new, name)) for name in fields}
    wrong = {name: f"{name} was {_told(was)}, is {_told(now)}" for name, (was, now) in pairs.items() if was != now}
    return wrong if "network" not in wrong else wrong | {"network": "network has other settings"}


def _told(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
