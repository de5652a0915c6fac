"""What a snapshot gives a model to learn from: samples of images, or columns of texts, with rows of label tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sabbatical.learning.images import read_image
from sabbatical.learning.samples import CUT, Sample
from sabbatical.learning.text.texts import UNLABELED, TextColumns
from sabbatical.stages.dataset.actions import LabelColumns
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import Taxonomy

TableRow = tuple[str, bool]
"""The id of a taxonomy, and whether it is its twin for partial images, whose background says nothing."""


def table_rows(labels: LabelColumns, taxonomies: Sequence[tuple[str, Taxonomy]]) -> list[TableRow]:
    """The rows of the table bank that images are learned with: each taxonomy, then the twins that are needed."""
    partial = {labels.taxonomies[t] for t in np.unique(labels.taxonomy_i[labels.partial_i]).tolist()}
    return [(key, False) for key, _ in taxonomies] + [(key, True) for key, _ in taxonomies if key in partial]


class SnapshotSamples:
    """The labeled images of a snapshot as samples; decoded when they are asked for, and kept by none but who asked.

    JPEGs are decoded no larger than the canvas needs; boxes follow.
    """

    def __init__(
        self,
        workspace: Workspace,
        labels: LabelColumns,
        taxonomies: Sequence[tuple[str, Taxonomy]],
        canvas: tuple[int, int],
    ) -> None:
        self._workspace = workspace
        self._labels = labels
        self._canvas = canvas
        self._label_v = labels.index_v(dict(taxonomies))
        self._row = {row: t for t, row in enumerate(table_rows(labels, taxonomies))}

    @property
    def row_i(self) -> NDArray[np.int64]:
        """Each sample's row of the table bank."""
        places = [self._row.get((key, False), -1) for key in self._labels.taxonomies]
        twins = [self._row.get((key, True), -1) for key in self._labels.taxonomies]
        row_i: NDArray[np.int64] = np.array([places, twins])[
            self._labels.partial_i.astype(np.int64), self._labels.taxonomy_i
        ]
        return row_i

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> Sample:
        labels, shapes = self._labels, self._labels.shapes(index)
        item, taxonomy = labels.items[index], labels.taxonomies[labels.taxonomy_i[index]]
        image_hwc = read_image(local_image(self._workspace, item), at_least=self._canvas)
        height, width = image_hwc.shape[:2]
        drawn_width, drawn_height = labels.sides_i2[index].tolist()
        scale = np.array([width / (drawn_width or width), height / (drawn_height or height)] * 2, np.float32)
        labels_n = np.where(labels.crowd_n[shapes], CUT, self._label_v[labels.word_n[shapes]])
        row = self._row[taxonomy, bool(labels.partial_i[index])]
        return Sample(image_hwc, labels.boxes_n4[shapes] * scale, labels_n, row, item)


def local_image(workspace: Workspace, item_id: str) -> Path:
    """The file of an image on this machine."""
    return workspace.media.local(item_id, workspace.home / "cache")


def text_columns(labels: LabelColumns, taxonomies: Sequence[tuple[str, Taxonomy]]) -> TextColumns:
    """The labeled texts of a snapshot as columns; a text without a label is kept, for counting words."""
    place = {key: t for t, (key, _) in enumerate(taxonomies)}
    place_t = np.array([place[key] for key in labels.taxonomies], np.int64)
    labeled_i = np.diff(labels.first_i) > 0
    label_i = np.full(len(labels), UNLABELED, np.int64)
    label_i[labeled_i] = labels.index_v(dict(taxonomies))[labels.word_n[labels.first_i[:-1][labeled_i]]]
    return TextColumns(labels.texts, place_t[labels.taxonomy_i], label_i)
