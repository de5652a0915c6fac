"""What an image's bytes are: probed once, when they come in.

The bytes are stored as they came; their EXIF orientation is not applied to them but to everything said about them.
Width, height, boxes and masks all count in the image as it is displayed, upright, which is also how the browser and
the data loader show it.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from sabbatical.core.errors import BadFile
from sabbatical.stages.ingest.formats.moments import moment

MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further pictures behind it, as telephones write
    "PNG": "image/png",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "GIF": "image/gif",
}
_ORIENTATION, _DATE_TIME, _EXIF_IFD = 0x0112, 0x0132, 0x8769
_ORIGINAL, _ORIGINAL_ZONE = 0x9003, 0x9011
_TURNED = frozenset({5, 6, 7, 8})
_SMALL = (64, 64)
"""What brightness and fingerprint are made from; a JPEG decodes to about this size several times faster."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Facts about one image. `small_hw` is the upright image in shades 0..255, float32 [64, 64]."""

    media_type: str
    width: int
    height: int
    """Pixels, as displayed."""
    orientation: int
    """EXIF, 1..8; 1 is upright."""
    captured_at: datetime | None
    brightness: float
    """Mean shade, 0 black to 1 white."""
    small_hw: NDArray[np.float32]


def probe(data: bytes, max_pixels: int) -> Probe:
    """Decodes the whole image, so that what is stored is known to be sound.

    Raises:
        BadFile: no image, not of an allowed format, of more than `max_pixels`, or damaged.
    """
    try:
        with _open(io.BytesIO(data)) as image:
            _check_pixels(image, max_pixels)
            return _facts(image)
    except BadFile:
        raise
    except Image.DecompressionBombError as error:
        raise BadFile(f"The image has far more pixels than the {max_pixels:,} allowed.", hint=_SMALLER) from error
    except UnidentifiedImageError as error:
        raise BadFile(f"This is no image of a known format ({', '.join(_names())}).", hint=_AGAIN) from error
    except Exception as error:  # damaged files make decoders raise nearly anything
        raise BadFile(f"The image is damaged: {error}.", hint=_AGAIN) from error


def check_size(data: bytes, max_pixels: int) -> None:
    """Look at an image's header alone.

    Raises:
        BadFile: no image, not of an allowed format, or of more than `max_pixels`.
    """
    try:
        with _open(io.BytesIO(data)) as image:
            _check_pixels(image, max_pixels)
    except BadFile:
        raise
    except Image.DecompressionBombError as error:
        raise BadFile(f"The image has far more pixels than the {max_pixels:,} allowed.", hint=_SMALLER) from error
    except Exception as error:
        raise BadFile(f"This is no image of a known format ({', '.join(_names())}).", hint=_AGAIN) from error


def displayed_size(stream: BinaryIO) -> tuple[int, int]:
    """Width and height as displayed; only the header is read. Raises BadFile if this is no image."""
    try:
        with _open(stream) as image:
            return _turned(image.width, image.height, _orientation(image.getexif()))
    except Exception as error:
        raise BadFile("This is no image of a known format, or it is damaged.", hint=_AGAIN) from error


_SMALLER = "Send a smaller one, or raise max_pixels in the settings."
_AGAIN = "Save it again as JPEG or PNG."


def _names() -> list[str]:
    return [name for name in MEDIA_TYPES if name != "MPO"]


def _open(stream: BinaryIO) -> Image.Image:
    with warnings.catch_warnings():  # our own limit says it better
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(stream, formats=_names())


def _check_pixels(image: Image.Image, max_pixels: int) -> None:
    pixels = image.width * image.height
    if pixels > max_pixels:
        message = (
            f"The image has {image.width} x {image.height} = {pixels:,} pixels; at most {max_pixels:,} are allowed."
        )
        raise BadFile(message, hint=_SMALLER)


def _facts(image: Image.Image) -> Probe:
    width, height, kind = image.width, image.height, str(image.format)
    exif = image.getexif()
    orientation = _orientation(exif)
    image.draft("L", _SMALL)
    image.load()
    small_hw = _small(image, orientation)
    width, height = _turned(width, height, orientation)
    brightness = float(small_hw.mean()) / 255
    return Probe(MEDIA_TYPES[kind], width, height, orientation, _captured_at(exif), brightness, small_hw)


def _small(image: Image.Image, orientation: int) -> NDArray[np.float32]:
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, np.float32)
        top = float(values.max(initial=1.0))
        image = Image.fromarray((values * (255 / max(top, 255.0))).astype(np.uint8))
    shades = image.convert("L").resize(_SMALL, Image.Resampling.BOX)
    shades.getexif()[_ORIENTATION] = orientation
    return np.asarray(ImageOps.exif_transpose(shades), np.float32)


def _orientation(exif: Image.Exif) -> int:
    value = exif.get(_ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _turned(width: int, height: int, orientation: int) -> tuple[int, int]:
    return (height, width) if orientation in _TURNED else (width, height)


def _captured_at(exif: Image.Exif) -> datetime | None:
    inner = exif.get_ifd(_EXIF_IFD)
    taken = str(inner.get(_ORIGINAL) or exif.get(_DATE_TIME) or "").strip("\0 ")
    zone = str(inner.get(_ORIGINAL_ZONE) or "").strip("\0 ")
    found = moment(taken)
    if found is None or not zone:
        return found
    iso = found.replace(tzinfo=None).isoformat()
    return moment(iso + zone) or found
