"""Campaigns and tasks as records: what is to be labeled under which taxonomy version."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, Conflict, NotFound
from sabbatical.core.ids import new_id
from sabbatical.schemas.campaign import Campaign, CampaignIn, LabelTask, TaskState
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.stages.label import queries
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import CampaignRow, TaskRow


def create(session: Session, project: Project, asked: CampaignIn, now: datetime) -> Campaign:
    """Make a campaign, or let more items join the one of this name; an item joins once.

    Raises:
        NotFound: no such taxonomy.
        BadInput: an item is not in the project.
    """
    missing = set(asked.items) - queries.items_exist(session, project.id, asked.items)
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(asked.items)} items are not in the project '{project.name}'.",
            where=f"field items, first {min(missing)}",
            hint="Ingest them first.",
        )
    row = queries.campaign_named(session, project.id, asked.name)
    if row is None:
        row = CampaignRow(
            id=new_id("cmp"),
            project_id=project.id,
            name=asked.name,
            taxonomy_id=projects.taxonomy_id(session, project, asked.taxonomy),
            instructions=asked.instructions,
            created_at=now,
        )
        session.add(row)
        session.flush()
    new = [
        {"campaign_id": row.id, "item_id": item, "state": "open", "revision_id": None, "created_at": now}
        for item in dict.fromkeys(asked.items)
    ]
    queries.add_tasks(session, new)
    return _campaign(session, row)


def every(session: Session, project: Project) -> list[Campaign]:
    """All campaigns of a project, newest first."""
    return [_campaign(session, row) for row in queries.campaigns(session, project.id)]


def get(session: Session, project: Project, name: str) -> Campaign:
    """A campaign by its name.

    Raises:
        NotFound: there is none.
    """
    return _campaign(session, _row(session, project, name))


def tasks(
    session: Session, project: Project, name: str, *, state: TaskState | None, after: str | None, limit: int
) -> Page[LabelTask]:
    """Tasks of a campaign in the order in which they joined.

    Raises:
        NotFound: no such campaign.
    """
    rows = list(queries.tasks(session, _row(session, project, name).id, state, int(after or 0), limit + 1))
    found = [_task(name, row) for row in rows[:limit]]
    return Page(rows=found, next=str(rows[limit - 1].seq) if len(rows) > limit else None)


def task(session: Session, project: Project, name: str, number: int) -> LabelTask:
    """A task by its number.

    Raises:
        NotFound: no such campaign or task.
    """
    return _task(name, _task_row(session, project, name, number))


def skip(session: Session, project: Project, name: str, number: int) -> LabelTask:
    """Leave an open task undone: nobody is asked again.

    Raises:
        NotFound: no such campaign or task.
        Conflict: it is done.
    """
    row = _task_row(session, project, name, number)
    if row.state == "done":
        raise Conflict(f"Task {number} is done; it cannot be skipped any more.", where=f"campaign {name}")
    row.state = "skipped"
    session.flush()
    return _task(name, row)


def _row(session: Session, project: Project, name: str) -> CampaignRow:
    row = queries.campaign_named(session, project.id, name)
    if row is None:
        raise NotFound(
            f"The project '{project.name}' has no campaign '{name}'.", hint="See them with `sabbatical labels tasks`."
        )
    return row


def _task_row(session: Session, project: Project, name: str, number: int) -> TaskRow:
    row = queries.task(session, _row(session, project, name).id, number)
    if row is None:
        raise NotFound(
            f"The campaign '{name}' has no task {number}.", hint=f"See them: `sabbatical labels tasks {name}`."
        )
    return row


def _task(campaign: str, row: TaskRow) -> LabelTask:
    return LabelTask.model_validate(
        {"number": row.seq, "campaign": campaign, "item": row.item_id, "state": row.state, "revision": row.revision_id}
    )


def _campaign(session: Session, row: CampaignRow) -> Campaign:
    taxonomy = projects.taxonomies_by_id(session, [row.taxonomy_id])[row.taxonomy_id]
    return Campaign(
        id=row.id,
        name=row.name,
        taxonomy=taxonomy.name,
        version=taxonomy.version,
        instructions=row.instructions,
        tasks=queries.task_counts(session, row.id),
        created_at=row.created_at,
    )
