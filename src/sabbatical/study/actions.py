"""Ask for trials and for what they say together; read the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sabbatical import catalogue
from sabbatical.core.errors import BadRequest, NotFound
from sabbatical.core.ids import document_id
from sabbatical.core.progress import Progress
from sabbatical.durable import runs
from sabbatical.schemas.study import StudyRequest, StudyTask, TrialRequest
from sabbatical.storage.tables import RunRow
from sabbatical.storage.workspace import Workspace
from sabbatical.study.box_tasks import BOX_TASKS
from sabbatical.study.masking import methods_of
from sabbatical.study.methods import METHODS
from sabbatical.study.trial import Trial
from sabbatical.taxonomy.names import did_you_mean

__all__ = ["ask_study", "ask_trial", "data_of", "page", "root", "tasks"]


def tasks() -> list[StudyTask]:
    """What can be studied."""
    return [
        StudyTask(study="masking", data=name, methods=list(METHODS), sets=list(sets))
        for name, sets in BOX_TASKS.items()
    ]


def root(workspace: Workspace) -> Path:
    """The folder in which trials are kept."""
    return workspace.folder("studies")


def data_of(workspace: Workspace, progress: Progress | None = None) -> Callable[[str], Path]:
    """The folder of a data set, fetched from the mirror where it is not there yet. Raises as `catalogue.get`."""
    return lambda name: catalogue.get(name, workspace.folder("data"), workspace.settings.data_mirror, progress)


def ask_trial(session: Session, asked: TrialRequest, folder: Path, now: datetime) -> RunRow:
    """A run that does a trial; asked again it is the same run, or a new one where what it made is gone.

    Raises:
        NotFound: there is no study of this data.
        BadRequest: there is no such method.
    """
    _check(asked.data, asked.method)
    params = asked.model_dump(mode="json")
    trial = Trial(asked.data, asked.method, asked.seed, asked.settings)
    key = f"trial:{document_id(params)}"
    while not trial.kept(folder) and _done(session, key):
        key += "+"
    return runs.ask(session, project_id=None, kind="trial", params=params, now=now, key=key)


def ask_study(session: Session, asked: StudyRequest, now: datetime) -> RunRow:
    """A run that puts together what the trials that have ended say. Raises as `ask_trial`."""
    methods_of(asked)
    _check(asked.data, None)
    return runs.ask(session, project_id=None, kind="study", params=asked.model_dump(mode="json"), now=now)


def page(workspace: Workspace, run_id: str) -> str:
    """The report that a run of `ask_study` wrote, as one page of HTML. Raises NotFound."""
    file = root(workspace) / "pages" / f"{run_id}.html"
    if not run_id.isidentifier() or not file.is_file():
        raise NotFound(f"Run '{run_id}' wrote no report of a study.", hint="Put one together: `sabbatical study`.")
    return file.read_text("utf-8")


def _check(data: str, method: str | None) -> None:
    if data not in BOX_TASKS:
        raise NotFound(f"There is no study of masking on '{data}'.", hint=did_you_mean(data, BOX_TASKS))
    if method is not None and method not in METHODS:
        raise BadRequest(f"There is no method '{method}'.", where="field method", hint=did_you_mean(method, METHODS))


def _done(session: Session, key: str) -> bool:
    query = select(RunRow.state).where(RunRow.key == key, RunRow.project_id.is_(None))
    return session.scalar(query.limit(1)) == "done"
