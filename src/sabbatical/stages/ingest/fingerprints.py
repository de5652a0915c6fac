"""Near duplicates: 64-bit fingerprints of images and texts that differ in few bits when their contents are alike.

An image's fingerprint is the signs of its lowest frequencies against their median (a DCT hash, after Zauner,
"Implementation and Benchmarking of Perceptual Image Hash Functions", 2010); a text's is a SimHash of its letters
(Charikar, STOC 2002). Near ones are found through bands of bits that must agree (Manku, Jain and Das Sarma, WWW 2007).

Legend: q asked, n known, b bands, p probes, c candidates, s splits, d pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.batches import batched
from sabbatical.schemas.item import Split
from sabbatical.stages.ingest.placing import SPLITS

RADIUS = 6
"""Bits in which near duplicates may differ, out of 64."""
SIDE, LOW = 32, 8
FLATTEST = 2.0
"""Standard deviation of shades (0..255) below which an image shows nothing to compare."""
SHORTEST_TEXT = 12
"""Letters and digits below which a text is a near duplicate only of itself written otherwise."""
_GRAM = 4
_BANDS, _BAND_BITS = 4, 16
_TAIL = 1 << 15
_PAIRS_AT_ONCE = 1 << 22
_SPLIT_NUMBER: dict[str, int] = {split: number for number, split in enumerate(SPLITS)}
_WORD = re.compile(r"\w+")

Prints = NDArray[np.uint64]
Ints = NDArray[np.int64]


def _cosines() -> NDArray[np.float32]:
    place, frequency = np.arange(SIDE), np.arange(LOW)[:, None]
    return np.cos(np.pi * (2 * place + 1) * frequency / (2 * SIDE)).astype(np.float32)


_COSINES_LS = _cosines()


def image_fingerprint(shades_hw: NDArray[np.float32]) -> int | None:
    """Signed 64-bit fingerprint of an upright image in shades 0..255, [64, 64]; None for one that shows nothing."""
    if float(shades_hw.std()) < FLATTEST:
        return None
    small = shades_hw.reshape(SIDE, shades_hw.shape[0] // SIDE, SIDE, shades_hw.shape[1] // SIDE).mean((1, 3))
    low = (_COSINES_LS @ small @ _COSINES_LS.T).ravel()
    bits = low > np.median(low[1:])
    bits[0] = False  # the mean shade, which says nothing about the contents
    return int(np.packbits(bits).view(">i8")[0])


def text_fingerprint(text: str) -> int | None:
    """Signed 64-bit fingerprint of a text; case, accents' encoding, white space and punctuation do not count."""
    plain = normalised(text)
    if not plain:
        return None
    data = np.frombuffer(plain.encode(), np.uint8).astype(np.uint64)
    if len(data) < SHORTEST_TEXT:
        return _whole(data)
    grams = np.lib.stride_tricks.sliding_window_view(data, _GRAM)
    hashed = _mixed(grams @ (np.uint64(257) ** np.arange(_GRAM, dtype=np.uint64)))
    bits = np.unpackbits(np.unique(hashed).view(np.uint8)).reshape(-1, 64)
    return int(np.packbits(2 * bits.sum(0) > len(bits)).view(">i8")[0])


def normalised(text: str) -> str:
    """The words of a text in one spelling, with a space between them."""
    return " ".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _whole(data: Prints) -> int:
    """The fingerprint of a text too short to have parts: any other text has one far from it."""
    powers = np.uint64(1099511628211) ** np.arange(len(data), dtype=np.uint64)
    return int(_mixed(np.array([(data + np.uint64(1)) @ powers])).view(np.int64)[0])


