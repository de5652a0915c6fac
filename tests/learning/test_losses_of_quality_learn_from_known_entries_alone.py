"""Varifocal and quality focal loss with masks: the definitions, masked entries, and sums that add up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from sabbatical.learning import masked_quality_focal, masked_varifocal

torch.manual_seed(0)
LOGITS, MASK, QUALITY = torch.randn(3, 5, 4), (torch.rand(3, 5, 4) > 0.5).float(), torch.rand(3, 5)
TARGET = (torch.rand(3, 5, 4) > 0.6).float()
LOSSES: dict[str, Callable[..., Tensor]] = {"varifocal": masked_varifocal, "quality focal": masked_quality_focal}


@pytest.mark.parametrize("name", LOSSES)
def test_masked_entries_have_gradients_of_exactly_zero_and_the_others_are_as_without_a_mask(name: str) -> None:
    logits = LOGITS.clone().requires_grad_()
    (masked,) = torch.autograd.grad(LOSSES[name](logits, TARGET, MASK, QUALITY), logits)
    (plain,) = torch.autograd.grad(LOSSES[name](logits, TARGET, torch.ones(3, 5, 1), QUALITY), logits)
    assert (masked[MASK == 0] == 0).all() and (masked[MASK == 1] != 0).all()
    assert torch.equal(masked[MASK == 1], plain[MASK == 1])


@pytest.mark.parametrize("name", LOSSES)
def test_parts_add_up_and_the_order_of_classes_does_not_matter(name: str) -> None:
    loss = LOSSES[name]
    whole = loss(LOGITS, TARGET, MASK, QUALITY)
    parts = sum(loss(LOGITS[[b]], TARGET[[b]], MASK[[b]], QUALITY[[b]]) for b in range(3))
    torch.testing.assert_close(parts, whole, rtol=1e-6, atol=0)
    order = [2, 0, 3, 1]
    turned = loss(LOGITS[..., order], TARGET[..., order], MASK[..., order], QUALITY)
    torch.testing.assert_close(turned, whole, rtol=1e-6, atol=0)


def test_the_losses_are_those_of_their_papers() -> None:
    """Entry by entry, in double precision, from the formulas as they are printed."""
    p, q, y = torch.sigmoid(LOGITS.double()), QUALITY.double()[..., None], TARGET.double()
    varifocal = torch.where(y > 0, -q * (q * p.log() + (1 - q) * (1 - p).log()), -0.75 * p**2 * (1 - p).log())
    aim = y * q
    quality = -((aim - p).abs() ** 2) * ((1 - aim) * (1 - p).log() + aim * p.log())
    for name, expected in (("varifocal", varifocal), ("quality focal", quality)):
        found = LOSSES[name](LOGITS, TARGET, MASK, QUALITY).double()
        torch.testing.assert_close(found, (MASK * expected).sum(), rtol=1e-5, atol=0)
