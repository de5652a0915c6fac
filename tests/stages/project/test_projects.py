"""Projects are made once, found by name, and listed a page at a time."""

from __future__ import annotations

from typing import Any

import pytest

from sabbatical.core.errors import Conflict, NotFound
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW


def create(workspace: Workspace, name: str = "street", task: str = "boxes", **shares: float) -> Project:
    asked = ProjectIn.model_validate({"name": name, "task": task, **shares})
    with workspace.database.transaction() as session:
        return projects.create(session, asked, NOW)


def test_a_project_is_found_as_it_was_made(workspace: Workspace) -> None:
    made = create(workspace, test_share=0.3)
    with workspace.database.reading() as session:
        found = projects.get(session, "street")
        assert projects.by_id(session, made.id) == found
    assert found == made
    assert (found.task, found.test_share, found.created_at) == ("boxes", 0.3, NOW)


def test_the_same_request_again_answers_the_same_project(workspace: Workspace) -> None:
    assert create(workspace) == create(workspace)


@pytest.mark.parametrize("other", [{"task": "text"}, {"test_share": 0.5}, {"validation_share": 0.0}])
def test_another_project_of_the_same_name_is_a_conflict_and_changes_nothing(
    workspace: Workspace, other: dict[str, Any]
) -> None:
    made = create(workspace)
    with pytest.raises(Conflict, match=r"The project 'street' exists already.*Choose another name"):
        create(workspace, **other)
    with workspace.database.reading() as session:
        assert projects.get(session, "street") == made


def test_each_project_splits_by_a_salt_of_its_own(workspace: Workspace) -> None:
    assert create(workspace, "a").salt != create(workspace, "b").salt


def test_a_project_that_is_not_there_is_said_with_those_that_are(workspace: Workspace) -> None:
    with workspace.database.reading() as session, pytest.raises(NotFound, match="sabbatical project create"):
        projects.get(session, "street")
    create(workspace, "alley")
    with (
        workspace.database.reading() as session,
        pytest.raises(NotFound, match=r"no project 'street'.*are: alley"),
    ):
        projects.get(session, "street")


def test_pages_hold_every_project_once_by_name(workspace: Workspace) -> None:
    for number in (3, 0, 4, 1, 2):
        create(workspace, f"p{number}")
    found, after, pages = [], None, 0
    with workspace.database.reading() as session:
        while pages == 0 or after is not None:
            one = projects.page(session, after, 2)
            found += [project.name for project in one.rows]
            after, pages = one.next, pages + 1
    assert (found, pages) == (["p0", "p1", "p2", "p3", "p4"], 3)
