"""Issues: looked for by a run, ordered as campaigns, closed."""

from __future__ import annotations

from typing import Annotated

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import After, Limit, Number, Place
from sabbatical.api.runs import Key
from sabbatical.schemas.mine import Closing, Issue, IssueItem, IssueState, MineRequest, Ordered, OrderRequest
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.policy import Labeling
from sabbatical.schemas.run import Run
from sabbatical.stages.mine import actions as mining
from sabbatical.stages.project import actions as projects

router = routing.router("/projects/{project}/issues", "mine")
Reader = Annotated[Context, allow("issue.read")]
Runner = Annotated[Context, allow("issue.run")]
Writer = Annotated[Context, allow("issue.write")]


@router.post("", status_code=202)
def mine(context: Runner, project: str, asked: MineRequest, key: Key = None) -> Run:
    """Group the failures among a model's newest answers into issues."""
    with context.transaction() as session:
        found = projects.get(session, project)
        row = mining.ask(session, found, asked, context.now(), asked_runs.request_key(key))
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("")
def list_issues(
    context: Reader, project: str, state: IssueState | None = None, after: Place = None, limit: Limit = PAGE_SIZE
) -> Page[Issue]:
    """Newest first."""
    with context.reading() as session:
        return mining.page(session, projects.get(session, project), state, after, limit)


@router.post("/orders", status_code=201)
def order_labels(context: Writer, project: str, asked: OrderRequest, key: Key = None) -> Ordered:
    """Make campaigns of issues, one for each customer's taxonomy; what was ordered before is answered as it is."""
    with context.transaction() as session:
        found = projects.get(session, project)
        rules = Labeling(tasks_a_turn=asked.tasks)
        return mining.order(
            session, found, asked.issues, rules, context.now(), key, actor="a person", actor_kind="person"
        )


@router.get("/{number}")
def get_issue(context: Reader, project: str, number: Number) -> Issue:
    """What was found, and how far the labels are that were ordered for it."""
    with context.reading() as session:
        return mining.get(session, projects.get(session, project), number)


@router.get("/{number}/items")
def list_issue_items(
    context: Reader, project: str, number: Number, after: After = None, limit: Limit = PAGE_SIZE
) -> Page[IssueItem]:
    """The worst first; then those that only stand in the same place."""
    with context.reading() as session:
        return mining.items(session, projects.get(session, project), number, after, limit)


@router.post("/{number}/dismiss")
def dismiss_issue(context: Writer, project: str, number: Number, asked: Closing) -> Issue:
    """Say that it is none; it is not made again for this model."""
    with context.transaction() as session:
        return mining.dismiss(session, projects.get(session, project), number, asked.why, context.now())


@router.post("/{number}/resolve")
def resolve_issue(context: Writer, project: str, number: Number, asked: Closing) -> Issue:
    """Say that it is mended; should it come back, it is a new issue."""
    with context.transaction() as session:
        return mining.resolve(session, projects.get(session, project), number, asked.why, context.now())
