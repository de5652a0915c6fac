"""Assistance: what a model suggests to those who label."""

from __future__ import annotations

from typing import Annotated

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import Number
from sabbatical.api.runs import Key
from sabbatical.schemas.assist import PrelabelRequest, Suggestion
from sabbatical.schemas.campaign import LabelTask, TaskAnswer
from sabbatical.schemas.run import Run
from sabbatical.stages.assist import actions as assistance
from sabbatical.stages.project import actions as projects

router = routing.router("/projects/{project}", "assist")
Reader = Annotated[Context, allow("assist.read")]
Runner = Annotated[Context, allow("prediction.run")]
Writer = Annotated[Context, allow("label.write")]


@router.post("/prelabels", status_code=202)
def prelabel(context: Runner, project: str, asked: PrelabelRequest, key: Key = None) -> Run:
    """Ask a model about the open tasks of a campaign, so that its suggestions are there at once."""
    with context.transaction() as session:
        found = projects.get(session, project)
        row = assistance.ask_prelabel(session, found, asked, context.now(), asked_runs.request_key(key))
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("/campaigns/{campaign}/tasks/{number}/suggestion")
def get_suggestion(
    context: Reader, project: str, campaign: str, number: Number, model: str | None = None
) -> Suggestion:
    """What the champion (or another model) suggests for a task, in the words of the campaign's taxonomy."""
    with context.reading() as session:
        return assistance.suggest_task(session, projects.get(session, project), campaign, number, model)


@router.post("/tasks/{number}/answer")
def answer_task(context: Writer, project: str, number: Number, asked: TaskAnswer) -> LabelTask:
    """Say what the item of a task shows, accept what the model suggests, or skip it; the same again changes nothing."""
    with context.transaction() as session:
        return assistance.answer_task(session, projects.get(session, project), number, asked, context.now())
