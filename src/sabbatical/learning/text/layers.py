"""The layers of the small network, and its masked loss.

Legend: b batch, d dimensions of the embedding, k classes, m members, i and o inputs and outputs.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, gelu

from sabbatical.learning.text.recipe import NetworkRecipe


class Layer(nn.Module):
    """One linear layer in each of m members: [m,b,i] to [m,b,o]."""

    def __init__(self, members: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)
        self.weight_mio = nn.Parameter(torch.empty(members, inputs, outputs).uniform_(-bound, bound))
        self.bias_m1o = nn.Parameter(torch.zeros(members, 1, outputs))

    def forward(self, input_mbi: Tensor) -> Tensor:
        return torch.baddbmm(self.bias_m1o, input_mbi, self.weight_mio)


class Network(nn.Module):
    """From an embedded text and its names of classes to the log odds of each class given its parent, by m members."""

    def __init__(self, recipe: NetworkRecipe, d: int, k: int) -> None:
        super().__init__()
        self.members = recipe.members
        self.drop = nn.Dropout(recipe.dropout)
        self.first = Layer(recipe.members, d + k, recipe.hidden)
        self.second = Layer(recipe.members, recipe.hidden, recipe.hidden)
        self.last = Layer(recipe.members, recipe.hidden, k)
        self.names = Layer(recipe.members, k, k)

    def forward(self, embedded_bd: Tensor, names_bk: Tensor) -> Tensor:
        names_mbk = names_bk.expand(self.members, -1, -1)
        embedded_mbd = self.drop(embedded_bd.expand(self.members, -1, -1))
        hidden = gelu(self.first(torch.cat([embedded_mbd, names_mbk], dim=2)))
        hidden = gelu(self.second(self.drop(hidden)))
        logits_mbk: Tensor = self.last(self.drop(hidden)) + self.names(names_mbk)
        return logits_mbk


def masked_loss(logits_mbk: Tensor, target_bk: Tensor, weight_bk: Tensor) -> Tensor:
    """Sum of weighted log losses over everything: a scalar; gradients are exactly zero where the weight is."""
    target_mbk = target_bk.expand_as(logits_mbk)
    return (weight_bk * binary_cross_entropy_with_logits(logits_mbk, target_mbk, reduction="none")).sum()
