"""Noise that every scene shares, computed once a process."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray


@cache
def noise_tile(seed: int, grain: int) -> NDArray[np.float32]:
    """A tile (256, 256) of smooth noise around 0, mostly within 100, that repeats without a seam.

    `grain` is the size of its blobs in pixels.
    """
    rng = np.random.default_rng([seed, grain])
    spectrum = np.fft.rfft2(rng.standard_normal((256, 256)))
    frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.rfftfreq(256)[None, :])
    smooth = np.fft.irfft2(spectrum * np.exp(-((frequency * grain) ** 2)), s=(256, 256))
    tile: NDArray[np.float32] = np.clip(48 * smooth / smooth.std(), -128, 127).round().astype(np.float32)
    return tile


def sampled(
    tile_hw: NDArray[np.float32], rows: NDArray[np.float32], columns: NDArray[np.float32]
) -> NDArray[np.float32]:
    """A tile's values at real-valued places (any shape), repeating."""
    index = ((rows.astype(np.int32) & 255) << 8) | (columns.astype(np.int32) & 255)
    values: NDArray[np.float32] = tile_hw.ravel().take(index)
    return values
