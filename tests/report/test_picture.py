"""Pictures are made small, and a bad one is refused in words."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sabbatical.core.errors import BadFile
from sabbatical.report.picture import picture_of


def test_a_picture_is_made_small_and_keeps_the_size_of_its_frame() -> None:
    picture = picture_of(np.zeros((1080, 1920, 3), np.uint8))
    assert (picture.width, picture.height) == (1920, 1080)
    assert Image.open(io.BytesIO(picture.jpeg)).size == (320, 180)


def test_a_small_picture_is_not_made_larger() -> None:
    picture = picture_of(np.zeros((20, 30, 3), np.uint8))
    assert Image.open(io.BytesIO(picture.jpeg)).size == (30, 20)


def test_files_and_bytes_are_read_alike(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGBA", (40, 30), "red").save(path)
    assert picture_of(path) == picture_of(path.read_bytes())


def test_a_file_that_is_no_picture_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"not a picture")
    with pytest.raises(BadFile, match=r"a\.jpg"):
        picture_of(path)
