"""A training that runs away ends at once and in words, and nothing good is replaced by what it has become."""

from __future__ import annotations

import math

import torch
from torch import nn

from sabbatical.core.errors import Diverged


def check_loss(loss: float, step: int, rate: float) -> float:
    """The loss of a step. Raises Diverged when it is no number any more; `rate` is the learning rate at its highest."""
    if not math.isfinite(loss):
        raise _diverged("The loss is", step, rate)
    return loss


def check_weights(modules: tuple[nn.Module, ...], step: int, rate: float) -> None:
    """Raises Diverged when a weight is no number any more."""
    if not all(bool(torch.isfinite(each).all()) for module in modules for each in module.state_dict().values()):
        raise _diverged("A weight is", step, rate)


def _diverged(what: str, step: int, rate: float) -> Diverged:
    return Diverged(
        f"{what} no number any more at step {step}: the training diverged, and no model was made of it.",
        hint=f"Lower the learning rate (now {rate:g}), or look for damaged data. Checkpoints from before are kept.",
    )
