"""Runs: how far long work is, how it ended, and the wish to stop it."""

from __future__ import annotations

from typing import Annotated

from fastapi.responses import FileResponse, Response, StreamingResponse

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import After, Limit, Place
from sabbatical.core.tar import tar_of
from sabbatical.durable import runs
from sabbatical.schemas.ingest import Quarantined
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.run import CancelRequest, Run
from sabbatical.stages.ingest import items
from sabbatical.stages.project import actions as projects

router = routing.router("/runs", "run")
Reader = Annotated[Context, allow("run.read")]
Writer = Annotated[Context, allow("run.write")]


@router.get("")
def list_runs(context: Reader, project: str | None = None, after: After = None, limit: Limit = PAGE_SIZE) -> Page[Run]:
    """Runs of a project, or of all, newest first."""
    with context.reading() as session:
        project_id = projects.get(session, project).id if project else None
        rows = runs.page(session, project_id, after=after, limit=limit + 1)
        found = asked_runs.wires(session, rows[:limit], context.now())
    return Page(rows=found, next=found[-1].id if len(rows) > limit else None)


@router.get("/{run}")
def get_run(context: Reader, run: str) -> Run:
    with context.reading() as session:
        return asked_runs.wire(session, runs.get(session, run), context.now())


@router.get("/{run}/quarantine")
def list_quarantined(context: Reader, run: str, after: Place = None, limit: Limit = PAGE_SIZE) -> Page[Quarantined]:
    """What the run could not take, in the order of its source."""
    with context.reading() as session:
        return items.quarantined(session, runs.get(session, run).id, after, limit)


@router.get("/{run}/files", response_class=Response)
def get_files(context: Reader, run: str) -> Response:
    """What the run wrote: a file as it is, a folder as a tar."""
    with context.reading() as session:
        row = runs.get(session, run)
    path = context.paths.output(row.id, row.result)
    if path.is_dir():
        return StreamingResponse(tar_of(path), media_type="application/x-tar")
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


@router.post("/{run}/cancel")
def cancel_run(context: Writer, run: str, asked: CancelRequest | None = None) -> Run:
    """Ask a run to stop; it saves what it has. One that has ended stays as it is."""
    why = (asked or CancelRequest()).told
    with context.transaction() as session:
        return asked_runs.wire(session, runs.cancel(session, run, context.now(), why), context.now())


@router.post("/{run}/resume")
def resume_run(context: Writer, run: str) -> Run:
    """Go on with a run that nobody is at work on: it waits, its process died, it was cancelled, or it failed."""
    with context.transaction() as session:
        row = runs.resume(session, run, context.now())
        answer = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return answer
