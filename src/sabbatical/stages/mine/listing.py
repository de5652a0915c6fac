"""Issues as the wire shows them: what was found, and how far the labels are that were ordered for it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from sabbatical.core.errors import NotFound
from sabbatical.core.numbers import BIGGEST
from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.mine import Issue, IssueItem
from sabbatical.schemas.project import Project
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.mine import queries
from sabbatical.stages.serve import actions as serving
from sabbatical.storage.tables import IssueItemRow, IssueRow


def issues_of(session: Session, project: Project, rows: Sequence[IssueRow]) -> list[Issue]:
    """The issues of these rows, in their order."""
    named = queries.model_names(session, list({row.model_id for row in rows}))
    campaigns = queries.campaigns(session, [row.id for row in rows])
    tasks = queries.task_states(session, list(campaigns))
    issues = []
    for row in rows:
        issues.append(
            Issue.model_validate(
                {
                    "number": row.number,
                    "project": project.name,
                    "model": named[row.model_id],
                    "title": row.title,
                    "state": row.state,
                    "campaigns": [one.name for one in campaigns.get(row.id, [])],
                    "tasks": tasks.get(row.id, {}),
                    "ordered_by": row.facts.get("order", {}).get("actor"),
                    "created_at": row.created_at,
                    "updated_at": row.updated_at,
                    **{name: value for name, value in row.facts.items() if name in Issue.model_fields},
                }
            )
        )
    return issues


def issue_items(session: Session, project: Project, issue: IssueRow, rows: Sequence[IssueItemRow]) -> list[IssueItem]:
    """Items of an issue with what was asked, what the model answered and what people said; few questions for all."""
    ids = [row.item_id for row in rows]
    about = ingest.glimpses(session, project, ids)
    answers = serving.newest_of_items(session, project, issue.model_id, ids)
    verdicts = queries.verdicts(session, project.id, ids, issue.model_id)
    made = []
    for row in rows:
        values = {name: getattr(row, name) for name in ("kind", "score", "detail")} | {"item": row.item_id}
        values |= dict(about.get(row.item_id, Glimpse())) | {"feedback": verdicts.get(row.item_id)}
        if (one := answers.get(row.item_id)) is not None:
            values |= {"said": one.said, "sure": one.sure}
        made.append(IssueItem.model_validate(values))
    return made


def find(session: Session, project: Project, number: int) -> IssueRow:
    """The row of an issue.

    Raises:
        NotFound: there is none of this number.
    """
    row = queries.issue(session, project.id, number) if 0 <= number <= BIGGEST else None
    if row is None:
        raise NotFound(
            f"The project '{project.name}' has no issue {number}.",
            hint="See `sabbatical mine list`, or look for failures: `sabbatical mine look`.",
        )
    return row
