"""A detector that answers with some of its output columns only: the head of one customer.

Legend: c output columns; g groups of box outputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from sabbatical.learning.detector import Detector
from sabbatical.learning.heads import Columns


def only_columns(detector: Detector, columns: Sequence[int]) -> Detector:
    """The same network with only these columns, in this order, and the box outputs that they use."""
    config = detector.config
    class_c = config.class_c or tuple(range(len(config.classes)))
    groups = sorted({config.group_k[c] for c in columns})
    smaller = replace(
        config,
        class_c=tuple(class_c[c] for c in columns),
        group_k=tuple(groups.index(config.group_k[c]) for c in columns),
    )
    weights = dict(detector.state_dict())
    for name, layout in detector.head.columns.items():
        for part in ("weight", "bias"):
            key = f"head.{name}.{part}"
            weights[key] = _chosen(weights[key], layout, columns if layout.of == "class" else groups)
    made = Detector(smaller)
    made.load_state_dict(weights)
    return made.eval()


def _chosen(weight: Tensor, layout: Columns, kept: Sequence[int]) -> Tensor:
    shape = (layout.before, -1, layout.after, *weight.shape[1:])
    return weight.reshape(shape)[:, torch.tensor(kept)].reshape(-1, *weight.shape[1:])
