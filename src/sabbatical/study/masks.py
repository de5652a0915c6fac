"""Fully painted images, and customers who would each have painted a part of them: what a study of masks learns from.

Legend: h, w height and width; k classes of the tree; l labels; i images; r rows of one taxonomy's tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sabbatical.geometry import mask_boxes
from sabbatical.learning.images import read_image
from sabbatical.learning.samples import EMPTY, Pixels, Sample
from sabbatical.study.boxes import Ints
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy, tables

NOTHING = -1
"""The class of a pixel that shows none."""
Window = tuple[int, int, int, int]
"""Top, left, bottom, right."""


class Painting(NamedTuple):
    """What each pixel shows, int16 (h, w), a class of the tree or `NOTHING`; and of which thing it is, int32, or 0."""

    class_hw: NDArray[np.int16]
    thing_hw: NDArray[np.int32]


@dataclass(frozen=True)
class PaintedImage:
    """One image with everything that it shows.

    Attributes:
        file: the image.
        paint: answers what its pixels show, of the whole file.
        domain: which source it is of.
        group: images of one group are never split.
        window: the part of the file that is meant; all of it by default.
    """

    file: Path
    paint: Callable[[], Painting]
    domain: str
    group: str
    window: Window | None = None

    def image(self) -> NDArray[np.uint8]:
        """uint8 (h, w, 3)."""
        return read_image(self.file)[self._part]

    def painting(self) -> Painting:
        class_hw, thing_hw = self.paint()
        return Painting(class_hw[self._part], thing_hw[self._part])

    @property
    def _part(self) -> tuple[slice, slice]:
        if self.window is None:
            return slice(None), slice(None)
        top, left, bottom, right = self.window
        return slice(top, bottom), slice(left, right)


@dataclass(frozen=True)
class MaskTask:
    """A question to study; the same as `boxes.BoxTask` but for what is drawn.

    Attributes:
        name: of the data, as on the command line.
        tree: all classes.
        images: of every domain.
        customers: who would have painted what; each with the domain that its images are of.
        full: for each domain, everything that its images show.
        settings: of the recipe, the same for every method.
        thing: the class whose things are to be told apart; none by default.
        blobs: customers who paint without telling one thing from the next.
        newcomer: see `boxes.BoxTask`.
    """

    name: str
    tree: SuperTaxonomy
    images: Sequence[PaintedImage]
    customers: Sequence[tuple[str, Taxonomy]]
    full: Mapping[str, Taxonomy]
    settings: Mapping[str, Any] = field(default_factory=dict)
    thing: str = ""
    blobs: frozenset[str] = frozenset()
    newcomer: str = ""

    @cached_property
    def taxonomies(self) -> list[Taxonomy]:
        """Every taxonomy of the task, customers first: the rows of its table bank."""
        return [*(taxonomy for _, taxonomy in self.customers), *self.full.values()]

    def row(self, customer: str) -> int:
        """The row of a customer by its name."""
        return [taxonomy.name for taxonomy in self.taxonomies].index(customer)

    def full_row(self, domain: str) -> int:
        return len(self.customers) + list(self.full).index(domain)

    def rows_of_classes(self, row: int) -> NDArray[np.int16]:
        """int16 (k + 1): the label (its place) by which a customer paints each class; last, that of no class.

        It is the label of the class itself, or the nearest above; `EMPTY` where there is none.
        """
        label_of = {label.to: place for place, label in enumerate(self.taxonomies[row].labels) if label.to is not None}
        found = []
        for name in self.tree.names:
            above = [label_of[each] for each in reversed(self.tree.lineage(name)) if each in label_of]
            found.append(above[0] if above else EMPTY)
        return np.array([*found, EMPTY], np.int16)

    def shown_rk(self, row: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """What every row of a taxonomy's tables shows, and what it can tell, for `metrics.segmentation`."""
        told = tables(self.tree, self.taxonomies[row])
        nothing_2k = np.zeros((2, len(self.tree)), np.float32)
        known_rk = np.concatenate([told.known_lk, told.covered_k[None], nothing_2k[:1]])
        return np.concatenate([told.target_lk, nothing_2k]), known_rk


class Painted:
    """Some images as samples, with the masks that a row of the task's taxonomies paints on each.

    Args:
        task: the images.
        chosen_i: positions of those to learn from.
        row_i: for each of them, the taxonomy that it is painted by.
        apart: whether what a customer paints in one piece is taken for one thing (the naive reading), instead of for
            something that nobody told apart.
    """

    def __init__(self, task: MaskTask, chosen_i: Ints, row_i: Ints, *, apart: bool = False) -> None:
        self.task = task
        self.chosen_i = chosen_i
        self.row_i = row_i
        self.apart = apart
        self._label = [task.rows_of_classes(row) for row in range(len(task.taxonomies))]

    def __len__(self) -> int:
        return len(self.chosen_i)

    def __getitem__(self, index: int) -> Sample:
        image, row = self.task.images[self.chosen_i[index]], int(self.row_i[index])
        painting = image.painting()
        rows_hw = self._label[row][painting.class_hw]
        labels_n = np.unique(rows_hw[rows_hw >= 0]).astype(np.int64)
        return Sample(
            image.image(),
            mask_boxes(rows_hw == labels_n[:, None, None]),
            labels_n,
            row,
            f"{image.file.name} {image.window or ''}".strip(),
            Pixels(rows_hw, self._depths(row, rows_hw, painting.thing_hw) if self.task.thing else None),
        )

    def _depths(self, row: int, rows_hw: NDArray[np.int16], thing_hw: NDArray[np.int32]) -> NDArray[np.float16]:
        from scipy import ndimage  # noqa: PLC0415 - scipy loads in a step only

        from sabbatical.learning.segmentation.instances import depths  # noqa: PLC0415

        drawn_hw = rows_hw >= 0
        if self.task.taxonomies[row].name not in self.task.blobs:
            return depths(np.where(drawn_hw, thing_hw, 0))
        if self.apart:
            return depths(ndimage.label(drawn_hw)[0])
        return np.where(drawn_hw, np.float16(np.nan), np.float16(0))
