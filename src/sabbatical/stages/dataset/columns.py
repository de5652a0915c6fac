"""The labels of a snapshot as columns: what training and judging hold of it, about 100 bytes an item and 21 a shape.

Legend: i labeled items (one row of a snapshot each), n shapes, v words (a label of one taxonomy version).
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray

from sabbatical.core.batches import batched
from sabbatical.core.progress import Progress, Quiet, check
from sabbatical.stages.dataset.reading import Labeled
from sabbatical.taxonomy import Taxonomy

PAGE = 2000
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Ids(Sequence[str]):
    """Item ids kept as the bytes of one array, read as text."""

    def __init__(self, id_i: NDArray[np.bytes_]) -> None:
        self.id_i = id_i

    def __len__(self) -> int:
        return len(self.id_i)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Ids: ...
    def __getitem__(self, index: int | slice) -> str | Ids:
        return Ids(self.id_i[index]) if isinstance(index, slice) else str(self.id_i[index], "ascii")


@dataclass(frozen=True, eq=False)
class LabelColumns:
    """Items with what one customer's taxonomy says of each, in the order in which they were read.

    `items`: their ids. `taxonomy_i`: int32, the place of its taxonomy's id in `taxonomies`. `sides_i2`: int32, width
    and height in pixels, 0 where unknown. `partial_i`: not all that was drawn could be taken. `first_i`: int64, one
    more than items; the shapes of item i are `first_i[i]:first_i[i + 1]`. `boxes_n4`: float32, x0 y0 x1 y1 in pixels
    (empty for texts). `word_n`: int32, the place of its label in `words`, which are (taxonomy id, label). `crowd_n`: a
    region. `texts`: what the items say, empty for images.
    """

    items: Ids
    taxonomies: tuple[str, ...]
    taxonomy_i: NDArray[np.int32]
    sides_i2: NDArray[np.int32]
    partial_i: Bools
    first_i: Ints
    boxes_n4: NDArray[np.float32]
    words: tuple[tuple[str, str], ...]
    word_n: NDArray[np.int32]
    crowd_n: Bools
    texts: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.items)

    @property
    def item_n(self) -> Ints:
        """The item of each shape."""
        return np.repeat(np.arange(len(self)), np.diff(self.first_i))

    def shapes(self, i: int) -> slice:
        """The places of an item's shapes."""
        return slice(int(self.first_i[i]), int(self.first_i[i + 1]))

    def index_v(self, taxonomies: Mapping[str, Taxonomy]) -> Ints:
        """The place of each word's label in its taxonomy, by the ids of the taxonomies; shape v.

        Raises:
            BadTaxonomy: a taxonomy lacks a label.
        """
        return np.array([taxonomies[key].index(label) for key, label in self.words], np.int64)

    def take(self, chosen: Ints) -> LabelColumns:
        """The items at these places, in the order given."""
        many = np.diff(self.first_i)[chosen]
        first_i = np.concatenate([[0], np.cumsum(many)])
        shapes = np.arange(first_i[-1]) + np.repeat(self.first_i[:-1][chosen] - first_i[:-1], many)
        return LabelColumns(
            items=Ids(self.items.id_i[chosen]),
            taxonomies=self.taxonomies,
            taxonomy_i=self.taxonomy_i[chosen],
            sides_i2=self.sides_i2[chosen],
            partial_i=self.partial_i[chosen],
            first_i=first_i,
            boxes_n4=self.boxes_n4[shapes] if len(self.boxes_n4) else self.boxes_n4,
            words=self.words,
            word_n=self.word_n[shapes],
            crowd_n=self.crowd_n[shapes],
            texts=tuple(self.texts[i] for i in chosen.tolist()) if self.texts else (),
        )


def label_columns(labeled: Iterable[Labeled], *, texts: bool = False, progress: Progress | None = None) -> LabelColumns:
    """Columns of all rows, of which one page at a time is in memory; what texts say is kept if `texts`.

    Raises:
        Interrupted: `progress`, asked before each page is kept, says to stop.
    """
    watched = progress or Quiet()
    taxonomies: dict[str, int] = {}
    words: dict[tuple[str, str], int] = {}
    ids: list[NDArray[np.bytes_]] = [np.zeros(0, "S1")]
    taxonomy, sides, partial, many = array("i"), array("i"), array("b"), array("q")
    boxes, word, crowds, said = array("f"), array("i"), array("q"), list[str]()
    for page in batched(labeled, PAGE):
        check(watched)
        ids.append(np.array([one.item_id for one in page], np.bytes_))
        taxonomy.extend(taxonomies.setdefault(one.taxonomy_id, len(taxonomies)) for one in page)
        sides.extend(side or 0 for one in page for side in (one.width, one.height))
        partial.extend(one.payload.partial for one in page)
        if texts:
            said.extend(one.text or "" for one in page)
        for one in page:
            crowds.extend(len(word) + shape for shape in one.payload.crowds)
            word.extend(words.setdefault((one.taxonomy_id, label), len(words)) for label in one.payload.labels)
            boxes.frombytes(one.payload.boxes_n4.tobytes())
            many.append(len(one.payload))
    crowd_n = np.zeros(len(word), np.bool_)
    crowd_n[np.frombuffer(crowds, np.int64)] = True
    return LabelColumns(
        items=Ids(np.concatenate(ids)),
        taxonomies=tuple(taxonomies),
        taxonomy_i=np.frombuffer(taxonomy, np.int32),
        sides_i2=np.frombuffer(sides, np.int32).reshape(-1, 2),
        partial_i=np.frombuffer(partial, np.bool_),
        first_i=np.concatenate([[0], np.cumsum(np.frombuffer(many, np.int64))]),
        boxes_n4=np.frombuffer(boxes, np.float32).reshape(-1, 4),
        words=tuple(words),
        word_n=np.frombuffer(word, np.int32),
        crowd_n=crowd_n,
        texts=tuple(said),
    )
