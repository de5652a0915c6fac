"""Batches for training, prepared ahead in threads, and the same for the same (seed, step) whatever happened before.

Legend: b images of a batch; h, w height and width; c colour channels; n boxes of the whole batch.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from sabbatical.core.errors import EmptyDataset
from sabbatical.learning.augmentation import Augmentation, augment
from sabbatical.learning.order import Order
from sabbatical.learning.samples import Sample, SampleSource


@dataclass(frozen=True, slots=True)
class Batch:
    """Images of one size with all their boxes in one list, and what was drawn pixel by pixel.

    Attributes:
        images_bhwc: uint8.
        boxes_n4: float32, pixels of the canvas, (x0, y0, x1, y1).
        labels_n: int64, rows of the image's taxonomy, `CUT` for regions to ignore.
        image_n: int64, the image (0..b-1) of each box.
        taxonomy_b: int64, row of the table bank of each image.
        rows_bhw: int16, see `samples.Pixels`; None where boxes alone were drawn.
        depth_bhw: float16, likewise.
    """

    images_bhwc: Tensor
    boxes_n4: Tensor
    labels_n: Tensor
    image_n: Tensor
    taxonomy_b: Tensor
    rows_bhw: Tensor | None = None
    depth_bhw: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        return Batch(
            self.images_bhwc.to(device, non_blocking=True),
            self.boxes_n4.to(device),
            self.labels_n.to(device),
            self.image_n.to(device),
            self.taxonomy_b.to(device),
            None if self.rows_bhw is None else self.rows_bhw.to(device),
            None if self.depth_bhw is None else self.depth_bhw.to(device),
        )


def collate(samples: list[Sample]) -> Batch:
    """One batch of samples that all have the size of the canvas."""
    counts_b = [len(sample.labels_n) for sample in samples]
    pixels = [sample.pixels for sample in samples if sample.pixels is not None]
    depths = [each.depth_hw for each in pixels if each.depth_hw is not None]
    return Batch(
        images_bhwc=torch.from_numpy(np.stack([sample.image_hwc for sample in samples])),
        boxes_n4=torch.from_numpy(np.concatenate([sample.boxes_n4.reshape(-1, 4) for sample in samples])),
        labels_n=torch.from_numpy(np.concatenate([sample.labels_n for sample in samples]).astype(np.int64)),
        image_n=torch.from_numpy(np.repeat(np.arange(len(samples)), counts_b)),
        taxonomy_b=torch.tensor([sample.taxonomy for sample in samples], dtype=torch.int64),
        rows_bhw=torch.from_numpy(np.stack([each.rows_hw for each in pixels])) if pixels else None,
        depth_bhw=torch.from_numpy(np.stack(depths)) if depths else None,
    )


class Visits(Protocol):
    """Which sample stands at a position (0, 1, ...) of a whole run; several threads ask."""

    def index(self, position: int) -> int: ...


class Loader:
    """Streams batches of a source; never holds more than `ahead` batches.

    The order is that of an `Order`, by default each sample once an epoch; a batch may straddle two epochs. Sample p of
    the whole run is changed with a generator seeded by (seed, p), so a resumed run sees what it would have seen.
    """

    def __init__(
        self,
        source: SampleSource,
        *,
        batch: int,
        canvas: tuple[int, int],
        augmentation: Augmentation,
        seed: int,
        workers: int = 1,
        ahead: int = 3,
        order: Visits | None = None,
    ) -> None:
        if len(source) == 0:
            raise EmptyDataset(
                "There is nothing to learn from: the training part holds no samples.",
                hint="Add labeled images, or change the query of the snapshot.",
            )
        self.source = source
        self.batch = batch
        self.canvas = canvas
        self.augmentation = augmentation
        self.seed = seed
        self.workers = workers
        self.ahead = ahead
        self.order: Visits = order or Order(len(source), seed)
        self._waited = 0.0

    def index(self, position: int) -> int:
        """Which sample stands at a position (0, 1, ...) of the whole run."""
        return self.order.index(position)

    def make(self, step: int) -> Batch:
        """The batch of a step, made here and now."""
        first = step * self.batch
        return collate([self._sample(position) for position in range(first, first + self.batch)])

    def take_waited(self) -> float:
        """Seconds that the consumer stood still for data since this was last asked."""
        waited, self._waited = self._waited, 0.0
        return waited

    def _sample(self, position: int) -> Sample:
        random = np.random.default_rng((self.seed, 1, position))
        return augment(self.source[self.index(position)], self.canvas, self.augmentation, random)

    def stream(self, start: int, stop: int) -> Iterator[Batch]:
        """The batches of steps start..stop-1 in order; the threads end with the iteration."""
        waiting: deque[Future[Batch]] = deque()
        following = start
        pool = ThreadPoolExecutor(self.workers, thread_name_prefix="loader")
        try:
            for _ in range(start, stop):
                while following < stop and len(waiting) < self.ahead:
                    waiting.append(pool.submit(self.make, following))
                    following += 1
                began = time.perf_counter()
                batch = waiting.popleft().result()
                self._waited += time.perf_counter() - began
                yield batch
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
