"""Campaigns and tasks as records: what is to be labeled under which taxonomy version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, Conflict, NotFound
from sabbatical.core.ids import new_id
from sabbatical.schemas.campaign import Campaign, CampaignIn, LabelTask, TaskState
from sabbatical.schemas.item import Glimpse
from sabbatical.schemas.label import Payload
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.label import queries
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import CampaignRow, RevisionRow, TaskRow


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
    return _campaigns(session, [row])[0]


def page(session: Session, project: Project, after: str | None, limit: int) -> Page[Campaign]:
    """Campaigns of a project, newest first."""
    rows = queries.campaigns(session, project.id, after, limit + 1)
    found = _campaigns(session, rows[:limit])
    return Page(rows=found, next=rows[limit - 1].id if len(rows) > limit else None)


def get(session: Session, project: Project, name: str) -> Campaign:
    """A campaign by its name.

    Raises:
        NotFound: there is none.
    """
    return _campaigns(session, [_row(session, project, name)])[0]


def tasks(
    session: Session, project: Project, name: str, *, state: TaskState | None, after: str | None, limit: int
) -> Page[LabelTask]:
    """Tasks of a campaign in the order in which they joined.

    Raises:
        NotFound: no such campaign.
    """
    rows = list(queries.tasks(session, _row(session, project, name).id, state, int(after or 0), limit + 1))
    found = tasks_of(session, project, [(name, row) for row in rows[:limit]])
    return Page(rows=found, next=str(rows[limit - 1].seq) if len(rows) > limit else None)


def task(session: Session, project: Project, name: str, number: int) -> LabelTask:
    """A task by its number.

    Raises:
        NotFound: no such campaign or task.
    """
    return tasks_of(session, project, [(name, _task_row(session, project, name, number))])[0]


def task_row(session: Session, project: Project, number: int) -> tuple[TaskRow, str, str]:
    """A task by its number alone, with its campaign's name and the id of its taxonomy version.

    Raises:
        NotFound: the project has none of this number.
    """
    found = queries.task_of_project(session, project.id, number)
    if found is None:
        raise NotFound(
            f"The project '{project.name}' has no task {number}.", hint="See the next one: `sabbatical labels next`."
        )
    return found


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
    return tasks_of(session, project, [(name, row)])[0]


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


def tasks_of(session: Session, project: Project, rows: Sequence[tuple[str, TaskRow]]) -> list[LabelTask]:
    """Tasks, each with its campaign's name, as the wire shows them; as many questions for all as for one."""
    about = ingest.glimpses(session, project, [row.item_id for _, row in rows])
    done = {row.revision_id for _, row in rows if row.revision_id is not None}
    revisions = {one.id: one for one in queries.revision_rows(session, project.id, done)} if done else {}
    return [_task(name, row, about.get(row.item_id), revisions.get(row.revision_id or "")) for name, row in rows]


def _task(campaign: str, row: TaskRow, about: Glimpse | None, revision: RevisionRow | None) -> LabelTask:
    values = {"number": row.seq, "campaign": campaign, "item": row.item_id, "state": row.state}
    values |= dict(about or Glimpse()) | {"revision": row.revision_id}
    if revision is not None:
        values |= {"said": Payload.from_bytes(revision.payload).said, "author": revision.author}
    return LabelTask.model_validate(values)


def _campaigns(session: Session, rows: Sequence[CampaignRow]) -> list[Campaign]:
    """Campaigns as the wire shows them; as many questions for all as for one."""
    taxonomies = projects.taxonomies_by_id(session, {row.taxonomy_id for row in rows})
    counts = queries.task_counts(session, [row.id for row in rows])
    return [
        Campaign(
            id=row.id,
            name=row.name,
            taxonomy=taxonomies[row.taxonomy_id].name,
            version=taxonomies[row.taxonomy_id].version,
            instructions=row.instructions,
            labels=list(taxonomies[row.taxonomy_id].names),
            tasks=counts.get(row.id, {}),
            created_at=row.created_at,
        )
        for row in rows
    ]
