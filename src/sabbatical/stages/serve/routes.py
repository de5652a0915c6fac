"""Which models answer for a project, read again when it may have changed."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from sabbatical.schemas.project import Project
from sabbatical.schemas.release import Routing
from sabbatical.stages.project import actions as projects
from sabbatical.stages.release import actions as releases
from sabbatical.storage.workspace import Workspace

FRESH_SECONDS = 0.2


@dataclass(frozen=True)
class Route:
    """A project and its routing at a moment."""

    project: Project
    routing: Routing
    read_at: float

    @property
    def model_ids(self) -> list[str]:
        """All that may have to answer, the champion first."""
        release = self.routing.release
        wanted = (self.routing.champion_id, release.model_id if release else None, self.routing.former_id)
        return [key for key in wanted if key is not None]


class Routes:
    """Read at most every `FRESH_SECONDS`, and at once after `changed`. Safe to use from any thread."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._known: dict[str, Route] = {}
        self._projects: dict[str, Project] = {}

    def of(self, name: str) -> Route:
        """The route of a project.

        Raises:
            NotFound: there is no such project.
        """
        with self._lock:
            known = self._known.get(name)
            if known is None or time.monotonic() - known.read_at > FRESH_SECONDS:
                known = self._known[name] = self._read(name)
            return known

    def changed(self) -> None:
        """Somebody in this process has moved a model."""
        with self._lock:
            self._known.clear()

    def _read(self, name: str) -> Route:
        read_at = time.monotonic()
        with self._workspace.database.reading() as session:
            project = self._projects.get(name) or projects.get(session, name)
            self._projects[name] = project
            return Route(project, releases.routing(session, project.id), read_at)
