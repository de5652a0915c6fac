"""Data comes in: sources into items and labels, and the items that are there."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import Response

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import Limit, Place
from sabbatical.api.runs import Key
from sabbatical.durable import runs
from sabbatical.schemas.ingest import IngestRequest
from sabbatical.schemas.item import Item, ItemFilter
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.run import Run
from sabbatical.stages.ingest import items
from sabbatical.stages.project import actions as projects

router = routing.router("", "ingest")
Reader = Annotated[Context, allow("item.read")]
Runner = Annotated[Context, allow("ingest.run")]
SHOWN = ("image/", "text/plain")
FOREVER = "private, max-age=31536000, immutable"


@router.post("/ingests", status_code=202)
def ingest(context: Runner, asked: IngestRequest, key: Key = None) -> Run:
    """Take a source in, with the labels it holds. Run again, it adds only what is new.

    With `labels_only` its labels are attached to items that are here already.
    """
    resolved = {"source": context.paths.source(asked.source), "options": context.paths.options(asked.options)}
    params = asked.model_copy(update=resolved).model_dump(mode="json")
    with context.transaction() as session:
        project_id = projects.get(session, asked.project).id if asked.project else None
        row = runs.ask(
            session,
            project_id=project_id,
            kind="ingest",
            params=params,
            now=context.now(),
            key=asked_runs.request_key(key),
        )
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("/projects/{project}/items")
def list_items(
    context: Reader,
    project: str,
    chosen: Annotated[ItemFilter, Query()],
    after: Place = None,
    limit: Limit = PAGE_SIZE,
) -> Page[Item]:
    """Items in the order in which they came."""
    with context.reading() as session:
        return items.page(session, projects.get(session, project), chosen, after, limit)


@router.get("/projects/{project}/items/{item}")
def get_item(context: Reader, project: str, item: str) -> Item:
    with context.reading() as session:
        return items.get(session, projects.get(session, project), item)


@router.get("/projects/{project}/items/{item}/media", response_class=Response)
def get_media(context: Reader, project: str, item: str, request: Request) -> Response:
    """The bytes of an item as they came. An item never changes, so that a client may keep them."""
    with context.reading() as session:
        found = projects.get(session, project)
    headers = {"ETag": f'"{item}"', "Cache-Control": FOREVER, "X-Content-Type-Options": "nosniff"}
    data, media_type = items.media(context.workspace, found, item)
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if not media_type.startswith(SHOWN) or media_type.startswith("image/svg"):
        media_type = "application/octet-stream"
    return Response(data, media_type=media_type, headers=headers)
