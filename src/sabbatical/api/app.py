"""The application: every route, one policy, one form of errors."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, FastAPI

from sabbatical import __version__
from sabbatical.api import errors
from sabbatical.api.access import Access
from sabbatical.api.context import Context
from sabbatical.api.limits import SizeLimit
from sabbatical.api.paths import Paths
from sabbatical.api.routes import (
    assist,
    autopilot,
    catalogue,
    evaluations,
    feedback,
    ingest,
    issues,
    labels,
    models,
    monitor,
    predictions,
    projects,
    releases,
    runs,
    serve,
    server,
    snapshots,
    studies,
    taxonomies,
    uploads,
)
from sabbatical.api.routing import reading
from sabbatical.durable.dispatch import Dispatcher
from sabbatical.stages.serve.online import Online
from sabbatical.storage.workspace import Workspace

ROUTERS = (
    server.door,
    server.router,
    catalogue.router,
    projects.router,
    taxonomies.router,
    uploads.router,
    ingest.router,
    labels.router,
    snapshots.router,
    snapshots.exports,
    models.router,
    predictions.router,
    evaluations.router,
    assist.router,
    monitor.router,
    issues.router,
    releases.router,
    releases.champion,
    serve.router,
    feedback.router,
    autopilot.router,
    studies.router,
    runs.router,
)
SERVING = (server.router, reading(projects.router), serve.router, feedback.router)
"""What a server answers that does nothing but serve models."""


def create_app(
    workspace: Workspace,
    dispatcher: Dispatcher,
    access: Access,
    *,
    free_paths: bool,
    routers: Sequence[APIRouter] = ROUTERS,
) -> FastAPI:
    """The application over an open workspace. With `free_paths` a client may name files of this machine.

    Whoever makes it closes `app.state.context.online` at the end.
    """
    app = FastAPI(
        title="Sabbatical",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.access = access
    app.state.context = Context(workspace, dispatcher, Paths(workspace, free_paths), Online(workspace))
    settings = workspace.settings
    app.add_middleware(SizeLimit, limit=settings.max_request_bytes, upload_limit=settings.max_upload_bytes)
    errors.install(app)
    for router in routers:
        app.router.routes.extend(router.routes)  # they are whole; including them would make each anew
    return app
