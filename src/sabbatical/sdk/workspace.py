"""Everything of one installation, from its folder or from a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from sabbatical.catalogue import DataSet
from sabbatical.core.errors import NotFound
from sabbatical.core.settings import Settings, load
from sabbatical.schemas import project as project_schema
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.ingest import IngestReport
from sabbatical.schemas.study import StudyName, StudyTask
from sabbatical.sdk import studies
from sabbatical.sdk.client import Client, place
from sabbatical.sdk.ingest import start_ingest
from sabbatical.sdk.project import Project
from sabbatical.sdk.run import Run, Watcher, plain

IN_PROCESS = "http://sabbatical.local"
TIMEOUT_SECONDS = 60.0
CONNECT_SECONDS = 3.0


class Workspace:
    """Open it with `sabbatical.open`; it is a context manager."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it; work that runs as children of this process stops and keeps what it has."""
        self._client.close()

    def health(self) -> dict[str, str]:
        """The version that answers, and its kind of database."""
        answer: dict[str, str] = self._client.get(place("health"))
        return answer

    def projects(self) -> Iterator[Project]:
        """By name."""
        for record in self._client.pages(project_schema.Project, place("projects")):
            yield Project(self._client, record)

    def project(self, name: str | None = None) -> Project:
        """A project by name, or the only one there is.

        Raises:
            NotFound: there is none, or several and no name says which.
        """
        if name is not None:
            answer = self._client.get(place("projects", name))
            return Project(self._client, project_schema.Project.model_validate(answer))
        found = list(self.projects())
        if len(found) == 1:
            return found[0]
        if not found:
            raise NotFound("There is no project yet.", hint="Ingest some data, or `sabbatical project create`.")
        names = ", ".join(project.name for project in found[:8])
        raise NotFound(f"There are {len(found)} projects.", hint=f"Say which with --project: {names}.")

    def create_project(self, name: str, task: project_schema.Task, **asked: Any) -> Project:
        """Make a project; see `ProjectIn` for what else can be said. The same again answers the same project."""
        document = {"name": name, "task": task, **asked}
        answer = self._client.post(place("projects"), document)
        return Project(self._client, project_schema.Project.model_validate(answer))

    def data_sets(self) -> list[DataSet]:
        """The catalogue of public data sets, the built-in one first."""
        return [DataSet.model_validate(row) for row in self._client.get(place("catalogue"))]

    def start_get(self, name: str) -> Run[dict[str, Any]]:
        """Begin to fetch a public data set from the mirror."""
        answer = self._client.post(place("catalogue", name, "get"))
        return Run(self._client, run_schema.Run.model_validate(answer), plain)

    def study_tasks(self) -> list[StudyTask]:
        """What can be studied, and by which methods."""
        return studies.list_tasks(self._client)

    def study(self, name: StudyName, data: str, **asked: Any) -> studies.Study:
        """A study on one task; see `StudyRequest` for what else can be said."""
        return studies.study(self._client, name, data, **asked)

    def start_ingest(self, source: str | Path, **asked: Any) -> Run[IngestReport]:
        """Begin to take a source in: into the project named, into the only one, or into a first one made from it."""
        return start_ingest(self._client, source, **asked)

    def ingest(self, source: str | Path, *, progress: Watcher | None = None, **asked: Any) -> IngestReport:
        """Take a source in; see `start_ingest`, and `IngestRequest` for what else can be said."""
        return self.start_ingest(source, **asked).wait(progress)

    def run(self, run_id: str) -> Run[dict[str, Any]]:
        """A run by its id."""
        record = run_schema.Run.model_validate(self._client.get(place("runs", run_id)))
        return Run(self._client, record, plain)

    def runs(self, project: str | None = None) -> Iterator[Run[dict[str, Any]]]:
        """Newest first."""
        for record in self._client.pages(run_schema.Run, place("runs"), project=project):
            yield Run(self._client, record, plain)


def open(  # noqa: A001
    home: str | Path | None = None, url: str | None = None, token: str | None = None, *, patient: bool = True
) -> Workspace:
    """Open a workspace: the server at `url`, or the application in this process on the folder `home`.

    What is not given comes from `SABBATICAL_URL`, `SABBATICAL_HOME`, `SABBATICAL_TOKEN`; naming a folder wins over a
    server that only the environment names. Default is the folder `.sabbatical` here. A server that restarts is waited
    for; one that has not answered yet is not, unless `patient`.

    Raises:
        Unavailable: the folder cannot be used.
        NewerWorkspace: a newer version of Sabbatical wrote it.
    """
    settings = load(home=home, url=url, token=token)
    remote = url is not None or (home is None and settings.url is not None)
    return Workspace(connect(settings, remote=remote, patient=patient))


def connect(settings: Settings, *, remote: bool, patient: bool = True) -> Client:
    """The client of a workspace."""
    if remote:
        headers = {"Authorization": f"Bearer {settings.token}"} if settings.token else {}
        timeout = httpx.Timeout(TIMEOUT_SECONDS, connect=CONNECT_SECONDS)
        http = httpx.Client(base_url=settings.url or "", headers=headers, timeout=timeout)
        return Client(http, local=False, patient=patient)
    # A client of a server needs neither database nor web framework.
    from sabbatical.sdk.in_process import open_in_process  # noqa: PLC0415

    return Client(httpx.Client(base_url=IN_PROCESS, transport=open_in_process(settings)), local=True)
