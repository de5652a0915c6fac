"""What people say of answers: kept for good, pointing at the answer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadRequest, Conflict, NotFound
from sabbatical.core.ids import new_id
from sabbatical.schemas.label import Shape
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.schemas.serve import Feedback, FeedbackIn
from sabbatical.stages.project import actions as projects
from sabbatical.stages.serve import queries
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import FeedbackRow, ServedRow
from sabbatical.taxonomy.names import nearest, there_are


def give(session: Session, project: Project, asked: FeedbackIn, now: datetime) -> Feedback:
    """Keep feedback; the same `key` again answers what was kept first.

    Raises:
        NotFound: there is no such answer.
        BadRequest: a label and shapes, shapes of an answer that is called right, or a label that the project has not.
        Conflict: the key was used for something else.
    """
    about = queries.served(session, project.id, asked.prediction)
    if about is None:
        raise NotFound(
            f"The project '{project.name}' has given no answer '{asked.prediction[:60]}'.",
            where="field prediction",
            hint="Its id is the `id` that the answer carries; it has none if it was not recorded.",
        )
    shapes = _shapes(asked)
    if asked.key is not None:
        there = queries.feedback_with_key(session, project.id, asked.key)
        if there is not None:
            if (there.served_id, there.verdict, there.shapes) != (about.id, asked.verdict, shapes):
                raise Conflict("This key was used for other feedback.", where="field key", hint="Take a fresh one.")
            return _feedback(there, about, models.get(session, project, about.model_id).name)
    _check_labels(session, project, about, [str(shape["label"]) for shape in shapes or ()])
    row = FeedbackRow(
        id=new_id("fbk"),
        project_id=project.id,
        served_id=about.id,
        item_id=about.item_id,
        key=asked.key,
        verdict=asked.verdict,
        shapes=shapes,
        comment=asked.comment,
        author=asked.author,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return _feedback(row, about, models.get(session, project, about.model_id).name)


def page(session: Session, project: Project, after: str | None, limit: int) -> Page[Feedback]:
    """Newest first."""
    rows = queries.feedback(session, project.id, before_seq=int(after) if after else None, newest=True, limit=limit + 1)
    by_id = {key: models.get(session, project, key).name for key in {about.model_id for _, about in rows}}
    found = [_feedback(row, about, by_id[about.model_id]) for row, about in rows[:limit]]
    return Page(rows=found, next=str(rows[limit - 1][0].seq) if len(rows) > limit else None)


def _shapes(asked: FeedbackIn) -> list[dict[str, object]] | None:
    if asked.label is not None and asked.shapes is not None:
        raise BadRequest("Say either the label or the shapes.", where="field label")
    shapes = [Shape(label=asked.label)] if asked.label is not None else asked.shapes
    if shapes is not None and asked.verdict == "right":
        raise BadRequest("An answer that is right needs no other shapes.", where="field shapes")
    return None if shapes is None else [shape.model_dump(mode="json") for shape in shapes]


def _check_labels(session: Session, project: Project, about: ServedRow, given: list[str]) -> None:
    """That what is said to be there is a class of the model or of the project, or a label of one of its customers."""
    if not given:
        return
    taxonomies = [taxonomy for _, taxonomy in projects.customer_taxonomies(session, project.id).values()]
    classes = [*models.get(session, project, about.model_id).classes]
    classes += projects.super_taxonomy(session, project.id)[1].names
    known = dict.fromkeys([*(label.name for taxonomy in taxonomies for label in taxonomy.labels), *classes])
    unknown = next((label for label in given if label not in known), None)
    if unknown is not None:
        raise BadRequest(
            f"The project '{project.name}' has no label '{unknown[:60]}'.",
            where="field label",
            hint=f"{nearest(unknown, known)} {there_are(known)}".strip(),
        )


def _feedback(row: FeedbackRow, about: ServedRow, model: str) -> Feedback:
    values = {name: getattr(row, name) for name in ("id", "verdict", "shapes", "comment", "author", "created_at")}
    values["label"] = row.shapes[0]["label"] if row.shapes and len(row.shapes) == 1 else None
    return Feedback.model_validate(
        values | {"prediction": about.id, "item": row.item_id, "model": model, "arm": about.arm}
    )
