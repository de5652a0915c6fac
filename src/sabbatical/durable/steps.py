"""The kinds of long work: each stage registers its steps here by kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from sabbatical.core.errors import Broken
from sabbatical.core.progress import Progress
from sabbatical.storage.tables import RunRow
from sabbatical.storage.workspace import Workspace


@dataclass(frozen=True)
class Step:
    """What a step body gets: the workspace, what was asked, and where to tell how far it is."""

    workspace: Workspace
    run_id: str
    project_id: str | None
    params: dict[str, Any]
    progress: Progress

    @property
    def folder(self) -> Path:
        """A folder of this run's own; it is still there when the run goes on after a kill."""
        return self.workspace.folder("runs", self.run_id)

    def belongs_to(self, session: Session, project_id: str) -> None:
        """Record the project of a run that was asked for without one."""
        if self.project_id is None:
            session.execute(update(RunRow).where(RunRow.id == self.run_id).values(project_id=project_id))

    @property
    def project(self) -> str:
        if self.project_id is None:
            raise Broken(f"Run {self.run_id} needs a project and has none.")
        return self.project_id


Body = Callable[[Step], dict[str, Any]]
_bodies: dict[str, Body] = {}


def step(kind: str) -> Callable[[Body], Body]:
    """Register the body of a kind of run. It must be safe to run again from the start after a kill at any moment."""

    def register(body: Body) -> Body:
        if kind in _bodies and _bodies[kind] is not body:
            raise Broken(f"Two steps are registered as '{kind}'.")
        _bodies[kind] = body
        return body

    return register


def body_of(kind: str) -> Body:
    try:
        return _bodies[kind]
    except KeyError:
        raise Broken(f"No step is registered as '{kind}'.", hint="Its stage was not imported.") from None
