"""Look for failures, see the issues they make, order labels for them, close them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.core.errors import Conflict
from sabbatical.core.numbers import rank_of, ranked
from sabbatical.durable import runs
from sabbatical.schemas.dataset import SnapshotQuery
from sabbatical.schemas.mine import Issue, IssueItem, IssueState, MineRequest
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.mine import queries
from sabbatical.stages.mine.listing import find, issue_items, issues_of
from sabbatical.stages.mine.ordering import CLOSED, order
from sabbatical.stages.release import actions as releases
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import IssueRow, RunRow

__all__ = ["ask", "dismiss", "get", "items", "learned", "order", "page", "resolve"]


def ask(session: Session, project: Project, asked: MineRequest, now: datetime, key: str | None = None) -> RunRow:
    """A run of kind "mine" that groups failures into issues; the same key again is the same run.

    Its result: `{"issues": [numbers, the worst first], "waiting": [numbers], "model": "v3", "answers": n, "groups": n,
    "message": sentence}`. An issue that is still open is brought up to date, not made twice. `waiting` were ordered
    before, and no model has learned their labels yet; their places are not named anew.

    Raises:
        NotFound: no such model, or the project has none yet.
    """
    champion = releases.champion(session, project) if asked.model is None else None
    model = champion or models.get(session, project, asked.model)
    params = asked.model_copy(update={"model": model.name}).model_dump(mode="json")
    return runs.ask(session, project_id=project.id, kind="mine", params=params, now=now, key=key)


def get(session: Session, project: Project, number: int) -> Issue:
    """An issue by its number.

    Raises:
        NotFound: there is none.
    """
    return issues_of(session, project, [find(session, project, number)])[0]


def page(session: Session, project: Project, state: IssueState | None, after: str | None, limit: int) -> Page[Issue]:
    """Issues, newest first."""
    rows = queries.issues(session, project.id, state, int(after) if after else None, limit + 1)
    found = issues_of(session, project, rows[:limit])
    return Page(rows=found, next=str(rows[limit - 1].number) if len(rows) > limit else None)


def items(session: Session, project: Project, number: int, after: str | None, limit: int) -> Page[IssueItem]:
    """The items of an issue, the worst first; then those that only stand in the same place.

    Raises:
        NotFound: there is no such issue.
        BadRequest: no page has given `after`.
    """
    issue = find(session, project, number)
    rows = queries.issue_items(session, issue.id, after=rank_of(after), limit=limit + 1)
    shown, last = issue_items(session, project, issue, rows[:limit]), rows[:limit][-1:]
    return Page(rows=shown, next=ranked(last[0].score, last[0].item_id) if len(rows) > limit else None)


def dismiss(session: Session, project: Project, number: int, why: str, now: datetime) -> Issue:
    """A person says that this is no issue; it is not made again for this model.

    Raises:
        NotFound: there is no such issue.
        Conflict: labels were ordered for it already.
    """
    row = find(session, project, number)
    if row.state == "ordered":
        raise Conflict(
            f"Labels were ordered for issue {number} already.",
            hint="Resolve it once its campaigns are done: `sabbatical mine show` tells how far they are.",
        )
    return _close(session, project, row, "dismissed", why, now)


def resolve(session: Session, project: Project, number: int, why: str, now: datetime) -> Issue:
    """What was wrong is mended; should it come back, it is a new issue.

    Raises:
        NotFound: there is no such issue.
    """
    return _close(session, project, find(session, project, number), "resolved", why, now)


def learned(session: Session, project: Project, model: ModelVersion, now: datetime) -> list[Issue]:
    """Resolve the ordered issues of whose labels a model that answers has learned any; the others go on waiting.

    A model of a snapshot that somebody narrowed resolves none: what it left out is not known here.
    """
    snapshot = datasets.get(session, project, model.snapshot)
    states = snapshot.query.states
    if snapshot.query != SnapshotQuery(states=states):
        return []
    found = queries.learned_tasks(session, project.id, snapshot.cutoff, states)
    tasks = queries.task_states(session, list(found))
    rows = queries.issues_by_id(session, list(found))
    for row in rows:
        of = sum(tasks[row.id].values())
        why = f"{model.name} learned the labels of {found[row.id]:,} of its {of:,} tasks, and answers now."
        _close(session, project, row, "resolved", why, now)
    return issues_of(session, project, rows)


def _close(session: Session, project: Project, row: IssueRow, state: IssueState, why: str, now: datetime) -> Issue:
    if row.state not in CLOSED:
        row.state, row.updated_at = state, now
        row.facts = row.facts | {"why": why}
        session.flush()
    return issues_of(session, project, [row])[0]
