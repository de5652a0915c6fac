"""Data that grow are visited whole, in a random order of bounded memory, and a training goes on at its sample."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from sabbatical.core.errors import EmptyDataset, Interrupted
from sabbatical.core.progress import Quiet
from sabbatical.learning.loader import Loader
from sabbatical.learning.samples import Sample
from sabbatical.learning.shards import Shard, Stream
from sabbatical.learning.training import train_detector
from tests.learning.shapes import COARSE, FINE, TINY, Shapes, bank_of, config_of

WINDOW = 10


class Part:
    """Some samples of a source, counted when they are read."""

    def __init__(self, source: Shapes, first: int, many: int) -> None:
        self.source, self.first, self.many = source, first, many

    def __len__(self) -> int:
        return self.many

    def __getitem__(self, index: int) -> Sample:
        return self.source[self.first + index]


class Shelf:
    """Shards of some sizes that can be added to; what is open is counted."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = list(sizes)
        self.opened: Counter[str] = Counter()
        self.source = Shapes(1000, [(0, None), (1, 0)])

    def shards(self) -> list[Shard]:
        return [Shard(str(n), many) for n, many in enumerate(self.sizes)]

    def open(self, name: str) -> Part:
        self.opened[name] += 1
        return Part(self.source, sum(self.sizes[: int(name)]), self.sizes[int(name)])


def visited(shelf: Shelf, positions: range, seed: int = 0, begun: list[Any] | None = None) -> list[str]:
    stream = Stream(shelf, WINDOW)
    order = stream.order(seed, [] if begun is None else begun)
    return [stream[order.index(position)].key for position in positions]


def test_an_epoch_visits_every_sample_once_and_each_in_another_order() -> None:
    shelf = Shelf(7, 12, 3, 9)
    first, second = visited(shelf, range(31)), visited(shelf, range(31, 62))
    assert len(set(first)) == 31
    assert set(first) == set(second)
    assert first != second
    assert first == visited(shelf, range(31))
    assert first != visited(shelf, range(31), seed=1)


def test_samples_of_shards_mix_within_a_window_and_no_shard_is_read_twice_an_epoch() -> None:
    shelf = Shelf(*[4] * 50)
    keys = visited(shelf, range(200))
    shards_of_windows = [
        {int(key.removeprefix("shapes-")) // 4 for key in keys[w : w + WINDOW]} for w in range(0, 200, WINDOW)
    ]
    assert min(map(len, shards_of_windows)) >= 3
    assert max(map(len, shards_of_windows)) <= WINDOW // 4 + 2
    assert set(shelf.opened.values()) == {1}


def test_new_shards_join_at_the_next_epoch_and_not_before() -> None:
    shelf = Shelf(6, 5)
    stream = Stream(shelf, WINDOW)
    order = stream.order(0, [])
    early = [stream[order.index(p)].key for p in range(4)]
    shelf.sizes.append(8)
    rest = [stream[order.index(p)].key for p in range(4, 11)]
    assert len({*early, *rest}) == 11
    later = {stream[order.index(p)].key for p in range(11, 30)}
    assert len(later) == 19


def test_a_run_that_goes_on_sees_the_epochs_that_had_begun_though_data_grew() -> None:
    shelf, begun = Shelf(6, 5), list[Any]()
    whole = visited(shelf, range(11), begun=begun)
    shelf.sizes.append(8)
    assert visited(shelf, range(7, 11), begun=[*begun]) == whole[7:]


def test_nothing_to_read_is_said_in_words() -> None:
    with pytest.raises(EmptyDataset, match="no shard"):
        visited(Shelf(), range(1))


def test_batches_are_the_same_however_many_threads_prepare_them() -> None:
    made = []
    for workers in (1, 3):
        stream = Stream(Shelf(6, 5), WINDOW)
        loader = Loader(
            stream, batch=4, canvas=(64, 64), augmentation=TINY.augmentation, seed=0, workers=workers,
            order=stream.order(0, []),
        )  # fmt: skip
        made.append([batch.boxes_n4 for batch in loader.stream(0, 6)])
    assert all(torch.equal(one, other) for one, other in zip(*made, strict=True))


class StopAt:
    def __init__(self, questions: int) -> None:
        self.left = questions

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        return None

    def stopping(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_training_killed_in_the_second_epoch_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    recipe = replace(TINY, steps=6, batch=4)

    def train(folder: str, questions: int = 99) -> Any:
        stream = Stream(Shelf(6, 5), WINDOW)
        return train_detector(
            stream, bank_of(COARSE, FINE), config_of(recipe), recipe, folder=tmp_path / folder,
            progress=StopAt(questions) if questions < 99 else Quiet(),
        )  # fmt: skip

    whole = train("whole").detector.state_dict()
    with pytest.raises(Interrupted):
        train("killed", 4)
    assert all(torch.equal(whole[name], value) for name, value in train("killed").detector.state_dict().items())
