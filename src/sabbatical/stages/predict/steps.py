"""The step that asks a model about many items: stored ones, those of a snapshot, or a new source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from sabbatical.core.errors import BadInput
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.predict import Prediction, PredictRequest
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.predict import queries, source
from sabbatical.stages.predict.answers import Answered, stream
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.files import written


@dataclass
class Tally:
    """How many items were answered, and how many objects (or texts) of each class the model is sure of."""

    computed: int = 0
    stored: int = 0
    found: Counter[str] = field(default_factory=Counter)

    def add(self, shown: Prediction) -> None:
        self.stored += shown.stored
        self.computed += not shown.stored
        self.found.update(found.label for found in shown.found if found.sure)


@step("predict")
def predict(step: Step) -> dict[str, Any]:
    """Ask a model; what it has said before is not computed again."""
    asked = PredictRequest.model_validate(step.params)
    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        model = models.get(session, project, asked.model)
    item_ids, many = _items(step, project, model.name, asked)
    path = step.folder / "predictions.jsonl" if asked.output is None else Path(asked.output)
    parts = stream(step.workspace, step.project, model, item_ids, many, Part(step.progress, 0.2, 1.0))
    tally = _write(step, model, parts, path)
    return {
        "schema": 1,
        "model": model.name,
        "items": tally.computed + tally.stored,
        "computed": tally.computed,
        "stored": tally.stored,
        "found": dict(sorted(tally.found.items())),
        "output": str(path),
        **source.set_aside(step),
    }


def _items(step: Step, project: Project, model: str, asked: PredictRequest) -> tuple[Iterable[str], int]:
    """Each item once, and how many they are; those of a snapshot are streamed."""
    given = [name for name in ("items", "snapshot", "source") if getattr(asked, name) is not None]
    if len(given) != 1:
        raise BadInput(
            f"Say what to predict: one of items, snapshot or source; given: {', '.join(given) or 'none'}.",
            where="predict request",
        )
    if asked.snapshot is not None:
        with step.workspace.database.reading() as session:
            snapshot = datasets.get(session, project, asked.snapshot)
        return datasets.item_ids(step.workspace, project, snapshot.id), snapshot.counts["items"]
    given_ids = asked.items if asked.items is not None else source.take(step, project, model, str(asked.source))
    item_ids = list(dict.fromkeys(given_ids))
    return item_ids, len(item_ids)


def _write(step: Step, model: ModelVersion, parts: Iterable[list[Answered]], path: Path) -> Tally:
    """One JSON object a line, an item each; only one batch of them is in memory."""
    tally = Tally()
    with written(path) as handle:
        for answered in parts:
            with step.workspace.database.reading() as session:
                names = queries.names(session, step.project, [one.item_id for one in answered])
            for one in answered:
                shown = predictions.shown(model, one, names[one.item_id])
                tally.add(shown)
                handle.write(orjson.dumps(shown.model_dump(mode="json")) + b"\n")
    return tally
