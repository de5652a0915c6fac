"""Answer a task: what its item shows, in the words of its campaign's taxonomy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, Conflict
from sabbatical.schemas.campaign import LabelTask
from sabbatical.schemas.label import Payload, RevisionIn, Shape, payload_of
from sabbatical.schemas.project import Project
from sabbatical.stages.label import campaigns, queries
from sabbatical.stages.label.keeping import check_payload
from sabbatical.stages.label.revisions import revise
from sabbatical.stages.project import actions as projects
from sabbatical.taxonomy import Taxonomy


def answer(
    session: Session,
    project: Project,
    number: int,
    shapes: Sequence[Shape],
    now: datetime,
    *,
    author: str,
    active_seconds: float | None = None,
    change: bool = False,
) -> LabelTask:
    """Say what the item of a task shows. The same again changes nothing; something else needs `change` once it is done.

    Labels are those of the campaign's version of its taxonomy, whatever their case and white space.

    Raises:
        NotFound: no such task.
        BadInput: a label that the taxonomy does not have; not one label for a text; a shape of an image without box, or
            with one that reaches out of the image.
        Conflict: the task was done by another answer.
    """
    row, campaign, taxonomy_id = campaigns.task_row(session, project, number)
    taxonomy = projects.taxonomies_by_id(session, [taxonomy_id])[taxonomy_id]
    said = [_spelled(shape, taxonomy) for shape in shapes]
    payload = _payload(said, taxonomy, is_text=project.task == "text")
    _check_inside(payload, queries.size(session, project.id, row.item_id))
    if row.state == "done" and not change:
        there = campaigns.tasks_of(session, project, [(campaign, row)])[0]
        if _stands(session, project, row.revision_id, payload):
            return there
        raise Conflict(
            f"Task {number} is done: {there.said}, says {there.author}.",
            where=f"campaign {campaign}",
            hint="Say it again with --change (`change` over HTTP) to say otherwise.",
        )
    asked = RevisionIn(
        item=row.item_id,
        taxonomy=taxonomy.name,
        version=taxonomy.version,
        shapes=said,
        author=author,
        active_seconds=active_seconds,
    )
    row.revision_id, row.state = revise(session, project, asked, now).id, "done"
    session.flush()
    return campaigns.tasks_of(session, project, [(campaign, row)])[0]


def _spelled(shape: Shape, taxonomy: Taxonomy) -> Shape:
    """The shape with its label as the taxonomy spells it; one that is unknown stays, to be refused with the others."""
    label = taxonomy.find(shape.label)
    return shape if label is None else shape.model_copy(update={"label": label.name})


def _payload(shapes: list[Shape], taxonomy: Taxonomy, *, is_text: bool) -> Payload:
    payload = payload_of(shapes)
    if is_text and (len(shapes) != 1 or len(payload.boxes_n4)):
        raise BadInput("A text has one label and no box.", where="field shapes", hint="Say `label`.")
    if not is_text and len(payload.boxes_n4) != len(shapes):
        raise BadInput(
            "What an image shows needs boxes.", where="field shapes", hint="Say `shapes`, each with x0 y0 x1 y1."
        )
    check_payload(payload, taxonomy)
    return payload


def _check_inside(payload: Payload, size: tuple[int, int] | None) -> None:
    """That boxes reach at most half a pixel out of an image, which rounding may do."""
    if size is None or not len(payload.boxes_n4):
        return
    outside_n = (payload.boxes_n4 < -0.5).any(axis=1) | (payload.boxes_n4[:, 2:] > np.array(size) + 0.5).any(axis=1)
    if outside_n.any():
        shape = int(outside_n.argmax())
        raise BadInput(
            f"The box {payload.boxes_n4[shape].tolist()} reaches out of the image, which has {size[0]} x {size[1]} px.",
            where=f"shape {shape}, field box",
            hint="Give x0 y0 x1 y1 in pixels of the image.",
        )


def _stands(session: Session, project: Project, revision_id: str | None, payload: Payload) -> bool:
    """Whether a revision says this."""
    rows = queries.revision_rows(session, project.id, [revision_id] if revision_id else [])
    return any(row.payload == payload.to_bytes() for row in rows)
