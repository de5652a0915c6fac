"""Predictions as the wire shows them, and the one stream through which every stage asks a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from sabbatical.schemas.predict import Found, Prediction
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.predict import queries
from sabbatical.stages.predict.answers import Answered, stream
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Answer

__all__ = ["Answered", "kept", "shown", "stream"]

LEAST_SHOWN = 0.05


def kept(session: Session, project: Project, model_name: str | None, item_ids: Sequence[str]) -> list[Prediction]:
    """What a model has said of these items so far; nothing is computed."""
    model = models.get(session, project, model_name)
    rows = queries.stored(session, model.id, item_ids)
    names = queries.items(session, project.id, list(rows))
    return [
        shown(
            model, Answered(key, Answer.from_bytes(row.payload), row.latency_ms, True, row.created_at), names[key].name
        )
        for key, row in rows.items()
        if key in names
    ]


def shown(model: ModelVersion, answered: Answered, name: str) -> Prediction:
    """An answer in names: what it found, best first, and whether each reaches the threshold of its class."""
    thresholds = model.record.get("thresholds", {})
    answer = answered.answer
    order_n = np.argsort(-answer.scores_n, kind="stable")
    order_n = order_n[answer.scores_n[order_n] >= LEAST_SHOWN]
    found = []
    for n in order_n.tolist():
        label = model.classes[int(answer.classes_n[n])]
        score = round(float(answer.scores_n[n]), 4)
        box = [round(side, 2) for side in answer.boxes_n4[n].tolist()] if len(answer.boxes_n4) else None
        found.append(
            Found.model_validate(
                {"label": label, "score": score, "box": box, "sure": score >= thresholds.get(label, 0.5)}
            )
        )
    return Prediction(
        item=answered.item_id,
        name=name,
        model=model.name,
        found=found,
        latency_ms=round(answered.latency_ms, 2),
        stored=answered.stored,
        created_at=answered.created_at,
    )
