"""What people say of answers."""

from __future__ import annotations

from typing import Annotated

from sabbatical.api import routing
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import Limit, Place
from sabbatical.api.runs import Key
from sabbatical.core.ids import content_id
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.serve import Feedback, FeedbackIn
from sabbatical.stages.project import actions as projects
from sabbatical.stages.serve import judging

router = routing.router("/projects/{project}/feedback", "serve")
Reader = Annotated[Context, allow("feedback.read")]
Writer = Annotated[Context, allow("feedback.write")]


@router.post("", status_code=201)
def give_feedback(context: Writer, project: str, asked: FeedbackIn, key: Key = None) -> Feedback:
    """Say whether an answer was right, and if not, what is there; the same key again answers what was kept."""
    keyed = asked.model_copy(update={"key": asked.key or (content_id(key.encode()) if key else None)})
    with context.transaction() as session:
        return judging.give(session, projects.get(session, project), keyed, context.now())


@router.get("")
def list_feedback(context: Reader, project: str, after: Place = None, limit: Limit = PAGE_SIZE) -> Page[Feedback]:
    """Newest first."""
    with context.reading() as session:
        return judging.page(session, projects.get(session, project), after, limit)
