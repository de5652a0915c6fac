"""The optimiser: Muon for convolutions, AdamW for everything else; short trainings from nothing need half the steps.

Legend: o outputs of a convolution; i inputs times kernel cells.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.99)
MOMENTUM = 0.9
TINY = 1e-8


class Muon(torch.optim.Optimizer):
    """Steps along the orthogonal matrix nearest to the momentum (Jordan et al., Muon, 2024).

    So every direction of a convolution learns at one rate. Norms, biases, depthwise and last layers take steps of AdamW
    (Loshchilov and Hutter, 2019).

    Args:
        model: whose parameters to change.
        rate: the learning rate; the size of a step of Muon is matched to AdamW's, so that one rate serves both.
        weight_decay: of weights; norms and biases do not decay.
        orthogonal: False takes AdamW for all.
    """

    def __init__(self, model: nn.Module, rate: float, weight_decay: float, *, orthogonal: bool = True) -> None:
        groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
        last = {id(each.weight) for each in model.modules() if isinstance(each, nn.Conv2d) and each.bias is not None}
        for parameter in model.parameters():
            weight = parameter.ndim > 1
            wide = weight and min(parameter.shape[0], parameter[0].numel()) > 9 and id(parameter) not in last
            groups.setdefault((orthogonal and wide, weight), []).append(parameter)
        super().__init__(
            [
                {"params": params, "orthogonal": kind, "weight_decay": weight_decay if weight else 0.0}
                for (kind, weight), params in groups.items()
            ],
            {"lr": rate},
        )

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Change every parameter that has a gradient."""
        for group in self.param_groups:
            change = self._muon if group["orthogonal"] else self._adamw
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(change(self.state[parameter], parameter.grad), alpha=-group["lr"])

    @staticmethod
    def _muon(state: dict[str, Any], gradient: Tensor) -> Tensor:
        # One layout in memory, that of a checkpoint: sums over another order would end in other bits.
        gradient = gradient.contiguous()
        momentum: Tensor = state.setdefault("momentum", torch.zeros_like(gradient))
        momentum.lerp_(gradient, 1 - MOMENTUM)
        ahead = torch.lerp(gradient, momentum, MOMENTUM)
        longest = max(gradient.shape[0], gradient[0].numel())
        size = 0.2 * float(longest) ** 0.5
        step: Tensor = orthogonal(ahead.flatten(1)).view(gradient.shape) * size
        return step

    @staticmethod
    def _adamw(state: dict[str, Any], gradient: Tensor) -> Tensor:
        mean: Tensor = state.setdefault("mean", torch.zeros_like(gradient))
        square: Tensor = state.setdefault("square", torch.zeros_like(gradient))
        count = state.setdefault("count", torch.zeros(()))
        count += 1
        mean.lerp_(gradient, 1 - BETAS[0])
        square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        steps = float(count)
        spread: Tensor = (square / (1 - BETAS[1] ** steps)).sqrt_().add_(TINY)
        step: Tensor = mean / (1 - BETAS[0] ** steps) / spread
        return step


def orthogonal(matrix_oi: Tensor, rounds: int = 4) -> Tensor:
    """Nearly the orthogonal factor of a matrix: its singular values all brought near 1 by Newton-Schulz rounds.

    The polynomial is Jordan's, steep at 0; singular values end between about 0.5 and 1.2, which is near enough.
    """
    tall = matrix_oi.shape[0] > matrix_oi.shape[1]
    wide: Tensor = matrix_oi.T if tall else matrix_oi
    wide = wide / (wide.norm() + TINY)
    # All rounds act from the left, so they are gathered in the small square matrix before they meet the long one.
    gram, whole = wide @ wide.T, torch.eye(wide.shape[0], device=wide.device)
    for _ in range(rounds):
        factor = 2.0315 * gram @ gram - 4.775 * gram
        factor.diagonal().add_(3.4445)
        whole = factor @ whole
        gram = factor @ gram @ factor
    turned: Tensor = whole @ wide
    return turned.T if tall else turned
