"""What a snapshot gives a model to learn from: samples of images, or columns of texts, with rows of label tables."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from sabbatical.learning.images import read_image
from sabbatical.learning.samples import CUT, Sample
from sabbatical.learning.text.texts import TextColumns
from sabbatical.stages.dataset.actions import Labeled
from sabbatical.storage.workspace import Workspace
from sabbatical.taxonomy import Taxonomy

CACHED_BYTES = 1 << 30


class ImageCache:
    """Decoded images, the latest used kept, up to a number of bytes; safe to ask from several threads."""

    def __init__(self, most_bytes: int = CACHED_BYTES) -> None:
        self._most = most_bytes
        self._held = 0
        self._images: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> NDArray[np.uint8] | None:
        with self._lock:
            image = self._images.get(key)
            if image is not None:
                self._images.move_to_end(key)
            return image

    def put(self, key: str, image_hwc: NDArray[np.uint8]) -> None:
        with self._lock:
            if key in self._images:
                return
            self._images[key] = image_hwc
            self._held += image_hwc.nbytes
            while self._held > self._most and len(self._images) > 1:
                self._held -= self._images.popitem(last=False)[1].nbytes


class SnapshotSamples:
    """The labeled images of a snapshot as samples; decoded when they are asked for.

    Images are decoded no larger than the canvas needs; boxes follow.
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
        self._cache = ImageCache()

    def __len__(self) -> int:
        return len(self._labeled)

    def __getitem__(self, index: int) -> Sample:
        one = self._labeled[index]
        t, taxonomy = self._place[one.taxonomy_id]
        image_hwc = self._image(one.item_id)
        height, width = image_hwc.shape[:2]
        scale = np.array([width / (one.width or width), height / (one.height or height)] * 2, np.float32)
        labels_n = np.array([taxonomy.index(name) for name in one.payload.labels], np.int64)
        labels_n[sorted(one.payload.crowds)] = CUT
        return Sample(image_hwc, one.payload.boxes_n4 * scale, labels_n, t, one.item_id)

    def _image(self, item_id: str) -> NDArray[np.uint8]:
        image_hwc = self._cache.get(item_id)
        if image_hwc is None:
            image_hwc = read_image(local_image(self._workspace, item_id), at_least=self._canvas)
            self._cache.put(item_id, image_hwc)
        return image_hwc


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
