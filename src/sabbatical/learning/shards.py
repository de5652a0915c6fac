"""Samples read shard by shard, from data that may grow while a training reads them.

An epoch visits the shards that are there when it begins, in an order of its own; in a window of so many samples, which
may span shards, the order of samples is random. So the shards of one window are all that is held, whatever the size of
the data. Where the sample of any position of a run stands follows from the seed and the epochs that have begun, which
a checkpoint keeps: a training goes on at the very sample where it stopped. New shards join at the next epoch.

Legend: s shards of an epoch; w samples of a window.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.errors import EmptyDataset
from sabbatical.learning.samples import Sample, SampleSource

Ints = NDArray[np.int64]
SHARDS, WINDOW = 5, 6  # streams of random numbers, beside those of `order`
ROWS = 32  # bits of an index that say the sample in its shard
AHEAD = 2  # shards held beside those of a window: batches are prepared ahead, at its end in the next one


@dataclass(frozen=True)
class Shard:
    """A part of the data that never changes, and how many samples it holds (one or more)."""

    name: str
    samples: int


class Growing(Protocol):
    """Data in shards; more may come, and those that are there stay as they are."""

    def shards(self) -> list[Shard]:
        """The shards that are there now."""

    def open(self, name: str) -> SampleSource:
        """The samples of one shard."""


class Stream:
    """Growing data as a source of samples; an index names a shard and a sample of it, see `ShardOrder`.

    Args:
        data: the shards.
        window: samples among which the order is random.
    """

    def __init__(self, data: Growing, window: int) -> None:
        self.data = data
        self.window = window
        self._names: list[str] = []
        self._open: OrderedDict[int, SampleSource] = OrderedDict()
        self._most = AHEAD
        self._lock = Lock()

    def __len__(self) -> int:
        """How many samples there are now."""
        return sum(shard.samples for shard in self.data.shards())

    def __getitem__(self, index: int) -> Sample:
        return self._shard(index >> ROWS)[index & (1 << ROWS) - 1]

    def order(self, seed: int, begun: list[dict[str, Any]]) -> ShardOrder:
        """The order in which a training visits the samples.

        Args:
            seed: of the order.
            begun: the epochs that have begun, as plain values; those that will are added to it.
        """
        return ShardOrder(self, seed, begun)

    def numbers(self, shards: list[Shard]) -> list[int]:
        """The number of each shard in indices; shards that are seen for the first time get the next ones."""
        least = min(shard.samples for shard in shards)
        self._most = max(self._most, -(-self.window // least) + 1 + AHEAD)
        self._names += [shard.name for shard in shards if shard.name not in set(self._names)]
        place = {name: number for number, name in enumerate(self._names)}
        return [place[shard.name] for shard in shards]

    def _shard(self, number: int) -> SampleSource:
        with self._lock:
            if number not in self._open:
                self._open[number] = self.data.open(self._names[number])
            self._open.move_to_end(number)
            while len(self._open) > self._most:
                self._open.popitem(last=False)
            return self._open[number]


class ShardOrder:
    """Which sample stands at a position (0, 1, ...) of the whole run."""

    def __init__(self, stream: Stream, seed: int, begun: list[dict[str, Any]]) -> None:
        self.stream = stream
        self.seed = seed
        self.begun = begun
        self._epochs: list[_Epoch] = []
        self._lock = Lock()

    def index(self, position: int) -> int:
        """The index of that sample in the stream.

        Raises:
            EmptyDataset: an epoch was to begin and no shard is there.
        """
        with self._lock:
            while not self._epochs or self._epochs[-1].end <= position:
                self._begin()
        epoch = next(one for one in reversed(self._epochs) if one.start <= position)
        return epoch.index(position - epoch.start, self.stream.window)

    def _begin(self) -> None:
        """The next epoch: as it was when it began before, or of the shards that are there now."""
        number = len(self._epochs)
        if number == len(self.begun):
            shards = self.stream.data.shards()
            if not shards:
                raise EmptyDataset(
                    "There is nothing to learn from: no shard is there.",
                    hint="Add labeled images, or change the query of the snapshot.",
                )
            self.begun.append({"shards": [[shard.name, shard.samples] for shard in shards]})
        shards = [Shard(name, samples) for name, samples in self.begun[number]["shards"]]
        start = self._epochs[-1].end if self._epochs else 0
        self._epochs.append(_Epoch.of(start, self.seed, number, shards, self.stream.numbers(shards)))


@dataclass(frozen=True)
class _Epoch:
    """Positions start..end-1 of a run: shards in their order of visit, by number, and the samples before each."""

    start: int
    seed: int
    number: int
    shard_s: Ints
    first_s: Ints

    @classmethod
    def of(cls, start: int, seed: int, number: int, shards: list[Shard], numbers: list[int]) -> _Epoch:
        visit_s = np.random.default_rng((seed, SHARDS, number)).permutation(len(shards))
        many_s = np.array([shard.samples for shard in shards])[visit_s]
        return cls(start, seed, number, np.array(numbers)[visit_s], np.concatenate([[0], np.cumsum(many_s)]))

    @property
    def end(self) -> int:
        return self.start + int(self.first_s[-1])

    def index(self, position: int, window: int) -> int:
        number, place = divmod(position, window)
        size = min(window, int(self.first_s[-1]) - number * window)
        along = number * window + int(_shuffled(self.seed, self.number, number, size)[place])
        s = int(np.searchsorted(self.first_s, along, "right")) - 1
        return int(self.shard_s[s]) << ROWS | along - int(self.first_s[s])


@lru_cache(maxsize=8)
def _shuffled(seed: int, epoch: int, window: int, size: int) -> Ints:
    return np.random.default_rng((seed, WINDOW, epoch, window)).permutation(size)
