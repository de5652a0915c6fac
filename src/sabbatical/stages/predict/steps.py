"""The step that asks a model about many items: stored ones, those of a snapshot, or a new source."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.ingest import IngestRequest
from sabbatical.schemas.predict import PredictRequest
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.label import actions as labels
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.predict import queries
from sabbatical.stages.predict.answers import Answered, ask
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models


@step("predict")
def predict(step: Step) -> dict[str, Any]:
    """Ask a model; what it has said before is not computed again."""
    asked = PredictRequest.model_validate(step.params)
    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        model = models.get(session, project, asked.model)
    item_ids = _items(step, asked)
    answered = ask(step.workspace, step.project, model, item_ids, Part(step.progress, 0.2, 0.95))
    result: dict[str, Any] = {
        "schema": 1,
        "model": model.name,
        "items": len(answered),
        "computed": sum(not one.stored for one in answered),
        "stored": sum(one.stored for one in answered),
        "found": _counts(model, answered),
    }
    path = step.folder / "predictions.jsonl" if asked.output is None else Path(asked.output)
    _write(step, model, answered, path)
    return result | {"output": str(path)}


def _items(step: Step, asked: PredictRequest) -> list[str]:
    given = [name for name in ("items", "snapshot", "source") if getattr(asked, name) is not None]
    if len(given) != 1:
        raise BadInput(
            f"Say what to predict: one of items, snapshot or source; given: {', '.join(given) or 'none'}.",
            where="predict request",
        )
    if asked.items is not None:
        return asked.items
    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
    if asked.snapshot is not None:
        return list(dict.fromkeys(one.item_id for one in datasets.labels(step.workspace, project, asked.snapshot)))
    part = replace(step, progress=Part(step.progress, 0.0, 0.2))
    return labels.take_items(part, IngestRequest(project=project.name, source=str(asked.source)))


def _counts(model: ModelVersion, answered: list[Answered]) -> dict[str, int]:
    """How many objects (or texts) of each class the model is sure of."""
    counts: dict[str, int] = {}
    for one in answered:
        for found in predictions.shown(model, one, "").found:
            if found.sure:
                counts[found.label] = counts.get(found.label, 0) + 1
    return dict(sorted(counts.items()))


def _write(step: Step, model: ModelVersion, answered: list[Answered], path: Path) -> None:
    """One JSON object a line, an item each."""
    with step.workspace.database.reading() as session:
        rows = queries.items(session, step.project, [one.item_id for one in answered])
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as handle:
        for one in answered:
            shown = predictions.shown(model, one, rows[one.item_id].name)
            handle.write(orjson.dumps(shown.model_dump(mode="json")) + b"\n")
    part.replace(path)
