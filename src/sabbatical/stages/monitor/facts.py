"""What can be measured of an item without a model, found once from its bytes and kept.

Shapes: b images, h = w = `SIDE` pixels, 3 = red, green, blue, d what a vector has.
"""

from __future__ import annotations

import io
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sabbatical.core.batches import batched
from sabbatical.core.errors import NotFound
from sabbatical.core.progress import Progress, check
from sabbatical.stages.monitor import queries
from sabbatical.storage.tables import ItemRow
from sabbatical.storage.workspace import Workspace

SIDE = 128
"""Images are measured at this size; a large JPEG decodes to about it several times faster than to its own."""
AT_ONCE = 64
LUMA_3 = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
LEVELS, CELLS, DIRECTIONS = 4, 4, 8
FULL = np.float32(255)
WORD = re.compile(r"\w+")

Images = NDArray[np.uint8]
Shades = NDArray[np.float32]


@dataclass(frozen=True)
class Facts:
    """Numbers by name, and for pictures two vectors in 0..1: `colours`, 64, and `layout`, 128."""

    numbers: dict[str, float] = field(default_factory=dict)
    vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """JSON; vectors in bytes."""
        packed = {
            name: b64encode((one * 255).round().astype(np.uint8).tobytes()).decode()
            for name, one in self.vectors.items()
        }
        return {"numbers": self.numbers, "vectors": packed}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Facts:
        packed = kept["vectors"].items()
        unpacked = {name: np.frombuffer(b64decode(one), np.uint8).astype(np.float32) / FULL for name, one in packed}
        return cls(kept["numbers"], unpacked)


def facts_of(workspace: Workspace, rows: Sequence[ItemRow], progress: Progress) -> dict[str, Facts]:
    """The facts of items by id: those that are kept, and the others measured now and kept.

    An item whose bytes are gone or damaged has only those that its row tells.

    Raises:
        Interrupted: it was cancelled; what was measured is kept.
    """
    with workspace.database.reading() as session:
        kept = queries.facts(session, [row.id for row in rows])
    lacking = list({row.id: row for row in rows if row.id not in kept}.values())
    for number, part in enumerate(batched(lacking, AT_ONCE)):
        check(progress)
        progress.tell(number * AT_ONCE / len(lacking), f"{number * AT_ONCE:,} of {len(lacking):,} items measured")
        measured = {item_id: one.to_dict() for item_id, one in _measured(workspace, part).items()}
        with workspace.database.transaction() as session:
            queries.keep_facts(session, measured)
        kept |= measured
    return {item_id: Facts.from_dict(one) for item_id, one in kept.items()}


def image_facts(images_bhw3: Images) -> list[Facts]:
    """Of images of `SIDE` x `SIDE`."""
    colours_bhw3 = images_bhw3.astype(np.float32) / FULL
    shades_bhw = np.asarray(colours_bhw3 @ LUMA_3, np.float32)
    columns = _numbers(colours_bhw3, shades_bhw)
    named = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    vectors = zip(_colours(images_bhw3), _layout(shades_bhw), strict=True)
    return [
        Facts(numbers, {"colours": colours_d, "layout": layout_d})
        for numbers, (colours_d, layout_d) in zip(named, vectors, strict=True)
    ]


def text_facts(text: str) -> Facts:
    """Its length in characters and in words."""
    return Facts({"characters": float(len(text)), "words": float(len(WORD.findall(text)))})


def _numbers(colours_bhw3: Shades, shades_bhw: Shades) -> dict[str, list[float]]:
    """Brightness, contrast, saturation in 0..1, warmth (red minus blue) in -1..1, and sharpness.

    Sharpness is the spread of the second differences against that of the shades, so that dim pictures are not thereby
    blurred.
    """
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
    return {name: values_b.astype(np.float64).round(5).tolist() for name, values_b in columns.items()}


def _colours(images_bhw3: Images) -> Shades:
    """How much of the picture has each of 64 colours, b x 64 (Swain and Ballard, IJCV 1991); roots, so that the
    distance of two is Hellinger's.
    """
    parts_bhw3 = (images_bhw3 // (256 // LEVELS)).astype(np.int64)
    cell_bhw = parts_bhw3 @ np.array([LEVELS**2, LEVELS, 1])
    return _shares(cell_bhw, np.ones(cell_bhw.shape, np.float32), LEVELS**3)


def _layout(shades_bhw: Shades) -> Shades:
    """Which edges are where: 8 directions in 4 x 4 cells, b x 128 (after Dalal and Triggs, CVPR 2005); roots of shares
    of all edges, so that light and contrast do not count.
    """
    across_bhw = shades_bhw[:, 1:-1, 2:] - shades_bhw[:, 1:-1, :-2]
    down_bhw = shades_bhw[:, 2:, 1:-1] - shades_bhw[:, :-2, 1:-1]
    direction_bhw = (np.arctan2(down_bhw, across_bhw) % np.pi * (DIRECTIONS / np.pi)).astype(np.int64) % DIRECTIONS
    cell_h = np.arange(1, SIDE - 1) * CELLS // SIDE
    cell_bhw = (cell_h[:, None] * CELLS + cell_h) * DIRECTIONS + direction_bhw
    return _shares(cell_bhw, np.hypot(across_bhw, down_bhw), CELLS**2 * DIRECTIONS)


def _shares(cell_bhw: NDArray[np.int64], weight_bhw: Shades, cells: int) -> Shades:
    """The root of each cell's share of an image's weight, b x cells."""
    images = len(cell_bhw)
    place_n = (cell_bhw + np.arange(images)[:, None, None] * cells).ravel()
    sums_bd = np.bincount(place_n, weight_bhw.ravel(), images * cells).reshape(images, cells)
    shares_bd = sums_bd / np.maximum(sums_bd.sum(axis=1, keepdims=True), 1e-9)
    return np.asarray(np.sqrt(shares_bd), np.float32)


def _measured(workspace: Workspace, rows: list[ItemRow]) -> dict[str, Facts]:
    found = {row.id: text_facts(row.text) if row.text is not None else _sizes(row) for row in rows}
    seen = [(row.id, image) for row in rows if row.kind == "image" and (image := _small(workspace, row)) is not None]
    if seen:
        measured = image_facts(np.stack([image for _, image in seen]))
        for (item_id, _), facts in zip(seen, measured, strict=True):
            found[item_id] = Facts(found[item_id].numbers | facts.numbers, facts.vectors)
    return found


def _sizes(row: ItemRow) -> Facts:
    if not row.width or not row.height:
        return Facts()
    return Facts({"megapixels": round(row.width * row.height / 1e6, 4), "ratio": round(row.width / row.height, 4)})


def _small(workspace: Workspace, row: ItemRow) -> Images | None:
    """The image at `SIDE` x `SIDE`, as it was stored."""
    try:
        with Image.open(io.BytesIO(workspace.media.get(row.id))) as image:
            image.draft("RGB", (SIDE, SIDE))
            return np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX))
    except (NotFound, OSError, ValueError, Image.DecompressionBombError):
        return None
