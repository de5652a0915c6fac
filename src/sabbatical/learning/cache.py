"""Decoded images kept in memory, no larger than training needs them.

Legend: h, w height and width.
"""

from __future__ import annotations

from threading import Lock

import numpy as np
from PIL import Image

from sabbatical.learning.augmentation import moved
from sabbatical.learning.images import Placement
from sabbatical.learning.samples import Sample, SampleSource


class Cached:
    """A source that decodes each image once, as long as they fit.

    Images are shrunk so that they just fill `room` at the strongest zoom. What came first stays; nothing is thrown out,
    since an epoch that visits everything once in random order would throw out what it needs next. A sample is the same
    whether it comes from memory or not. Several threads may ask.

    Args:
        source: where samples come from.
        room: (height, width) in pixels that an image has to fill.
        megabytes: memory for images.
    """

    def __init__(self, source: SampleSource, room: tuple[float, float], megabytes: float) -> None:
        self.source = source
        self.room = room
        self.left = int(megabytes * 1_000_000)
        self._kept: dict[int, Sample] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self.source)

    def __getitem__(self, index: int) -> Sample:
        kept = self._kept.get(index)
        if kept is not None:
            return kept
        sample = shrunk(self.source[index], self.room)
        with self._lock:
            if sample.nbytes <= self.left and index not in self._kept:
                self.left -= sample.nbytes
                self._kept[index] = sample
        return sample


def shrunk(sample: Sample, room: tuple[float, float]) -> Sample:
    """The sample with its image no larger than fits into (height, width), its shape kept; never enlarged."""
    height, width = sample.image_hwc.shape[:2]
    scale = min(room[0] / height, room[1] / width)
    if scale >= 1:
        return sample
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    image = Image.fromarray(sample.image_hwc).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    ratio = (size[0] / width, size[1] / height)
    return Sample(
        np.asarray(image),
        sample.boxes_n4.reshape(-1, 4) * np.array(ratio * 2, np.float32),
        sample.labels_n,
        sample.taxonomy,
        sample.key,
        sample.pixels and moved(sample.pixels, size[::-1], Placement(ratio, (0.0, 0.0))),
    )