def _mixed(values: Prints) -> Prints:
    """Every bit of the input in every bit of the output (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@dataclass(slots=True)
class Hamming:
    """A growing set of 64-bit numbers, asked for those within a few bits.

    Sealed segments have tables by band; the youngest numbers are compared one by one. Segments of like size are
    merged, so that there are few of them and each number is moved few times.
    """

    _segments: list[_Segment] = field(default_factory=list)
    _tail: Prints = field(default_factory=lambda: np.empty(0, np.uint64))

    def copy(self) -> Hamming:
        """The same numbers, to which others can be added; nothing that is large is copied."""
        return Hamming(list(self._segments), self._tail)

    def __len__(self) -> int:
        return sum(len(segment.prints_n) for segment in self._segments) + len(self._tail)

    def add(self, prints: Prints) -> None:
        self._tail = np.concatenate([self._tail, prints])
        if len(self._tail) < _TAIL:
            return
        merged, self._tail = self._tail, self._tail[:0]
        while self._segments and len(self._segments[-1].prints_n) <= 2 * len(merged):
            merged = np.concatenate([self._segments.pop().prints_n, merged])
        self._segments.append(_Segment.of(merged))

    def nearest(self, asked_q: Prints, radius: int, kind_n: NDArray[np.uint8], kinds: int) -> Ints:
        """Position [q, kinds] of the nearest number of each kind, the oldest of equals; -1 if none is near.

        `radius` is at most 7: with 4 bands, two numbers within it agree in a band up to one bit.
        """
        best = _Best(asked_q, radius, kind_n, kinds)
        start = 0
        for segment in self._segments:
            segment.ask(best, start)
            start += len(segment.prints_n)
        step = max(1, _PAIRS_AT_ONCE // max(len(self._tail), 1))
        for first in range(0, len(asked_q) if len(self._tail) else 0, step):
            rows = np.arange(first, min(first + step, len(asked_q)))
            row_c = np.repeat(rows, len(self._tail))
            best.offer(row_c, np.tile(self._tail, len(rows)), np.tile(np.arange(len(self._tail)) + start, len(rows)))
        return best.positions()


class _Best:
    """The nearest one of each kind found so far for each number asked."""

    def __init__(self, asked_q: Prints, radius: int, kind_n: NDArray[np.uint8], kinds: int) -> None:
        self.asked_q = asked_q
        self.radius = radius
        self.kind_n = kind_n
        self._rank_qk = np.full((len(asked_q), kinds), np.iinfo(np.int64).max)

    def offer(self, row_c: Ints, prints_c: Prints, position_c: Ints) -> None:
        distance_c = np.bitwise_count(self.asked_q[row_c] ^ prints_c)
        good = np.flatnonzero(distance_c <= self.radius)
        position = position_c[good]
        rank = distance_c[good].astype(np.int64) << 48 | position
        np.minimum.at(self._rank_qk, (row_c[good], self.kind_n[position]), rank)

    def positions(self) -> Ints:
        return np.where(self._rank_qk == np.iinfo(np.int64).max, -1, self._rank_qk & ((1 << 48) - 1))


@dataclass(slots=True)
class _Segment:
    """Numbers with, for each band, their order by its bits and where each value of the bits starts."""

    prints_n: Prints
    order_bn: NDArray[np.int32]
    starts_bk: NDArray[np.int32]

    @classmethod
    def of(cls, prints_n: Prints) -> _Segment:
        keys_bn = _bands(prints_n)
        order_bn = np.argsort(keys_bn, axis=1, kind="stable").astype(np.int32)
        edges = np.arange((1 << _BAND_BITS) + 1)
        starts = [np.searchsorted(keys[order], edges) for keys, order in zip(keys_bn, order_bn, strict=True)]
        return cls(prints_n, order_bn, np.stack(starts).astype(np.int32))

    def ask(self, best: _Best, start: int) -> None:
        flips = [0] if best.radius < _BANDS else [0, *(1 << bit for bit in range(_BAND_BITS))]
        flips_f1 = np.array(flips, np.uint16)[:, None]
        for band, keys_q in enumerate(_bands(best.asked_q)):
            self._probe(best, band, (keys_q ^ flips_f1).ravel(), start)

    def _probe(self, best: _Best, band: int, keys_p: NDArray[np.uint16], start: int) -> None:
        """Offer those with one of these bits in a band; the keys are those asked, once for each way to look."""
        low_p = self.starts_bk[band][keys_p].astype(np.int64)
        count_p = self.starts_bk[band][keys_p.astype(np.int64) + 1] - low_p
        cuts = np.flatnonzero(np.diff(np.cumsum(count_p) // _PAIRS_AT_ONCE, prepend=0)).tolist()
        for first, last in zip([0, *cuts], [*cuts, len(keys_p)], strict=True):
            count = count_p[first:last]
            row_c = np.repeat(np.arange(first, last), count)
            within = np.arange(len(row_c)) - np.repeat(np.cumsum(count) - count, count)
            found_c = self.order_bn[band][np.repeat(low_p[first:last], count) + within].astype(np.int64)
            best.offer(row_c % len(best.asked_q), self.prints_n[found_c], found_c + start)


def _bands(prints: Prints) -> NDArray[np.uint16]:
    shifts_b1 = np.arange(_BANDS, dtype=np.uint64)[:, None] * np.uint64(_BAND_BITS)
    return ((prints[None] >> shifts_b1) & np.uint64(0xFFFF)).astype(np.uint16)


@dataclass(slots=True)
class NearDuplicates:
    """What is known so far, by id, with its split; answers in batches which known items a new one nearly equals.

    For one million items about 80 MB.
    """

    radius: int = RADIUS
    _index: Hamming = field(default_factory=Hamming)
    _ids: NDArray[np.bytes_] = field(default_factory=lambda: np.empty(1024, "S40"))
    _split_n: NDArray[np.uint8] = field(default_factory=lambda: np.empty(1024, np.uint8))

    def __len__(self) -> int:
        return len(self._index)

    def copy(self) -> NearDuplicates:
        """What is known by now; the older one counts again once what was added to the other is thrown away."""
        return NearDuplicates(self.radius, self._index.copy(), self._ids, self._split_n)

    def add(self, known: Iterable[tuple[str, int, str]]) -> None:
        """Items with a place of their own: id, fingerprint and split each."""
        for batch in batched(known, 1 << 16):
            start, end = len(self._index), len(self._index) + len(batch)
            if end > len(self._ids):
                more = max(end, len(self._ids))
                self._ids = np.concatenate([self._ids, np.empty(more, "S40")])
                self._split_n = np.concatenate([self._split_n, np.empty(more, np.uint8)])
            self._ids[start:end] = [item.encode() for item, _, _ in batch]
            self._split_n[start:end] = [_SPLIT_NUMBER[split] for _, _, split in batch]
            self._index.add(_unsigned([print_ for _, print_, _ in batch]))

    def near(self, prints: Sequence[int]) -> list[dict[Split, str]]:
        """For each fingerprint, by split in the order of `SPLITS`, the id of the nearest known item, if any is near."""
        if not prints:
            return []
        nearest_qs = self._index.nearest(_unsigned(prints), self.radius, self._split_n, len(SPLITS))
        return [
            {split: self._ids[near].decode() for split, near in zip(SPLITS, row, strict=True) if near >= 0}
            for row in nearest_qs.tolist()
        ]


def near_pairs(prints: Sequence[int], radius: int = RADIUS) -> list[tuple[int, int]]:
    """Positions (earlier, later) of all near duplicates within one batch, which is compared one by one."""
    prints_q = _unsigned(prints)
    step = max(1, _PAIRS_AT_ONCE // max(len(prints_q), 1))
    found: list[tuple[int, int]] = []
    for first in range(0, len(prints_q), step):
        near = np.bitwise_count(prints_q[first : first + step, None] ^ prints_q[None]) <= radius
        later, earlier = np.nonzero(np.tril(near, first - 1))
        found += zip(earlier.tolist(), (later + first).tolist(), strict=True)
    return found


def _unsigned(prints: Sequence[int]) -> Prints:
    return np.array(prints, np.int64).view(np.uint64)
