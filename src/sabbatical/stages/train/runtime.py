"""A trained model at work: answers to items, by a network of torch or by one without it (`engine`).

Legend: n objects found in one item, 4 = x0 y0 x1 y1 in pixels, k classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from sabbatical.core.batches import batched
from sabbatical.core.errors import BadInput
from sabbatical.taxonomy import SuperTaxonomy

if TYPE_CHECKING:
    from sabbatical.learning.predict import Runner
    from sabbatical.learning.text.answering import Answering

LEAST_SCORE = 0.02  # lower ones are not kept; average precision loses nothing that a person would see
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Question:
    """One item as a model is asked about it: an image as a file or the bytes of one, or a text."""

    item_id: str
    image: Path | bytes | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model says of one item: objects with boxes, or for a text one score for each class."""

    classes_n: NDArray[np.int64]
    scores_n: NDArray[np.float32]
    boxes_n4: NDArray[np.float32]

    def to_bytes(self) -> bytes:
        """Compact JSON; scores to four decimals, coordinates to 1/100 pixel."""
        document = {
            "class": self.classes_n.tolist(),
            "score": [round(score, DECIMALS) for score in self.scores_n.tolist()],
            "box": [round(side, 2) for side in self.boxes_n4.ravel().tolist()],
        }
        return orjson.dumps(document)

    def renumbered(self, place_k: NDArray[np.int64]) -> Answer:
        """The same with class k called `place_k[k]`; what is said of a class with -1 there is left out."""
        classes_n = place_k[self.classes_n]
        kept_n = classes_n >= 0
        boxes_n4 = self.boxes_n4[kept_n] if len(self.boxes_n4) else self.boxes_n4
        return Answer(classes_n[kept_n], self.scores_n[kept_n], boxes_n4)

    @classmethod
    def from_bytes(cls, data: bytes) -> Answer:
        document = orjson.loads(data)
        return cls(
            np.array(document["class"], np.int64),
            np.array(document["score"], np.float32),
            np.array(document["box"], np.float32).reshape(-1, 4),
        )


class Model(Protocol):
    """A model that is loaded and ready."""

    batch: int

    def __call__(self, questions: Sequence[Question]) -> list[Answer]:
        """One answer to each question, the same however they are batched."""


def behave(file: Path, document: Mapping[str, Any], tree: SuperTaxonomy) -> list[dict[str, Any]]:
    """Try behavioural tests on a text model: name, kind, passed, total and failures of each.

    Raises:
        BadInput: a test cannot be understood, naming it.
        BadTaxonomy: a test names a class that the super-taxonomy lacks.
        BadFile: the weights are damaged.
    """
    from sabbatical.learning.text import behaviour, models  # noqa: PLC0415 - torch loads in a step only

    return [kept.to_dict() for kept in behaviour.run(behaviour.from_document(document), models.load(file), tree)]


def load(family: str, file: Path) -> Model:
    """Load the weights of a model, and torch.

    Raises:
        BadFile: the file is damaged.
    """
    if family == "text":
        from sabbatical.learning.text import models  # noqa: PLC0415 - torch loads in a step only

        return TextsModel(models.load(file))
    from sabbatical.learning.runners import TorchRunner  # noqa: PLC0415
    from sabbatical.learning.weights import load_detector  # noqa: PLC0415

    return DetectorModel(TorchRunner(load_detector(file)))


class DetectorModel:
    """Boxes in images; several `workers` share a batch where their runner lets go of the interpreter."""

    batch = 16

    def __init__(self, runner: Runner, workers: int = 1) -> None:
        self._runner = runner
        self._workers = workers
        self._pool = ThreadPoolExecutor(workers, "sabbatical-detect") if workers > 1 else None

    def __call__(self, questions: Sequence[Question]) -> list[Answer]:
        if self._pool is None or len(questions) < 2:
            return self._answer(questions)
        size = -(-len(questions) // self._workers)
        return [answer for part in self._pool.map(self._answer, batched(questions, size)) for answer in part]

    def _answer(self, questions: Sequence[Question]) -> list[Answer]:
        from sabbatical.learning.predict import predict  # noqa: PLC0415 - PIL loads with the first image

        scales: list[NDArray[np.float64]] = []

        def decoded() -> Iterator[NDArray[np.uint8]]:  # when it is taken, so that few are there at once
            for question in questions:
                image_hwc, scale_4 = _read(question, self._runner.config.canvas)
                scales.append(scale_4)
                yield image_hwc

        found = predict(self._runner, decoded(), batch=self.batch, least_score=LEAST_SCORE)
        return [
            Answer(one.classes_n, one.scores_n, (one.boxes_n4 * scale_4).astype(np.float32))
            for one, scale_4 in zip(found, scales, strict=True)
        ]


class TextsModel:
    batch = 256

    def __init__(self, model: Answering) -> None:
        self._model = model

    def __call__(self, questions: Sequence[Question]) -> list[Answer]:
        scores_nk = self._model.predict([question.text or "" for question in questions])
        every_k = np.arange(scores_nk.shape[1])
        return [Answer(every_k, scores_k, np.zeros((0, 4), np.float32)) for scores_k in scores_nk]


def _read(question: Question, canvas: tuple[int, int]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The image, perhaps decoded smaller, and by how much to scale its boxes back."""
    from sabbatical.learning.images import read_scaled  # noqa: PLC0415 - PIL loads with the first image

    if question.image is None:
        raise BadInput("This model looks at images; the item is a text.", where=f"item {question.item_id}")
    image_hwc, (width, height) = read_scaled(question.image, canvas)
    scale = (width / image_hwc.shape[1], height / image_hwc.shape[0])
    return image_hwc, np.array(scale * 2)
