"""How long two models take to answer one item, measured side by side as they will serve: one item at a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from statistics import median

from sabbatical.core.errors import BadFile, NotFound, NotReady
from sabbatical.core.progress import Progress, check
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset.actions import Labeled
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Model, Question
from sabbatical.storage.workspace import Workspace

ITEMS = 16
ROUNDS = 3


@dataclass(frozen=True)
class Latency:
    """Medians in milliseconds over `items` items, each asked three times; `theirs_ms` is the champion's.

    `unmeasured`: why the champion could not be asked, if it could not.
    """

    ours_ms: float
    theirs_ms: float | None
    items: int
    unmeasured: str = ""


def measure(
    workspace: Workspace,
    model: ModelVersion,
    champion: ModelVersion | None,
    labeled: Iterable[Labeled],
    progress: Progress,
) -> Latency | None:
    """The latency of a model and of the champion; None without an item to ask about.

    They take turns item by item, so that whatever else the machine does slows both. A champion that cannot be loaded
    does not stand in the way of the one to replace it.

    Raises:
        BadFile: the file of the model is damaged.
        NotReady: the artifact of the model was not made.
        Interrupted: it was cancelled.
    """
    questions = [_question(workspace, one) for one in islice(labeled, ITEMS)]
    if not questions:
        return None
    engines, unmeasured = [models.load_engine(workspace, model)], ""
    try:
        engines += [models.load_engine(workspace, one) for one in (champion,) if one is not None]
    except (BadFile, NotFound, NotReady) as error:
        unmeasured = str(error)
    for engine in engines:
        engine(questions[:1])  # what is made at the first answer is not counted
    took: list[list[float]] = [[] for _ in engines]
    for number in range(ROUNDS):
        check(progress)
        progress.tell(number / ROUNDS, "Measuring its speed beside the champion's")
        _round(engines, questions, took)
    return Latency(median(took[0]), median(took[1]) if len(took) > 1 else None, len(questions), unmeasured)


def _round(engines: Sequence[Model], questions: Sequence[Question], took: Sequence[list[float]]) -> None:
    for question in questions:
        for engine, times in zip(engines, took, strict=True):
            began = time.perf_counter()
            engine([question])
            times.append((time.perf_counter() - began) * 1000)


def _question(workspace: Workspace, one: Labeled) -> Question:
    if one.kind == "text":
        return Question(one.item_id, text=one.text or "")
    return Question(one.item_id, image=workspace.media.local(one.item_id, workspace.home / "cache"))
