"""Reports: made by a run, then listed and read."""

from __future__ import annotations

from typing import Annotated

from fastapi.responses import HTMLResponse, Response

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import After, Limit
from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.evaluation import EvaluateRequest, EvaluationRecord
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.run import Run
from sabbatical.stages.evaluate import actions as evaluations
from sabbatical.stages.project import actions as projects

router = routing.router("/projects/{project}/evaluations", "evaluate")
Reader = Annotated[Context, allow("evaluation.read")]
Runner = Annotated[Context, allow("evaluation.run")]
# The page is whole in itself: it may draw, but neither run scripts nor fetch anything.
SEALED = {"Content-Security-Policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"}


@router.post("", status_code=202)
def evaluate(context: Runner, project: str, asked: EvaluateRequest) -> Run:
    """Judge a model, alone or against another. Asked again for the same, it is the same run, unless `again`."""
    with context.transaction() as session:
        row = evaluations.ask(session, projects.get(session, project), asked, context.now())
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("")
def list_evaluations(
    context: Reader, project: str, model: str | None = None, after: After = None, limit: Limit = PAGE_SIZE
) -> Page[EvaluationRecord]:
    """Newest first."""
    with context.reading() as session:
        return evaluations.page(session, projects.get(session, project), model, after, limit)


@router.get("/{evaluation}")
def get_evaluation(context: Reader, project: str, evaluation: str) -> EvaluationRecord:
    with context.reading() as session:
        return evaluations.get(session, projects.get(session, project), evaluation)


@router.get("/{evaluation}/report", response_model=Report)
def get_report(context: Reader, project: str, evaluation: str) -> Response:
    """Everything that was found, as data."""
    with context.reading() as session:
        found = projects.get(session, project)
    return Response(evaluations.report(context.workspace, found, evaluation), media_type="application/json")


@router.get("/{evaluation}/page", response_class=HTMLResponse)
def get_report_page(context: Reader, project: str, evaluation: str) -> HTMLResponse:
    """The report as one self-contained page."""
    with context.reading() as session:
        found = projects.get(session, project)
    return HTMLResponse(evaluations.html(context.workspace, found, evaluation), headers=SEALED)
