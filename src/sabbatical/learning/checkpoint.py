"""A training on disk between two steps: everything that decides the rest of it, in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sabbatical.core.errors import Conflict
from sabbatical.learning.weights import load_tensors, save_tensors

NAME = "checkpoint.safetensors"


@dataclass
class State:
    """What a training changes as it goes.

    Attributes:
        model: learns.
        average: the model's moving average, which is delivered.
        optimizer: of the model's parameters.
        step: steps done.
        facts: curves, counts and seconds so far; plain values.
    """

    model: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    step: int
    facts: dict[str, Any]


def save_checkpoint(folder: Path, state: State, plan: dict[str, Any]) -> None:
    """Replace the folder's checkpoint. `plan` is what a continued run must have in common. Raises StorageFull."""
    tensors = {f"model.{name}": value for name, value in state.model.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in state.average.state_dict().items()}
    moments: dict[int, dict[str, Tensor]] = state.optimizer.state_dict()["state"]
    tensors |= {f"optimizer.{i}.{name}": value for i, slots in moments.items() for name, value in slots.items()}
    tensors["random"] = torch.get_rng_state()
    save_tensors(folder / NAME, tensors, {"kind": "checkpoint", "step": state.step, "facts": state.facts, "plan": plan})


def load_checkpoint(folder: Path, state: State, plan: dict[str, Any]) -> bool:
    """Bring a fresh state to where the folder's checkpoint stands; False if there is none.

    Raises:
        BadFile: the checkpoint is damaged.
        Conflict: it belongs to a training of another plan.
    """
    file = folder / NAME
    if not file.exists():
        return False
    tensors, facts = load_tensors(file)
    if facts.get("plan") != plan:
        raise Conflict(
            "The folder holds the checkpoint of another training.",
            where=str(file),
            hint="Take another folder, or remove the checkpoint.",
        )
    state.model.load_state_dict(_under(tensors, "model."))
    state.average.load_state_dict(_under(tensors, "average."))
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in _under(tensors, "optimizer.").items():
        index, slot = name.split(".", 1)
        moments.setdefault(int(index), {})[slot] = value
    groups = state.optimizer.state_dict()["param_groups"]
    state.optimizer.load_state_dict({"state": moments, "param_groups": groups})
    torch.set_rng_state(tensors["random"])
    state.step = facts["step"]
    state.facts.update(facts["facts"])
    return True


def _under(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
