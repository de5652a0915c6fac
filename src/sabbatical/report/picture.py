"""Pictures of a page: made small once, embedded once, drawn as often as wanted.

Legend: h rows, w columns, 3 = red green blue.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from sabbatical.core.errors import BadFile
from sabbatical.report.markup import el, join

SIDE = 320
QUALITY = 80


@dataclass(frozen=True, slots=True)
class Picture:
    """A small JPEG and the size in pixels of the frame it was made from, in which boxes are given."""

    jpeg: bytes
    width: int
    height: int


def picture_of(source: bytes | Path | NDArray[np.uint8], side: int = SIDE) -> Picture:
    """A picture whose longer side is at most `side` pixels.

    Args:
        source: an image file's bytes or path, or an array of shape (h, w, 3), uint8, RGB.

    Raises:
        BadFile: the image cannot be read.
    """
    try:
        image = _open(source)
        width, height = image.size
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=QUALITY, optimize=True)
    except (OSError, UnidentifiedImageError, ValueError, Image.DecompressionBombError) as error:
        where = str(source) if isinstance(source, Path) else None
        raise BadFile(f"A picture for the report cannot be read: {error}.", where=where) from error
    return Picture(out.getvalue(), width, height)


def picture_id(item: str) -> str:
    """The id under which an item's picture is embedded; safe whatever the item is called."""
    return "p" + blake2b(item.encode(), digest_size=8).hexdigest()


def definitions(pictures: Mapping[str, Picture], body: Markup) -> Markup:
    """The pictures that the body draws, each as one image of its frame's size."""
    return join(
        el(
            "image",
            id=picture_id(item),
            width=picture.width,
            height=picture.height,
            preserveAspectRatio="none",
            href="data:image/jpeg;base64," + base64.b64encode(picture.jpeg).decode(),
        )
        for item, picture in pictures.items()
        if f'"#{picture_id(item)}"' in body
    )


def _open(source: bytes | Path | NDArray[np.uint8]) -> Image.Image:
    if isinstance(source, np.ndarray):
        return Image.fromarray(np.ascontiguousarray(source))
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source)
