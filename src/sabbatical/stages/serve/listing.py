"""Look at answers that were given."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from sabbatical.core.errors import NotFound
from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.page import Page
from sabbatical.schemas.predict import in_words
from sabbatical.schemas.project import Project
from sabbatical.schemas.serve import ASK, Arm, Served, ServedRecord
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.predict.actions import Answered
from sabbatical.stages.serve import queries
from sabbatical.stages.serve.evidence import abstention
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Abstention, Answer
from sabbatical.storage.tables import ServedRow


def get(session: Session, project: Project, prediction: str) -> ServedRecord:
    """An answer by the id that it carries.

    Raises:
        NotFound: there is none.
    """
    row = queries.served(session, project.id, prediction)
    if row is None:
        raise NotFound(f"The project '{project.name}' has given no answer '{prediction[:60]}'.", where="prediction")
    return records(session, project, [row])[0]


def page(
    session: Session, project: Project, *, model: str | None, arm: Arm | None, after: str | None, limit: int
) -> Page[ServedRecord]:
    """Newest first, also those that a model failed to give."""
    rows = queries.answers(
        session,
        project.id,
        model_id=models.get(session, project, model).id if model else None,
        arms=None if arm is None else (arm,),
        before_seq=int(after) if after else None,
        failed=None,
        newest=True,
        limit=limit + 1,
    )
    found = records(session, project, rows[:limit])
    return Page(rows=found, next=str(rows[limit - 1].seq) if len(rows) > limit else None)


def newest_of_items(
    session: Session, project: Project, model: str, item_ids: Collection[str]
) -> dict[str, ServedRecord]:
    """What a model answered last to each of these items, by item; those that it was not asked about are left out."""
    model_id = models.get(session, project, model).id
    rows = queries.newest_of_items(session, project.id, model_id, item_ids)
    return {one.item: one for one in records(session, project, rows)}


def records(session: Session, project: Project, rows: Sequence[ServedRow]) -> list[ServedRecord]:
    """Answers with what was asked and what people say of them; as many questions for all as for one."""
    about = ingest.glimpses(session, project, [row.item_id for row in rows])
    words = queries.last_words(session, project.id, [row.id for row in rows])
    return [
        ServedRecord.model_validate(
            {
                **dict(about.get(row.item_id, Glimpse())),
                **dict(one),
                **{name: getattr(row, name) for name in ("unit", "failure", "captured_at")},
                "said": in_words(one.found),
                "feedback": words.get(row.id),
            }
        )
        for row, one in zip(rows, answers(session, project, rows), strict=True)
    ]


def answers(session: Session, project: Project, rows: Sequence[ServedRow]) -> list[Served]:
    """Answers as they were given."""
    by_id = {key: models.get(session, project, key) for key in queries.model_ids(rows)}
    unsure = {key: abstention(session, model) for key, model in by_id.items()}
    return [_answer(row, by_id[row.model_id], unsure[row.model_id]) for row in rows]


def _answer(row: ServedRow, model: ModelVersion, unsure: Abstention) -> Served:
    answer = Answer.from_bytes(row.payload) if row.payload else None
    answered = answer and Answered(row.item_id, answer, row.latency_ms, True, row.created_at)
    return Served.model_validate(
        {
            **{name: getattr(row, name) for name in ("id", "request", "arm", "sure", "created_at")},
            "item": row.item_id,
            "model": model.name,
            "found": predictions.shown(model, answered, "").found if answered else [],
            "doubt": round(unsure.doubt(answer), 4) if answer else 1.0,
            "ask": None if row.sure else ASK,
            "latency_ms": round(row.latency_ms, 2),
        }
    )
