"""Fully drawn images, and customers who would each have drawn a part of them: what a study of boxes learns from.

Because everything is drawn, the oracle can be trained and every method can be judged on the same truth; what a customer
does not draw is taken away before any method sees it.

Legend: i images; n boxes of an image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sabbatical.learning.images import read_scaled
from sabbatical.learning.samples import Sample
from sabbatical.taxonomy import SuperTaxonomy, Taxonomy

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class DrawnImage:
    """One image with everything that its source draws.

    Attributes:
        file: the image.
        boxes_n4: float32, pixels of the file, (x0, y0, x1, y1).
        names_n: the class of each box, a name of the tree.
        domain: which source it is of.
        group: images of one group are never split.
        week: in which it came, from 0, in a study of growth.
    """

    file: Path
    boxes_n4: NDArray[np.float32]
    names_n: tuple[str, ...]
    domain: str
    group: str
    week: int = 0


@dataclass(frozen=True)
class BoxTask:
    """A question to study.

    Attributes:
        name: of the data, as on the command line.
        tree: all classes.
        images: of every domain.
        customers: who would have drawn what; each with the domain that its images are of.
        full: for each domain, everything that is drawn on its images.
        settings: of the recipe, the same for every method.
        judged: the classes that count; all that are covered unless told.
        grown: customers who draw boxes larger than they are, by so many times, for a study of labeling rules.
        newcomer: the customer who comes last, in a study of how soon it is served well; half of the images are its own.
    """

    name: str
    tree: SuperTaxonomy
    images: Sequence[DrawnImage]
    customers: Sequence[tuple[str, Taxonomy]]
    full: Mapping[str, Taxonomy]
    settings: Mapping[str, Any] = field(default_factory=dict)
    judged: tuple[str, ...] = ()
    grown: Mapping[str, float] = field(default_factory=dict)
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


@dataclass(frozen=True)
class Split:
    """Which images learn, choose thresholds and judge (int64, positions), and which customer (row) drew each image."""

    training_i: Ints
    validation_i: Ints
    test_i: Ints
    customer_i: Ints


class Grouped(Protocol):
    """An image of any task."""

    @property
    def domain(self) -> str: ...

    @property
    def group(self) -> str: ...


class Task(Protocol):
    """A task of any kind, as far as it matters for who learns from what; see `BoxTask`."""

    @property
    def images(self) -> Sequence[Grouped]: ...

    @property
    def customers(self) -> Sequence[tuple[str, Taxonomy]]: ...

    @property
    def full(self) -> Mapping[str, Taxonomy]: ...

    @property
    def newcomer(self) -> str: ...

    def row(self, customer: str) -> int: ...


VALIDATION = 8
"""Of so many images that do not judge, one chooses thresholds."""


def split(task: Task, seed: int, folds: int) -> Split:
    """The part of a seed: seed s judges fold s of a partition into `folds`; every `folds` seeds make a new partition.

    So the judged images of `folds` seeds are all images, each once.
    """
    random = np.random.default_rng((1, seed // folds))
    groups = sorted({image.group for image in task.images})
    place = {groups[g]: n for n, g in enumerate(random.permutation(len(groups)).tolist())}
    place_i = np.array([place[image.group] for image in task.images])
    test_i = place_i % folds == seed % folds
    rest = np.unique(place_i[~test_i])
    validation_i = ~test_i & np.isin(place_i, rest[::VALIDATION])
    return Split(
        np.flatnonzero(~test_i & ~validation_i),
        np.flatnonzero(validation_i),
        np.flatnonzero(test_i),
        _customers(task, seed),
    )


def _customers(task: Task, seed: int) -> Ints:
    """Each image is drawn by one customer of its domain, in turns along a random order of its groups."""
    random = np.random.default_rng((2, seed))
    customer_i = np.full(len(task.images), -1)
    for domain in task.full:
        rows = _turns(task, domain)
        groups = sorted({image.group for image in task.images if image.domain == domain})
        turn = {groups[g]: n for n, g in enumerate(random.permutation(len(groups)).tolist())}
        for i, image in enumerate(task.images):
            if image.domain == domain:
                customer_i[i] = rows[turn[image.group] % len(rows)]
    return customer_i


def _turns(task: Task, domain: str) -> list[int]:
    """The customers (rows) of a domain in the order of their turns; a newcomer has every other one."""
    rows = [row for row, (theirs, _) in enumerate(task.customers) if theirs == domain]
    if not task.newcomer:
        return rows
    new = task.row(task.newcomer)
    return [each for row in rows if row != new for each in (row, new)]


def labeled_only(task: BoxTask, parts: Split, labeled: int, seed: int) -> Split:
    """The split on the day on which the newcomer has labeled so many images; the others have labeled all of theirs."""
    random = np.random.default_rng((3, seed))
    theirs = parts.customer_i[parts.training_i] == task.row(task.newcomer)
    there = np.concatenate([parts.training_i[~theirs], random.permutation(parts.training_i[theirs])[:labeled]])
    return replace(parts, training_i=np.sort(there))


class Drawn:
    """Some images as samples, with the boxes that a row of the task's taxonomies draws on each.

    Args:
        task: the images.
        chosen_i: positions of those to learn from.
        row_i: for each of them, the taxonomy that it is drawn by.
        canvas: (height, width) that images have to fill; they are decoded no larger than that needs.
    """

    def __init__(self, task: BoxTask, chosen_i: Ints, row_i: Ints, canvas: tuple[int, int]) -> None:
        self.task = task
        self.chosen_i = chosen_i
        self.row_i = row_i
        self.canvas = canvas
        self._label = [labels_of(task.tree, taxonomy) for taxonomy in task.taxonomies]

    def __len__(self) -> int:
        return len(self.chosen_i)

    def __getitem__(self, index: int) -> Sample:
        image, row = self.task.images[self.chosen_i[index]], int(self.row_i[index])
        image_hwc, (width, height) = read_scaled(image.file, self.canvas)
        scale = np.array([image_hwc.shape[1] / width, image_hwc.shape[0] / height] * 2, np.float32)
        labels_n = np.array([self._label[row].get(name, -1) for name in image.names_n], np.int64)
        drawn_n = labels_n >= 0
        times = self.task.grown.get(self.task.taxonomies[row].name, 1.0)
        boxes_n4 = grown_boxes(image.boxes_n4[drawn_n], times, (width, height)) * scale
        return Sample(image_hwc, boxes_n4, labels_n[drawn_n], row, image.file.name)


def grown_boxes(boxes_n4: NDArray[np.float32], times: float, size: tuple[int, int]) -> NDArray[np.float32]:
    """Boxes with sides so many times as long around the same middle, cut to an image of (width, height)."""
    middle_n2 = (boxes_n4[:, :2] + boxes_n4[:, 2:]) / 2
    half_n2 = (boxes_n4[:, 2:] - boxes_n4[:, :2]) * times / 2
    larger_n4 = np.concatenate([middle_n2 - half_n2, middle_n2 + half_n2], axis=1)
    cut_n4: NDArray[np.float32] = np.clip(larger_n4, 0, np.array([*size, *size])).astype(np.float32)
    return cut_n4


def labels_of(tree: SuperTaxonomy, taxonomy: Taxonomy) -> dict[str, int]:
    """The label (its place) by which a customer draws each class: the one of the class itself, or the nearest above."""
    label_of = {label.to: place for place, label in enumerate(taxonomy.labels) if label.to is not None}
    found = {}
    for name in tree.names:
        above = [label_of[each] for each in reversed(tree.lineage(name)) if each in label_of]
        if above:
            found[name] = above[0]
    return found
