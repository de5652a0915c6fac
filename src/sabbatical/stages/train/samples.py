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
        self._place = {key: (t, taxonomy) for t, (key, taxonomy) in enumerate(taxonomies)}

    def __len__(self) -> int:
        return len(self._labeled)

    def __getitem__(self, index: int) -> Sample:
        one = self._labeled[index]
        t, taxonomy = self._place[one.taxonomy_id]
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
