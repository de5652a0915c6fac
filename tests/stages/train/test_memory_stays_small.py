"""However many pictures a model is asked about, few of them are decoded at once."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from sabbatical.learning import images
from sabbatical.learning.detector import Detector
from sabbatical.learning.weights import save_detector
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.train import runtime, samples
from sabbatical.stages.train.runtime import Answer, Question, load
from sabbatical.stages.train.samples import SnapshotSamples
from sabbatical.taxonomy import Taxonomy
from tests.learning.shapes import config_of, draw
from tests.stages.train.shapes import CUSTOMERS, TINY, Shapes


class Decoded:
    """Counts the decoded pictures that somebody still holds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = self.all = 0
        read = images.read_scaled

        def counted(*asked: Any, **more: Any) -> tuple[NDArray[np.uint8], tuple[int, int]]:
            image_hwc, size = read(*asked, **more)
            self.now, self.all = self.now + 1, self.all + 1
            self.most = max(self.most, self.now)
            weakref.finalize(image_hwc, self.gone)
            return image_hwc, size

        monkeypatch.setattr(images, "read_scaled", counted)

    def gone(self) -> None:
        self.now -= 1


def test_a_detector_decodes_as_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_detector(tmp_path / "model.safetensors", Detector(config_of()).eval())
    for index in range(40):
        Image.fromarray(draw(index)[0]).save(tmp_path / f"{index}.png")
    decoded = Decoded(monkeypatch)
    model = load("detector", tmp_path / "model.safetensors")
    answers = model([Question(str(index), image=tmp_path / f"{index}.png") for index in range(40)])
    assert (len(answers), decoded.all, decoded.now) == (40, 40, 0)
    assert decoded.most <= 2


def test_thresholds_are_chosen_batch_by_batch(shapes: Shapes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    answer = runtime.DetectorModel.__call__

    def counted(self: runtime.DetectorModel, questions: Sequence[Question]) -> list[Answer]:
        asked.append(len(questions))
        return answer(self, questions)

    monkeypatch.setattr(runtime.DetectorModel, "__call__", counted)
    monkeypatch.setattr(runtime.DetectorModel, "batch", 2)
    decoded = Decoded(monkeypatch)
    shapes.run("train", settings=TINY)
    assert len(asked) > 1 and max(asked) == 2
    assert decoded.all == sum(asked) and decoded.most <= 2


def test_each_picture_is_decoded_once_however_long_the_training(
    shapes: Shapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    read = samples.read_image

    def counted(file: Path, **more: Any) -> NDArray[np.uint8]:
        seen.append(str(file))
        return read(file, **more)

    monkeypatch.setattr(samples, "read_image", counted)
    shapes.run("train", settings=TINY | {"steps": 18})
    assert 18 * 4 >= 2 * len(seen) > 20
    assert len(set(seen)) == len(seen)


def test_samples_keep_no_picture_of_their_own(shapes: Shapes) -> None:
    """What is kept is decided in one place, which keeps pictures as small as training needs them."""
    with shapes.workspace.database.reading() as session:
        snapshot = datasets.get(session, shapes.project, None)
    labeled = list(datasets.labels(shapes.workspace, shapes.project, snapshot.id, ("train",)))
    taxonomies = {one.taxonomy_id: Taxonomy.from_document(CUSTOMERS[one.taxonomy]) for one in labeled}
    source = SnapshotSamples(shapes.workspace, datasets.label_columns(labeled), list(taxonomies.items()), (64, 64))
    image = weakref.ref(source[0].image_hwc)
    assert image() is None
