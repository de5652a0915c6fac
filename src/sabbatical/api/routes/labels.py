"""Labels: revisions of items, campaigns and their tasks."""

from __future__ import annotations

from typing import Annotated

from sabbatical.api import routing
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import After, Limit, Number, Place
from sabbatical.api.runs import Key
from sabbatical.schemas.campaign import Campaign, CampaignIn, LabelTask, TaskState
from sabbatical.schemas.label import Revision, RevisionIn
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.stages.label import campaigns, revisions
from sabbatical.stages.project import actions as projects

router = routing.router("/projects/{project}", "label")
Reader = Annotated[Context, allow("label.read")]
Writer = Annotated[Context, allow("label.write")]


@router.post("/labels", status_code=201)
def add_revision(context: Writer, project: str, asked: RevisionIn, key: Key = None) -> Revision:
    """Say what is in an item; the same again answers the revision that is there."""
    with context.transaction() as session:
        keyed = asked.model_copy(update={"key": asked.key or key})
        return revisions.revise(session, projects.get(session, project), keyed, context.now())


@router.get("/items/{item}/labels")
def get_label_history(
    context: Reader, project: str, item: str, after: Place = None, limit: Limit = PAGE_SIZE
) -> Page[Revision]:
    """Every revision of an item's labels, newest first."""
    with context.reading() as session:
        return revisions.history(session, projects.get(session, project), item, after, limit)


@router.post("/campaigns", status_code=201)
def make_campaign(context: Writer, project: str, asked: CampaignIn) -> Campaign:
    """Make a campaign, or let more items join the one of this name; an item joins once."""
    with context.transaction() as session:
        return campaigns.create(session, projects.get(session, project), asked, context.now())


@router.get("/campaigns")
def list_campaigns(context: Reader, project: str, after: After = None, limit: Limit = PAGE_SIZE) -> Page[Campaign]:
    """Newest first."""
    with context.reading() as session:
        return campaigns.page(session, projects.get(session, project), after, limit)


@router.get("/campaigns/{campaign}/tasks")
def list_tasks(
    context: Reader,
    project: str,
    campaign: str,
    state: TaskState | None = None,
    after: Place = None,
    limit: Limit = PAGE_SIZE,
) -> Page[LabelTask]:
    """Tasks in the order in which they joined."""
    with context.reading() as session:
        found = projects.get(session, project)
        return campaigns.tasks(session, found, campaign, state=state, after=after, limit=limit)


@router.get("/campaigns/{campaign}")
def get_campaign(context: Reader, project: str, campaign: str) -> Campaign:
    """How many of its tasks are open, done and skipped."""
    with context.reading() as session:
        return campaigns.get(session, projects.get(session, project), campaign)


@router.get("/campaigns/{campaign}/tasks/{number}")
def get_task(context: Reader, project: str, campaign: str, number: Number) -> LabelTask:
    """It is done as soon as somebody labels its item under the campaign's taxonomy."""
    with context.reading() as session:
        return campaigns.task(session, projects.get(session, project), campaign, number)


@router.post("/campaigns/{campaign}/tasks/{number}/skip")
def skip_task(context: Writer, project: str, campaign: str, number: Number) -> LabelTask:
    """Leave an open task undone; nobody is asked again."""
    with context.transaction() as session:
        return campaigns.skip(session, projects.get(session, project), campaign, number)
