"""Ask for trials and for what they say together; read the report."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from sabbatical import catalogue
from sabbatical.core.errors import NotFound
from sabbatical.core.ids import document_id
from sabbatical.core.progress import Progress
from sabbatical.durable import runs
from sabbatical.schemas.study import StudyPlan, StudyRequest, TrialRequest
from sabbatical.storage.tables import RunRow
from sabbatical.storage.workspace import Workspace
from sabbatical.study.box_tasks import BOX_TASKS, STREETS, WEEKS
from sabbatical.study.studies import checked, tasks, unwired, wire

__all__ = ["ask_study", "ask_trial", "data_of", "page", "plan", "root", "tasks"]


def root(workspace: Workspace) -> Path:
    """The folder in which trials are kept."""
    return workspace.folder("studies")


def data_of(workspace: Workspace, progress: Progress | None = None) -> Callable[[str], Path]:
    """The folder of a data set: fetched from the mirror, or drawn, where it is not there. Raises as `catalogue.get`."""

    def folder(name: str) -> Path:
        if name in {STREETS, WEEKS}:
            from sabbatical.study import street  # noqa: PLC0415 - who asks of a study draws nothing

            draw = street.draw_streets if name == STREETS else street.draw_weeks
            return draw(workspace.folder("data") / f"study-{name}")
        return catalogue.get(name, workspace.folder("data"), workspace.settings.data_mirror, progress)

    return folder


def plan(workspace: Workspace, asked: StudyRequest) -> StudyPlan:
    """The trials that a study still needs. Raises NotFound and BadRequest as `checked` does."""
    study = checked(asked.study, asked.data, asked.methods)
    trials = study.trials(asked)
    open_trials = [trial for trial in trials if not trial.kept(root(workspace))]
    sets = list(BOX_TASKS[asked.data]) if open_trials else []
    return StudyPlan(sets=sets, trials=[wire(trial) for trial in open_trials], done=len(trials) - len(open_trials))


def ask_trial(session: Session, asked: TrialRequest, folder: Path, now: datetime) -> RunRow:
    """A run that does a trial; asked again it is the same run, or a new one where what it made is gone.

    Raises NotFound and BadRequest as `checked` does.
    """
    checked(asked.study, asked.data, [asked.method])
    params = asked.model_dump(mode="json")
    trial = unwired(asked)
    key = f"trial:{document_id(params)}"
    while not trial.kept(folder) and _done(session, key):
        key += "+"
    return runs.ask(session, project_id=None, kind="trial", params=params, now=now, key=key)


def ask_study(session: Session, asked: StudyRequest, now: datetime) -> RunRow:
    """A run that puts together what the trials that have ended say. Raises as `ask_trial`."""
    checked(asked.study, asked.data, asked.methods)
    return runs.ask(session, project_id=None, kind="study", params=asked.model_dump(mode="json"), now=now)


def page(workspace: Workspace, run_id: str) -> str:
    """The report that a run of `ask_study` wrote, as one page of HTML. Raises NotFound."""
    file = root(workspace) / "pages" / f"{run_id}.html"
    if not run_id.isidentifier() or not file.is_file():
        raise NotFound(f"Run '{run_id}' wrote no report of a study.", hint="Put one together: `sabbatical study`.")
    return file.read_text("utf-8")


def _done(session: Session, key: str) -> bool:
    query = select(RunRow.state).where(RunRow.key == key, RunRow.project_id.is_(None))
    return session.scalar(query.limit(1)) == "done"
