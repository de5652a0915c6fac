"""Ask for predictions, and read those that are kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadRequest, NotFound
from sabbatical.durable import runs
from sabbatical.schemas.predict import PredictRequest
from sabbatical.schemas.project import Project
from sabbatical.stages.predict import queries
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import RunRow


def ask(session: Session, project: Project, asked: PredictRequest, now: datetime, key: str | None) -> RunRow:
    """A run that predicts.

    Raises:
        NotFound: no such model, or items that the project does not have.
        BadRequest: not exactly one of items, snapshot and source is given.
    """
    given = [name for name in ("items", "snapshot", "source") if getattr(asked, name) is not None]
    if len(given) != 1:
        raise BadRequest(
            f"Predict needs one of items, snapshot and source, and got {' and '.join(given) or 'none'}.",
            where="field source",
        )
    if asked.items is not None:
        _require(session, project, asked.items)
    resolved = asked.model_copy(update={"model": models.get(session, project, asked.model).name})
    params = resolved.model_dump(mode="json")
    return runs.ask(session, project_id=project.id, kind="predict", params=params, now=now, key=key)


def _require(session: Session, project: Project, item_ids: list[str]) -> None:
    there = queries.names(session, project.id, item_ids)
    lacking = [key for key in dict.fromkeys(item_ids) if key not in there]
    if lacking:
        raise NotFound(
            f"{len(lacking):,} of {len(item_ids):,} items are not in the project '{project.name}', such as "
            f"'{lacking[0][:60]}'.",
            where="field items",
            hint="See what is there with `sabbatical project show`, or give the files themselves.",
        )
