"""Labeled images as a snapshot reads them, whole or partial, without a snapshot."""

from __future__ import annotations

import numpy as np

from sabbatical.schemas.label import Payload
from sabbatical.stages.dataset.actions import Labeled

BOX = (10.0, 20.0, 30.0, 40.0)


def labeled(taxonomy: str, label: str, *, partial: bool) -> Labeled:
    """One image with one box; the id of the taxonomy is its name."""
    return Labeled(
        item_id=f"{taxonomy}-{partial}",
        revision_id="r",
        kind="image",
        name="1.jpg",
        split="train",
        group="g",
        customer=None,
        source="camera",
        captured_at=None,
        width=64,
        height=64,
        text=None,
        attributes={},
        taxonomy=taxonomy,
        taxonomy_id=taxonomy,
        payload=Payload((label,), np.array([BOX], np.float32), partial=partial),
    )
