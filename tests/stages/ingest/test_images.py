"""Probing: what an image is, or why it is not taken."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sabbatical.core.errors import BadFile, SabbaticalError
from sabbatical.stages.ingest.images import displayed_size, probe
from tests.stages.ingest.making import picture

MANY = 10**9


@pytest.mark.parametrize(
    ("kind", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("BMP", "image/bmp"),
        ("TIFF", "image/tiff"),
    ],
)
def test_size_and_type_come_from_the_bytes(kind: str, media_type: str) -> None:
    found = probe(picture(40, 30, kind=kind), MANY)
    assert (found.width, found.height, found.media_type, found.orientation) == (40, 30, media_type, 1)
    assert 0.3 < found.brightness < 0.7 and found.small_hw.shape == (64, 64)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_everything_said_is_about_the_image_as_displayed(orientation: int) -> None:
    shades = np.zeros((30, 40), np.uint8)
    shades[:, :20] = 255  # as stored, the left half is light
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    Image.fromarray(shades).save(out, "JPEG", exif=exif)
    found = probe(out.getvalue(), MANY)
    turned = orientation >= 5
    assert (found.width, found.height) == ((30, 40) if turned else (40, 30))
    assert displayed_size(out) == (found.width, found.height)
    light = {1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom"}[orientation]
    half = {"left": np.s_[:, :32], "right": np.s_[:, 32:], "top": np.s_[:32], "bottom": np.s_[32:]}[light]
    assert found.small_hw[half].mean() > 200 and found.small_hw.mean() < 140


def test_the_time_of_capture_comes_from_exif_with_its_zone() -> None:
    exif = Image.Exif()
    exif[0x0132] = "2020:01:01 00:00:00"
    found = probe(picture(exif=exif), MANY).captured_at
    assert found is not None and found.isoformat() == "2020-01-01T00:00:00+00:00"
    inner = exif.get_ifd(0x8769)
    inner[0x9003], inner[0x9011] = "2021:06:01 12:00:00", "+02:00"
    found = probe(picture(exif=exif), MANY).captured_at
    assert found is not None and found.isoformat() == "2021-06-01T10:00:00+00:00"


@pytest.mark.parametrize("text", ["0000:00:00 00:00:00", "    :  :     :  :  ", "junk"])
def test_a_time_that_is_none_is_left_out(text: str) -> None:
    exif = Image.Exif()
    exif[0x0132] = text
    assert probe(picture(exif=exif), MANY).captured_at is None


def test_a_truncated_jpeg_is_refused() -> None:
    data = picture(200, 150)
    with pytest.raises(BadFile, match=r"damaged.*Save it again"):
        probe(data[: len(data) // 2], MANY)


def png_header(width: int, height: int) -> bytes:
    """A PNG that only claims a size: a few bytes, whatever it says."""
    chunks = {b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), b"IDAT": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks.items()
    )


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (60_000, 60_000)])
def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    with pytest.raises(BadFile, match=r"80,000,000 (are )?allowed"):
        probe(png_header(width, height), 80_000_000)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"%PDF-1.4", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_image_of_a_known_format_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        probe(data, MANY)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16", "F", "LA"])
def test_every_mode_of_colour_gives_a_brightness(mode: str) -> None:
    shades = Image.fromarray(np.full((8, 8), 128, np.uint8))
    if mode == "I;16":
        image = Image.fromarray(np.full((8, 8), 32896, np.uint16))
    else:
        image = shades.convert(mode, dither=Image.Dither.NONE)
    out = io.BytesIO()
    image.save(out, "TIFF")
    brightness = probe(out.getvalue(), MANY).brightness
    assert brightness == pytest.approx(1.0 if mode in ("1", "I;16") else 0.5, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(
    place=st.integers(0, 2000), junk=st.binary(min_size=1, max_size=30), kind=st.sampled_from(["JPEG", "PNG", "WEBP"])
)
def test_damage_anywhere_ends_in_a_probe_or_a_clear_refusal(place: int, junk: bytes, kind: str) -> None:
    data = bytearray(picture(kind=kind))
    place %= len(data)
    data[place : place + len(junk)] = junk
    try:
        found = probe(bytes(data), 10_000)
    except SabbaticalError as error:
        assert isinstance(error, BadFile)
    else:
        assert found.width * found.height <= 10_000
