"""Look at predictions that are kept; nothing is computed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput
from sabbatical.schemas.page import Page
from sabbatical.schemas.predict import Prediction
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.predict import queries
from sabbatical.stages.predict.actions import shown
from sabbatical.stages.predict.answers import Answered
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import PredictionRow


def page(
    session: Session, project: Project, *, model: str | None, item: str | None, after: str | None, limit: int
) -> Page[Prediction]:
    """What one model has said, by item, or what the models have said of one item.

    Raises:
        NotFound: no such model.
        BadInput: neither or both of model and item are given.
    """
    if (model is None) == (item is None):
        raise BadInput("Say either which model or which item.", where="query model, item")
    if item is not None:
        rows = queries.of_item(session, project.id, item, after or "", limit + 1)
        last = rows[limit - 1].model_id if len(rows) > limit else None
    else:
        found = models.get(session, project, model)
        rows = queries.of_model(session, found.id, after or "", limit + 1)
        last = rows[limit - 1].item_id if len(rows) > limit else None
    return Page(rows=_predictions(session, project, rows[:limit]), next=last)


def _predictions(session: Session, project: Project, rows: list[PredictionRow]) -> list[Prediction]:
    by_id: dict[str, ModelVersion] = {
        key: models.get(session, project, key) for key in dict.fromkeys(row.model_id for row in rows)
    }
    names = queries.items(session, project.id, [row.item_id for row in rows])
    return [
        shown(
            by_id[row.model_id],
            Answered(row.item_id, Answer.from_bytes(row.payload), row.latency_ms, True, row.created_at),
            names[row.item_id].name,
        )
        for row in rows
    ]
