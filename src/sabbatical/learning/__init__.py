"""Models in plain PyTorch: detectors, text models, their losses, the training loop, export. No SQL, no HTTP.

Reads from data to prediction: samples -> augmentation -> loader -> backbone -> pyramid -> a head (centre or anchor)
-> masking and losses -> training -> weights -> predict, export. Modules that need torch are imported by name, so that
importing this package costs nothing.

With a training loop of your own you need three functions, and the tables of `sabbatical.taxonomy` (docs/library.md):

    tables = mask_tables(bank([...]))                               once
    target_bak, mask_bam = gather_rows(tables, taxonomy_b, row_ba)  a batch
    loss = masked_focal(logits_bak, target_bak, mask_bam) / assigned
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sabbatical.learning.losses import iou_loss, masked_focal
    from sabbatical.learning.masking import MaskTables, gather_rows, mask_tables
    from sabbatical.learning.quality import masked_quality_focal, masked_varifocal

_PLACES = {
    "MaskTables": "masking",
    "gather_rows": "masking",
    "iou_loss": "losses",
    "mask_tables": "masking",
    "masked_focal": "losses",
    "masked_quality_focal": "quality",
    "masked_varifocal": "quality",
}
__all__ = [
    "MaskTables",
    "gather_rows",
    "iou_loss",
    "mask_tables",
    "masked_focal",
    "masked_quality_focal",
    "masked_varifocal",
]


def __getattr__(name: str) -> Any:
    """Public names are loaded when they are first used: torch comes with them."""
    if name not in _PLACES:
        raise AttributeError(f"module 'sabbatical.learning' has no attribute '{name}'")
    value = getattr(import_module(f"sabbatical.learning.{_PLACES[name]}"), name)
    globals()[name] = value
    return value
