"""Ask for predictions, and read those that are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput
from sabbatical.durable import runs
from sabbatical.schemas.predict import PredictRequest
from sabbatical.schemas.project import Project
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import RunRow


def ask(session: Session, project: Project, asked: PredictRequest, now: datetime, key: str | None) -> RunRow:
    """A run that predicts.

    Raises:
        NotFound: no such model.
        BadInput: not exactly one of items, snapshot and source is given.
    """
    given = [name for name in ("items", "snapshot", "source") if getattr(asked, name) is not None]
    if len(given) != 1:
        raise BadInput(
            f"Predict needs one of items, snapshot and source, and got {' and '.join(given) or 'none'}.",
            where="field source",
        )
    resolved = asked.model_copy(update={"model": models.get(session, project, asked.model).name})
    params = resolved.model_dump(mode="json")
    return runs.ask(session, project_id=project.id, kind="predict", params=params, now=now, key=key)
