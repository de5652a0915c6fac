"""Ask a model about items: from the store where it has answered before, else now, and keep what it says."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sabbatical.core.batches import batched
from sabbatical.core.progress import Progress, check
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.predict import queries
from sabbatical.stages.train.actions import Answer, Model, Question, load_model
from sabbatical.storage.tables import ItemRow
from sabbatical.storage.workspace import Workspace

AT_ONCE = 256  # items answered and kept in one transaction


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer with the facts of its making."""

    item_id: str
    answer: Answer
    latency_ms: float
    stored: bool
    created_at: datetime


def stream(
    workspace: Workspace, project_id: str, model: ModelVersion, item_ids: Iterable[str], many: int, progress: Progress
) -> Iterator[list[Answered]]:
    """What the model says of each item, a batch at a time in the order given; each is computed once and remembered.

    `many`: how many ids there are, for the progress; they are taken as they are needed. Items that the project does not
    have are left out.

    Raises:
        BadFile: the weights are damaged.
        Interrupted: it was cancelled; what was answered is kept.
    """
    loaded: Model | None = None
    done = 0
    for chunk in batched(item_ids, AT_ONCE):
        check(progress)
        with workspace.database.reading() as session:
            there = queries.stored(session, model.id, chunk)
            rows = queries.items(session, project_id, [key for key in chunk if key not in there])
        found = {
            key: Answered(key, Answer.from_bytes(row.payload), row.latency_ms, True, row.created_at)
            for key, row in there.items()
        }
        if rows:
            loaded = loaded or load_model(workspace, model)
            found |= _compute(workspace, model, loaded, list(rows.values()))
        done += len(chunk)
        progress.tell(done / max(many, 1), f"{done:,} of {many:,} items answered")
        yield [found[key] for key in chunk if key in found]


def _compute(workspace: Workspace, model: ModelVersion, loaded: Model, rows: list[ItemRow]) -> dict[str, Answered]:
    now = workspace.clock()
    made: dict[str, Answered] = {}
    for part in batched(rows, loaded.batch):
        began = time.perf_counter()
        answers = loaded([_question(workspace, row) for row in part])
        each = (time.perf_counter() - began) * 1000 / len(part)
        for row, answer in zip(part, answers, strict=True):
            payload = answer.to_bytes()
            made[row.id] = Answered(row.id, Answer.from_bytes(payload), each, False, now)
    _keep(workspace, model, made)
    return made


def _keep(workspace: Workspace, model: ModelVersion, made: dict[str, Answered]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "model_id": model.id,
            "item_id": key,
            "payload": one.answer.to_bytes(),
            "latency_ms": one.latency_ms,
            "created_at": one.created_at,
        }
        for key, one in made.items()
    ]
    with workspace.database.transaction() as session:
        queries.keep(session, rows)


def _question(workspace: Workspace, row: ItemRow) -> Question:
    if row.kind == "text":
        return Question(row.id, text=row.text or "")
    return Question(row.id, image=workspace.media.local(row.id, workspace.home / "cache"))
