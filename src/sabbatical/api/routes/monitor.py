"""Looks for drift: made by a run, then listed and read."""

from __future__ import annotations

from typing import Annotated

from fastapi.responses import HTMLResponse, Response

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import Limit, Place
from sabbatical.api.routes.evaluations import SEALED
from sabbatical.api.runs import Key
from sabbatical.schemas.monitor import DriftRecord, DriftReport, MonitorRequest
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.run import Run
from sabbatical.stages.monitor import actions as monitor
from sabbatical.stages.project import actions as projects

router = routing.router("/projects/{project}/drift", "monitor")
Reader = Annotated[Context, allow("monitor.read")]
Runner = Annotated[Context, allow("monitor.run")]


@router.post("", status_code=202)
def look_for_drift(context: Runner, project: str, asked: MonitorRequest, key: Key = None) -> Run:
    """Compare a model's newest answers with its first ones, or with items of its snapshot.

    The run's result names the look in `drift`; none is made, and `message` says why, where there is too little.
    """
    with context.transaction() as session:
        found = projects.get(session, project)
        row = monitor.ask(session, found, asked, context.now(), asked_runs.request_key(key))
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("")
def list_looks(
    context: Reader, project: str, model: str | None = None, after: Place = None, limit: Limit = PAGE_SIZE
) -> Page[DriftRecord]:
    """Newest first."""
    with context.reading() as session:
        return monitor.page(session, projects.get(session, project), model, after, limit)


@router.get("/{drift}")
def get_look(context: Reader, project: str, drift: str) -> DriftRecord:
    """By name (`d3`) or id; `newest` is the newest."""
    with context.reading() as session:
        return monitor.get(session, projects.get(session, project), _name(drift))


@router.get("/{drift}/report", response_model=DriftReport)
def get_drift_report(context: Reader, project: str, drift: str) -> Response:
    """Everything that was found, as data."""
    with context.reading() as session:
        found = projects.get(session, project)
    return Response(monitor.report(context.workspace, found, _name(drift)), media_type="application/json")


@router.get("/{drift}/page", response_class=HTMLResponse)
def get_drift_page(context: Reader, project: str, drift: str) -> HTMLResponse:
    """The look as one self-contained page."""
    with context.reading() as session:
        found = projects.get(session, project)
    return HTMLResponse(monitor.html(context.workspace, found, _name(drift)), headers=SEALED)


def _name(drift: str) -> str | None:
    return None if drift == "newest" else drift
