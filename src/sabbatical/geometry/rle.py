"""Run-length encoded masks, as COCO defines them.

A mask is read column by column (down, then right); `counts` are the lengths of its runs, of 0 first and then in turn,
so the first count is 0 where the first pixel is set. The compressed form writes each count as groups of five bits in
printable characters, and from the fourth count on only its difference from the count two before.

Shapes: h rows, w columns, n and m masks, r runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sabbatical.core.errors import BadInput

Ints = NDArray[np.int64]

_MORE, _SIGN, _FIRST_CHARACTER = 0x20, 0x10, 48
_MOST_GROUPS = 7  # of five bits: enough for a run over 2**31 pixels and its sign


@dataclass(frozen=True, eq=False)
class Rle:
    """One mask of `height` x `width` pixels as its runs. Two are equal when they mark the same pixels.

    Raises BadInput when the counts are negative or do not add up to the size.
    """

    height: int
    width: int
    counts_r: Ints

    def __post_init__(self) -> None:
        if self.height < 0 or self.width < 0 or (self.counts_r < 0).any():
            raise BadInput(
                f"A mask of {self.height} x {self.width} pixels (height x width) has negative sizes or runs."
            )
        if int(self.counts_r.sum()) != self.height * self.width:
            raise BadInput(
                f"The runs add up to {int(self.counts_r.sum())} pixels, but the mask has {self.height} x {self.width}.",
                hint="Check that size is [height, width].",
            )

    @classmethod
    def encode(cls, mask_hw: ArrayLike) -> Rle:
        """The runs of a mask; what is not 0 is set."""
        mask = np.asarray(mask_hw).astype(np.bool_)
        if mask.ndim != 2:
            raise BadInput(f"A mask has height and width, but an array of shape {mask.shape} was given.")
        height, width = mask.shape
        pixels = mask.T.reshape(-1)
        edges = np.flatnonzero(np.diff(pixels, prepend=False)) if pixels.size else np.empty(0, np.int64)
        return cls.from_edges(height, width, edges)

    @classmethod
    def from_edges(cls, height: int, width: int, edges: Ints) -> Rle:
        """The mask whose pixels turn over at each of the ascending positions `edges`, from 0 to height * width - 1."""
        return cls(height, width, np.diff(edges, prepend=0, append=height * width))

    @classmethod
    def from_coco(cls, coco: Mapping[str, Any]) -> Rle:
        """Reads `{"size": [height, width], "counts": list, text or bytes}`. Raises BadInput."""
        try:
            height, width = (int(side) for side in coco["size"])
            counts = coco["counts"]
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput("An RLE mask is {'size': [height, width], 'counts': ...}.") from error
        if isinstance(counts, str | bytes):
            return cls(height, width, counts_from_text(counts))
        try:
            return cls(height, width, np.asarray(counts, dtype=np.int64).reshape(-1))
        except (TypeError, ValueError, OverflowError) as error:
            raise BadInput(f"The counts of an RLE mask should be whole numbers: {error}.") from error

    def to_coco(self) -> dict[str, Any]:
        """The compressed form, `{"size": [height, width], "counts": text}`."""
        return {"size": [self.height, self.width], "counts": counts_to_text(self.counts_r)}

    def decode(self) -> NDArray[np.bool_]:
        """The mask [h, w]."""
        values = np.arange(len(self.counts_r)) % 2 == 1
        return np.repeat(values, self.counts_r).reshape(self.width, self.height).T

    @cached_property
    def spans_s2(self) -> Ints:
        """int64 [s, 2]: first and one past the last position of every run of set pixels, none of them empty."""
        ends = np.cumsum(self.counts_r)
        spans = np.stack([(ends - self.counts_r)[1::2], ends[1::2]], axis=1)
        return spans[spans[:, 0] < spans[:, 1]]

    @cached_property
    def area(self) -> int:
        """Number of set pixels."""
        return int(self.counts_r[1::2].sum())

    @cached_property
    def box_4(self) -> NDArray[np.float32]:
        """The smallest box (x1, y1, x2, y2) around the set pixels; zeros when there are none."""
        spans = self.spans_s2
        if not len(spans):
            return np.zeros(4, dtype=np.float32)
        columns, rows = spans // self.height, spans % self.height
        last_columns, last_rows = (spans[:, 1] - 1) // self.height, (spans[:, 1] - 1) % self.height
        over = columns[:, 0] < last_columns  # a span that goes on in the next column touches top and bottom
        top = np.where(over, 0, rows[:, 0]).min()
        bottom = np.where(over, self.height - 1, last_rows).max()
        return np.array([columns[:, 0].min(), top, last_columns.max() + 1, bottom + 1], dtype=np.float32)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Rle):
            return NotImplemented
        return self._size == other._size and np.array_equal(self._edges, other._edges)

    def __hash__(self) -> int:
        return hash((self._size, self._edges.tobytes()))

    @property
    def _size(self) -> tuple[int, int]:
        return self.height, self.width

    @property
    def _edges(self) -> Ints:
        return toggled(self.spans_s2.reshape(-1))


def toggled(positions: Ints) -> Ints:
    """The positions that occur an odd number of times, ascending: turning a pixel over twice changes nothing."""
    values, times = np.unique(positions, return_counts=True)
    odd: Ints = values[times % 2 == 1]
    return odd


def counts_to_text(counts_r: Ints) -> str:
    """The compressed form of run lengths, the same as pycocotools writes."""
    rest = counts_r.astype(np.int64, copy=True)
    rest[3:] -= counts_r[1:-2]
    groups = np.empty((len(rest), _MOST_GROUPS), dtype=np.uint8)
    used = np.zeros(groups.shape, dtype=np.bool_)
    going = np.ones(len(rest), dtype=np.bool_)
    for place in range(_MOST_GROUPS):
        used[:, place] = going
        bits = rest & 0x1F
        rest >>= 5
        going = going & (rest != np.where(bits & _SIGN, -1, 0))
        groups[:, place] = bits + _MORE * going + _FIRST_CHARACTER
    return groups[used].tobytes().decode("ascii")


def counts_from_text(text: str | bytes) -> Ints:
    """The run lengths of a compressed form. Raises BadInput where it is damaged."""
    raw = text.encode("ascii", "replace") if isinstance(text, str) else text
    codes = np.frombuffer(raw, dtype=np.uint8).astype(np.int64) - _FIRST_CHARACTER
    if not codes.size:
        return np.empty(0, dtype=np.int64)
    last = np.flatnonzero(codes & _MORE == 0)
    if (codes < 0).any() or (codes > 0x3F).any() or not last.size or last[-1] != codes.size - 1:
        raise BadInput("The compressed counts of an RLE mask are damaged.", hint="Were backslashes lost on the way?")
    first = np.concatenate([[0], last[:-1] + 1])
    place = np.arange(codes.size) - np.repeat(first, last - first + 1)
    if place.max() >= _MOST_GROUPS:
        raise BadInput("The compressed counts of an RLE mask hold a run that is longer than any image.")
    counts = np.add.reduceat((codes & 0x1F) << 5 * place, first)
    counts -= np.where(codes[last] & _SIGN, np.int64(1) << 5 * (place[last] + 1), 0)
    counts[1::2] = np.cumsum(counts[1::2])
    counts[2::2] = np.cumsum(counts[2::2])
    return counts


def merge(rles: Sequence[Rle], *, intersect: bool = False) -> Rle:
    """The union of masks of one size, or what all of them share. Raises BadInput for none or for sizes that differ."""
    height, width = _one_size(rles)
    spans = np.concatenate([rle.spans_s2 for rle in rles])
    steps = np.concatenate([np.ones(len(spans), np.int64), -np.ones(len(spans), np.int64)])
    positions, index = np.unique(spans.T.reshape(-1), return_inverse=True)
    depth = np.cumsum(np.bincount(index, weights=steps, minlength=len(positions)).astype(np.int64))
    inside = depth == len(rles) if intersect else depth > 0
    edges = positions[np.diff(inside, prepend=False)]
    return Rle.from_edges(height, width, edges[edges < height * width])


def rle_iou(a: Sequence[Rle], b: Sequence[Rle], crowd_m: ArrayLike | None = None) -> NDArray[np.float64]:
    """IoU [n, m] of every pair of masks of one size; for a crowd in b, the intersection over the area of a alone.

    Raises BadInput for sizes that differ, or another number of crowd flags than masks in b.
    """
    crowd = np.zeros(len(b), dtype=np.bool_) if crowd_m is None else np.asarray(crowd_m, dtype=np.bool_)
    if crowd.shape != (len(b),):
        raise BadInput(f"{len(b)} masks have {crowd.size} crowd flags.")
    if not a or not b:
        return np.zeros((len(a), len(b)))
    _one_size([*a, *b])
    area_n = np.array([rle.area for rle in a], dtype=np.float64)
    area_m = np.array([rle.area for rle in b], dtype=np.float64)
    inter = _intersections(a, b)
    union = np.where(crowd, area_n[:, None], area_n[:, None] + area_m - inter)
    return np.divide(inter, union, out=np.zeros_like(inter), where=union > 0)


def _intersections(a: Sequence[Rle], b: Sequence[Rle]) -> NDArray[np.float64]:
    """Shared pixels [n, m]: those of a mask of b before the end of each span of a, less those before its start."""
    spans = np.concatenate([rle.spans_s2 for rle in a])
    owner = np.repeat(np.arange(len(a)), [len(rle.spans_s2) for rle in a])
    inter = np.zeros((len(a), len(b)))
    for column, rle in enumerate(b):
        edges = rle.spans_s2.reshape(-1)
        if not edges.size:
            continue
        before = np.zeros(len(edges))
        before[1::2] = np.cumsum(rle.spans_s2[:, 1] - rle.spans_s2[:, 0])
        before[2::2] = before[1:-1:2]
        shared = np.interp(spans[:, 1], edges, before) - np.interp(spans[:, 0], edges, before)
        inter[:, column] = np.bincount(owner, weights=shared, minlength=len(a))
    return inter


def _one_size(rles: Sequence[Rle]) -> tuple[int, int]:
    sizes = {(rle.height, rle.width) for rle in rles}
    if len(sizes) != 1:
        shown = ", ".join(f"{height} x {width}" for height, width in sorted(sizes)) or "none"
        raise BadInput(f"Masks of one size (height x width) are needed, but there are {shown}.")
    return next(iter(sizes))
