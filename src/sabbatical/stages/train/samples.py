"""What a snapshot gives a model to learn from: samples of images, or columns of texts, with rows of label tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sabbatical.learning.images import read_image
from sabbatical.learning.samples import CUT, Sample
from sabbatical.learning.text.texts import TextColumns
from sabbatical.stages.dataset.actions import Labeled
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import Taxonomy

TableRow = tuple[str, bool]
"""The id of a taxonomy, and whether it is its twin for partial images, whose background says nothing."""


def table_rows(labeled: Sequence[Labeled], taxonomies: Sequence[tuple[str, Taxonomy]]) -> list[TableRow]:
    """The rows of the table bank that images are learned with: each taxonomy, then the twins that are needed."""
    partial = {one.taxonomy_id for one in labeled if one.payload.partial}
    return [(key, False) for key, _ in taxonomies] + [(key, True) for key, _ in taxonomies if key in partial]


class SnapshotSamples:
    """The labeled images of a snapshot as samples; decoded when they are asked for, and kept by none but who asked.

    JPEGs are decoded no larger than the canvas needs; boxes follow.
    """

    def __init__(
        self,
        workspace: Workspace,
        labeled: Sequence[Labeled],
        taxonomies: Sequence[tuple[str, Taxonomy]],
        canvas: tuple[int, int],
    ) -> None:
        self._workspace = workspace
        self._labeled = labeled
        self._canvas = canvas
        self._taxonomies = dict(taxonomies)
        self._row = {row: t for t, row in enumerate(table_rows(labeled, taxonomies))}

    def __len__(self) -> int:
        return len(self._labeled)

    def __getitem__(self, index: int) -> Sample:
        one = self._labeled[index]
        t, taxonomy = self._row[one.taxonomy_id, one.payload.partial], self._taxonomies[one.taxonomy_id]
        image_hwc = read_image(local_image(self._workspace, one.item_id), at_least=self._canvas)
        height, width = image_hwc.shape[:2]
        scale = np.array([width / (one.width or width), height / (one.height or height)] * 2, np.float32)
        labels_n = np.array([taxonomy.index(name) for name in one.payload.labels], np.int64)
        labels_n[sorted(one.payload.crowds)] = CUT
        return Sample(image_hwc, one.payload.boxes_n4 * scale, labels_n, t, one.item_id)


def local_image(workspace: Workspace, item_id: str) -> Path:
    """The file of an image on this machine."""
    return workspace.media.local(item_id, workspace.home / "cache")


def text_columns(labeled: Sequence[Labeled], taxonomies: Sequence[tuple[str, Taxonomy]]) -> TextColumns:
    """The labeled texts of a snapshot as columns; a text without a label is kept, for counting words."""
    place = {key: (t, taxonomy) for t, (key, taxonomy) in enumerate(taxonomies)}
    rows = [place[one.taxonomy_id] for one in labeled]
    labels = [
        taxonomy.index(one.payload.labels[0]) if one.payload.labels else -1
        for one, (_, taxonomy) in zip(labeled, rows, strict=True)
    ]
    return TextColumns(
        [one.text or "" for one in labeled],
        np.array([t for t, _ in rows], np.int64),
        np.array(labels, np.int64),
    )
