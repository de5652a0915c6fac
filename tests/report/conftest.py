"""Fixtures of the report: a dozen small pictures of noise."""

from __future__ import annotations

import numpy as np
import pytest

from sabbatical.report.picture import Picture, picture_of
from tests.report.made_up import FRAME


@pytest.fixture(scope="session")
def pictures() -> dict[str, Picture]:
    rng = np.random.default_rng(7)
    width, height = FRAME
    noise = rng.integers(0, 255, (12, height, width, 3), dtype=np.uint8)
    return {f"item-{i}": picture_of(image, side=64) for i, image in enumerate(noise)}


@pytest.fixture(scope="session")
def items(pictures: dict[str, Picture]) -> list[str]:
    return list(pictures)
