"""Projects."""

from __future__ import annotations

from typing import Annotated

from sabbatical.api import routing
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import After, Limit
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages.project import actions as projects

router = routing.router("/projects", "project")
Reader = Annotated[Context, allow("project.read")]
Writer = Annotated[Context, allow("project.write")]


@router.post("", status_code=201)
def create_project(context: Writer, asked: ProjectIn) -> Project:
    """Make a project; the same request again answers the same project."""
    with context.transaction() as session:
        return projects.create(session, asked, context.now())


@router.get("")
def list_projects(context: Reader, after: After = None, limit: Limit = PAGE_SIZE) -> Page[Project]:
    with context.reading() as session:
        return projects.page(session, after, limit)


@router.get("/{project}")
def get_project(context: Reader, project: str) -> Project:
    with context.reading() as session:
        return projects.get(session, project)
