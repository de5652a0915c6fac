"""Studies: trials that are kept as they end, and what they say together."""

from __future__ import annotations

from typing import Annotated

from fastapi.responses import HTMLResponse

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.routes.evaluations import SEALED
from sabbatical.schemas.run import Run
from sabbatical.schemas.study import StudyPlan, StudyRequest, StudyTask, TrialRequest
from sabbatical.study import actions as studies

router = routing.router("/studies", "studies")
Reader = Annotated[Context, allow("study.read")]
Runner = Annotated[Context, allow("study.run")]


@router.get("")
def list_studies(context: Reader) -> list[StudyTask]:
    """What can be studied, and by which methods."""
    return studies.tasks()


@router.post("/plan")
def plan_study(context: Reader, asked: StudyRequest) -> StudyPlan:
    """The trials that a study still needs."""
    return studies.plan(context.workspace, asked)


@router.post("/trials", status_code=202)
def do_trial(context: Runner, asked: TrialRequest) -> Run:
    """Train by one method and predict what judges it. One that has ended is not done again."""
    context.paths.settings(asked.settings)
    with context.transaction() as session:
        row = studies.ask_trial(session, asked, studies.root(context.workspace), context.now())
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.post("", status_code=202)
def do_study(context: Runner, asked: StudyRequest) -> Run:
    """Put together what the trials that have ended say: figures, claims, a page."""
    with context.transaction() as session:
        row = studies.ask_study(session, asked, context.now())
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("/{run_id}/page", response_class=HTMLResponse)
def get_study_page(context: Reader, run_id: str) -> HTMLResponse:
    """The report as one self-contained page."""
    return HTMLResponse(studies.page(context.workspace, run_id), headers=SEALED)
