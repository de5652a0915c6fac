"""What can be measured of an item without a model, found once from its bytes and kept.

Shapes: b images, h = w = `SIDE` pixels, 3 = red, green, blue.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sabbatical.core.batches import batched
from sabbatical.core.errors import NotFound
from sabbatical.core.progress import Progress, check
from sabbatical.stages.monitor import queries
from sabbatical.storage.tables import ItemRow
from sabbatical.storage.workspace import Workspace

Facts = dict[str, float]

SIDE = 128
"""Images are measured at this size; a large JPEG decodes to about it several times faster than to its own."""
AT_ONCE = 64
LUMA_3 = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
WORD = re.compile(r"\w+")


def facts_of(workspace: Workspace, rows: Sequence[ItemRow], progress: Progress) -> dict[str, Facts]:
    """The facts of items by id: those that are kept, and the others measured now and kept.

    An item whose bytes are gone or damaged has only those that its row tells.

    Raises:
        Interrupted: it was cancelled; what was measured is kept.
    """
    with workspace.database.reading() as session:
        found: dict[str, Facts] = queries.facts(session, [row.id for row in rows])
    lacking = list({row.id: row for row in rows if row.id not in found}.values())
    for number, part in enumerate(batched(lacking, AT_ONCE)):
        check(progress)
        progress.tell(number * AT_ONCE / len(lacking), f"{number * AT_ONCE:,} of {len(lacking):,} items measured")
        measured = _measured(workspace, part)
        with workspace.database.transaction() as session:
            queries.keep_facts(session, measured)
        found |= measured
    return found


def image_facts(images_bhw3: NDArray[np.uint8]) -> list[Facts]:
    """Of images of one size: brightness, contrast, saturation and warmth in 0..1 (warmth -1..1), and sharpness.

    Warmth is red minus blue. Sharpness is the spread of the second differences against that of the shades, so that dim
    pictures are not thereby blurred.
    """
    colours_bhw3 = images_bhw3.astype(np.float32) / 255
    shades_bhw = colours_bhw3 @ LUMA_3
    low_bhw, high_bhw = colours_bhw3.min(axis=3), colours_bhw3.max(axis=3)
    inner_bhw = shades_bhw[:, 1:-1, 1:-1]
    around_bhw = shades_bhw[:, :-2, 1:-1] + shades_bhw[:, 2:, 1:-1] + shades_bhw[:, 1:-1, :-2] + shades_bhw[:, 1:-1, 2:]
    contrast_b = shades_bhw.std(axis=(1, 2))
    columns = {
        "brightness": shades_bhw.mean(axis=(1, 2)),
        "contrast": contrast_b,
        "saturation": ((high_bhw - low_bhw) / np.maximum(high_bhw, 1 / 255)).mean(axis=(1, 2)),
        "warmth": (colours_bhw3[..., 0] - colours_bhw3[..., 2]).mean(axis=(1, 2)),
        "sharpness": (around_bhw / 4 - inner_bhw).std(axis=(1, 2)) / np.maximum(contrast_b, 1 / 255),
    }
    rounded = {name: values_b.astype(np.float64).round(5).tolist() for name, values_b in columns.items()}
    return [dict(zip(rounded, values, strict=True)) for values in zip(*rounded.values(), strict=True)]


def text_facts(text: str) -> Facts:
    """Its length in characters and in words."""
    return {"characters": float(len(text)), "words": float(len(WORD.findall(text)))}


def _measured(workspace: Workspace, rows: list[ItemRow]) -> dict[str, Facts]:
    found = {row.id: text_facts(row.text) if row.text is not None else _sizes(row) for row in rows}
    seen = [(row.id, image) for row in rows if row.kind == "image" and (image := _small(workspace, row)) is not None]
    if seen:
        measured = image_facts(np.stack([image for _, image in seen]))
        for (item_id, _), facts in zip(seen, measured, strict=True):
            found[item_id] |= facts
    return found


def _sizes(row: ItemRow) -> Facts:
    if not row.width or not row.height:
        return {}
    return {"megapixels": round(row.width * row.height / 1e6, 4), "ratio": round(row.width / row.height, 4)}


def _small(workspace: Workspace, row: ItemRow) -> NDArray[np.uint8] | None:
    """The image at `SIDE` x `SIDE`, turned as it was stored: turning changes no fact."""
    try:
        with Image.open(io.BytesIO(workspace.media.get(row.id))) as image:
            image.draft("RGB", (SIDE, SIDE))
            return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX))
    except (NotFound, OSError, ValueError, Image.DecompressionBombError):
        return None
