from __future__ import annotations

from pathlib import Path

import pytest

from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW
from tests.stages.train.shapes import CUSTOMERS, SUPER, Shapes


@pytest.fixture
def shapes(workspace: Workspace, tmp_path: Path) -> Shapes:
    with workspace.database.transaction() as session:
        asked = ProjectIn(name="shapes", task="boxes", test_share=0.3, validation_share=0.2, salt="shapes")
        project = projects.create(session, asked, NOW)
        for document in (SUPER, *CUSTOMERS.values()):
            projects.add_taxonomy(session, project, document, NOW)
    made = Shapes(workspace, project, tmp_path)
    made.run("ingest", source=str(made.write("boxes", "Box", 30, 0)))
    made.run("ingest", source=str(made.write("circles", "Circle", 10, 1)))
    made.run("snapshot")
    return made
