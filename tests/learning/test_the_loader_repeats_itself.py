"""The same seed and step give the same batch, whatever ran before; every epoch visits everything once."""

from __future__ import annotations

import threading
import time

import pytest
import torch

from sabbatical.core.errors import BadFile, EmptyDataset
from sabbatical.learning.augmentation import Augmentation
from sabbatical.learning.loader import Batch, Loader
from sabbatical.learning.samples import Sample, SampleSource
from tests.learning.shapes import Shapes


def loader(source: SampleSource, *, seed: int = 0, workers: int = 2, ahead: int = 3) -> Loader:
    return Loader(
        source, batch=4, canvas=(64, 64), augmentation=Augmentation(), seed=seed, workers=workers, ahead=ahead
    )


def same(one: Batch, two: Batch) -> bool:
    names = ("images_bhwc", "boxes_n4", "labels_n", "image_n", "taxonomy_b")
    return all(torch.equal(getattr(one, name), getattr(two, name)) for name in names)


def test_a_run_resumed_at_any_step_sees_the_same_batches() -> None:
    source = Shapes(10, [(0, 1), (0, None)])
    whole = list(loader(source).stream(0, 8))
    resumed = list(loader(source, workers=1).stream(5, 8))
    assert all(same(one, two) for one, two in zip(whole[5:], resumed, strict=True))
    assert not same(whole[5], whole[6])
    assert not same(whole[5], next(iter(loader(source, seed=1).stream(5, 6))))


def test_every_epoch_visits_each_sample_once_in_an_order_of_its_own() -> None:
    indices = [loader(Shapes(7, [(0, 1)])).index(position) for position in range(21)]
    epochs = [indices[start : start + 7] for start in (0, 7, 14)]
    assert all(sorted(epoch) == list(range(7)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_two_samples_fill_a_batch_of_four() -> None:
    batch = next(loader(Shapes(2, [(0, 1)])).stream(0, 1))
    assert batch.images_bhwc.shape == (4, 64, 64, 3)
    assert batch.image_n.tolist() == sorted(batch.image_n.tolist())


def test_no_more_than_a_few_batches_wait_in_memory() -> None:
    made: list[int] = []
    lock = threading.Lock()

    class Counted(Shapes):
        def __getitem__(self, index: int) -> Sample:
            with lock:
                made.append(index)
            return super().__getitem__(index)

    stream = loader(Counted(100, [(0, 1)]), ahead=3).stream(0, 25)
    next(stream)
    deadline = time.monotonic() + 5
    while len(made) < 12 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(made) == 12
    stream.close()


def test_an_empty_source_is_refused() -> None:
    with pytest.raises(EmptyDataset, match="nothing to learn from"):
        loader(Shapes(0, [(0, 1)]))


def test_a_bad_sample_ends_the_stream_with_its_own_error() -> None:
    class Bad(Shapes):
        def __getitem__(self, index: int) -> Sample:
            raise BadFile("The image cannot be decoded.", where=f"image {index}")

    with pytest.raises(BadFile, match="image"):
        list(loader(Bad(5, [(0, 1)])).stream(0, 2))
