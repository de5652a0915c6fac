"""Muon's step has no strong and weak directions; what is no matrix steps as AdamW does."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from sabbatical.learning.optimizer import Muon, orthogonal


@pytest.mark.parametrize("shape", [(16, 144), (48, 16), (32, 32)])
def test_all_directions_of_a_step_have_nearly_one_length(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    uneven = left @ torch.diag(torch.logspace(0, -1.5, min(shape))) @ right
    lengths = torch.linalg.svdvals(orthogonal(uneven))
    assert float(lengths.min()) > 0.3 and float(lengths.max()) < 1.3
    torch.testing.assert_close(orthogonal(uneven * 1000), orthogonal(uneven), rtol=1e-4, atol=1e-5)


def test_without_orthogonal_steps_it_is_adamw() -> None:
    torch.manual_seed(0)
    ours, theirs = nn.Conv2d(12, 16, 3, bias=False), nn.Conv2d(12, 16, 3, bias=False)
    theirs.load_state_dict(ours.state_dict())
    muon = Muon(ours, 0.01, 0.1, orthogonal=False)
    adamw = torch.optim.AdamW(theirs.parameters(), lr=0.01, betas=(0.9, 0.99), weight_decay=0.1)
    for _ in range(5):
        image = torch.randn(2, 12, 8, 8)
        for model, optimizer in ((ours, muon), (theirs, adamw)):
            optimizer.zero_grad()
            model(image).square().sum().backward()
            optimizer.step()
    torch.testing.assert_close(ours.weight, theirs.weight)


def test_norms_and_biases_do_not_decay_and_last_layers_are_not_made_orthogonal() -> None:
    model = nn.Sequential(nn.Conv2d(16, 16, 3, bias=False), nn.BatchNorm2d(16), nn.Conv2d(16, 16, 1))
    groups = {id(each): group for group in Muon(model, 0.1, 0.5).param_groups for each in group["params"]}
    kinds = [(groups[id(each)]["orthogonal"], groups[id(each)]["weight_decay"]) for each in model.parameters()]
    assert kinds == [(True, 0.5), (False, 0.0), (False, 0.0), (False, 0.5), (False, 0.0)]
