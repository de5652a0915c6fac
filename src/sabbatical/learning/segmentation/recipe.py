"""How a network of masks is trained: the recipe of every network for images, and two questions of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from sabbatical.core.errors import BadInput
from sabbatical.learning.augmentation import Augmentation
from sabbatical.learning.config import DetectorConfig, HeadName
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.learning.segmentation.outcomes import outcomes
from sabbatical.taxonomy import SuperTaxonomy

Answer = Literal["sigmoid", "softmax"]


@dataclass(frozen=True)
class MaskRecipe(DetectorRecipe):
    """How a network of masks is trained; fields of boxes say nothing here.

    Attributes:
        answer: "sigmoid" asks of every pixel each class alone, "softmax" which one of all, see `segmentation.losses`.
        instances: whether it learns where one thing ends and the next begins.
    """

    head: HeadName = "masks"
    answer: Answer = "sigmoid"
    instances: bool = False
    steps: int = 600
    augmentation: Augmentation = field(default_factory=lambda: Augmentation(zoom=(0.8, 1.6)))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.answer not in ("sigmoid", "softmax"):
            raise BadInput(f"'answer' cannot be '{self.answer}'.", hint="Choose of: sigmoid, softmax.")
        if self.answer == "softmax" and self.models != "one":
            raise BadInput(f"A softmax is over all classes at once, so models cannot be '{self.models}'.")
        if self.completion or self.recalibrate:
            raise BadInput("Masks know no completion and no recalibration.", hint="Leave both out.")

    def config_for(self, tree: SuperTaxonomy, class_c: Sequence[int] | None = None) -> DetectorConfig:
        """See `DetectorRecipe.config_for`."""
        config = replace(super().config_for(tree, class_c), instances=self.instances)
        if self.answer == "sigmoid":
            return config
        parent_k: tuple[int, ...] = tuple(tree.parent_k.tolist())
        exhaustive_k = [node.exhaustive for node in tree.classes]
        outcome_s = outcomes(parent_k, exhaustive_k, flat=self.masking == "none")
        return replace(config, outcome_s=outcome_s, parent_k=parent_k)
