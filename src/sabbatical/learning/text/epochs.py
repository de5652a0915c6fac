"""The training of the network: epochs whose every random choice follows from the seed and the number of the epoch.

Legend: n texts, b batch, d dimensions of the embedding, k classes, m members.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sabbatical.core.progress import Progress, check
from sabbatical.learning.checkpoint import State, load_checkpoint, save_checkpoint
from sabbatical.learning.divergence import check_loss, check_weights
from sabbatical.learning.text.layers import Network, masked_loss
from sabbatical.learning.text.recalibration import spared
from sabbatical.learning.text.recipe import TextRecipe

WARM_UP = 0.1  # share of the steps
SAVE_EVERY = 5  # epochs


def run_epochs(
    network: Network,
    rows: tuple[Tensor, ...],
    recipe: TextRecipe,
    progress: Progress,
    checkpoint: Path | None,
    plan: dict[str, Any],
) -> None:
    """Run the epochs that are left.

    Args:
        rows: embedded [n,d], names [n,k], target [n,k] and weight [n,k]; and with recalibration what is doubtful [n,k].
        plan: what the training is of; the checkpoint of another is refused.

    Raises:
        Interrupted: `progress` asked to stop; the checkpoint is up to date.
        Conflict: the folder holds the checkpoint of another training.
        Diverged: the loss or a weight is no number any more; the last checkpoint before is kept.
    """
    own, n = recipe.network, len(rows[0])
    optimizer = torch.optim.AdamW(network.parameters(), lr=own.rate, weight_decay=own.decay)
    state = State(network, nn.Identity(), optimizer, 0, {})
    if checkpoint is not None:
        load_checkpoint(checkpoint, state, plan)
    steps_an_epoch = math.ceil(n / own.batch)
    network.train()
    for epoch in range(state.step // steps_an_epoch, own.epochs):
        check(progress)
        torch.manual_seed(int(np.random.SeedSequence([recipe.seed, epoch]).generate_state(1)[0]))
        total = 0.0
        for index_b in torch.split(torch.randperm(n), own.batch):
            embedded_bd, names_bk, target_bk, weight_bk, *doubtful = (each[index_b] for each in rows)
            for group in optimizer.param_groups:
                group["lr"] = own.rate * _pace(state.step / (own.epochs * steps_an_epoch))
            logits_mbk = network(embedded_bd, names_bk)
            if doubtful:
                weight_bk = spared(
                    weight_bk, logits_mbk.detach().sigmoid().mean(dim=0), doubtful[0], recipe.recalibrate
                )
            loss = masked_loss(logits_mbk, target_bk, weight_bk) / own.batch
            total += check_loss(loss.item(), state.step, own.rate) * own.batch / own.members
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            state.step += 1
        check_weights((network,), state.step, own.rate)
        if checkpoint is not None and (progress.stopping() or epoch % SAVE_EVERY == SAVE_EVERY - 1):
            save_checkpoint(checkpoint, state, plan)
        progress.tell((epoch + 1) / own.epochs, f"Epoch {epoch + 1} of {own.epochs}.", loss=total / n)
    network.eval()


def _pace(share: float) -> float:
    """The learning rate's share of its height: up in a line, then down in half a cosine."""
    if share < WARM_UP:
        return share / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))
