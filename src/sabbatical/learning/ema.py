"""The average of a model over its last steps, which predicts better and more calmly than the model itself."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Model = TypeVar("Model", bound=nn.Module)


class Average(Generic[Model]):
    """Exponential moving average of parameters and running statistics.

    The first steps weigh more (the decay rises to its value), so that the random start is soon forgotten.
    """

    def __init__(self, model: Model, decay: float) -> None:
        self.decay = decay
        self.model = copy.deepcopy(model).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, model: Model, step: int) -> None:
        """Take in the model after its step number `step` (from 0)."""
        keep = min(self.decay, (1.0 + step) / (10.0 + step))
        pairs = list(zip(self.model.state_dict().values(), model.state_dict().values(), strict=True))
        floats = [(own, new) for own, new in pairs if own.is_floating_point()]
        torch._foreach_lerp_([own for own, _ in floats], [new for _, new in floats], 1.0 - keep)
        for own, new in pairs:
            if not own.is_floating_point():
                own.copy_(new)
