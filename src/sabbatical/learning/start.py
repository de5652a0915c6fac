"""A training that goes on from an earlier detector, whose super-taxonomy may have grown or changed meanwhile.

Legend: k classes, g groups of box outputs, c channels.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import torch
from torch import Tensor

from sabbatical.core.errors import BadInput
from sabbatical.learning.config import DetectorConfig, misfits
from sabbatical.learning.detector import Detector
from sabbatical.learning.heads import Columns


@dataclass(frozen=True)
class Carried:
    """Classes by name: those whose outputs were taken over, those that begin anew, those that are no more."""

    kept: list[str]
    new: list[str]
    gone: list[str]

    @classmethod
    def of(cls, old: DetectorConfig, new: DetectorConfig) -> Carried:
        return cls(
            kept=[name for name in new.classes if name in old.classes],
            new=[name for name in new.classes if name not in old.classes],
            gone=[name for name in old.classes if name not in new.classes],
        )


def carry(start: Detector, model: Detector) -> None:
    """Give a fresh model the weights of another: classes by their names, groups of boxes by the classes in them.

    Classes and groups that are new keep what they have.

    Raises:
        BadInput: the two are of different shapes, naming the fields.
    """
    wrong = misfits(start.config, model.config)
    if wrong:
        raise BadInput(
            f"The weights to start from do not fit: {'; '.join(wrong.values())}.",
            hint="Take the recipe of the model to start from, or begin anew.",
        )
    places = {"class": _classes(start.config, model.config), "group": _groups(start.config, model.config)}
    weights = dict(start.state_dict())
    for name, columns in model.head.columns.items():
        for part in ("weight", "bias"):
            key = f"head.{name}.{part}"
            if key in weights:
                weights[key] = _placed(weights[key], model.state_dict()[key], columns, places[columns.of])
    model.load_state_dict(weights)


def _classes(old: DetectorConfig, new: DetectorConfig) -> dict[int, int]:
    """The old column of each new class that was there before."""
    there = {name: k for k, name in enumerate(old.classes)}
    return {k: there[name] for k, name in enumerate(new.classes) if name in there}


def _groups(old: DetectorConfig, new: DetectorConfig) -> dict[int, int]:
    """The old group of each new one: that which most of its classes had."""
    votes: dict[int, Counter[int]] = {}
    for k, before in _classes(old, new).items():
        votes.setdefault(new.group_k[k], Counter())[old.group_k[before]] += 1
    return {group: counted.most_common(1)[0][0] for group, counted in votes.items()}


def _placed(old: Tensor, new: Tensor, columns: Columns, place: dict[int, int]) -> Tensor:
    """`new` (channels first) with the old channels of every class or group that has some."""
    shape = (columns.before, -1, columns.after, *old.shape[1:])
    found = new.clone().reshape(shape)
    if place:
        to, of = torch.tensor(list(place)), torch.tensor(list(place.values()))
        found[:, to] = old.reshape(shape)[:, of]
    return found.reshape(new.shape)
