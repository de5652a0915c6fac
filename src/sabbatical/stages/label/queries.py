"""Label revisions, heads, campaigns and tasks in SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Select, func, insert, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.storage.tables import Base, CampaignRow, HeadRow, ItemRow, RevisionRow, TaskRow, TaxonomyRow

CHUNK = 2000  # ids in one IN list; databases bound the number of parameters


def heads(session: Session, project_id: str, taxonomy: str, item_ids: Sequence[str]) -> dict[str, str]:
    """Current revision id by item."""
    found: dict[str, str] = {}
    for chunk in batched(item_ids, CHUNK):
        query = select(HeadRow.item_id, HeadRow.revision_id).where(
            HeadRow.project_id == project_id, HeadRow.taxonomy == taxonomy, HeadRow.item_id.in_(chunk)
        )
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def contents(session: Session, project_id: str, item_ids: Sequence[str]) -> set[str]:
    """Everything that was ever said of these items, as content ids."""
    found: set[str] = set()
    for chunk in batched(item_ids, CHUNK):
        query = select(RevisionRow.content).where(RevisionRow.project_id == project_id, RevisionRow.item_id.in_(chunk))
        found.update(session.scalars(query))
    return found


def said(session: Session, project_id: str, item_ids: Sequence[str]) -> Iterator[tuple[str, str, bytes]]:
    """Id, name and payload of everything that was ever said of these items."""
    for chunk in batched(item_ids, CHUNK):
        query = (
            select(RevisionRow.item_id, ItemRow.name, RevisionRow.payload)
            .join(ItemRow, (ItemRow.project_id == RevisionRow.project_id) & (ItemRow.id == RevisionRow.item_id))
            .where(RevisionRow.project_id == project_id, RevisionRow.item_id.in_(chunk))
        )
        for row in session.execute(query):
            yield row[0], row[1], row[2]


def add_revisions(session: Session, rows: list[dict[str, Any]], taxonomy: str) -> None:
    """Append revisions of one project and make each the head of its item."""
    project_id = rows[0]["project_id"]
    last = session.scalar(select(func.max(RevisionRow.seq)).where(RevisionRow.project_id == project_id)) or 0
    session.execute(insert(Base.metadata.tables[RevisionRow.__tablename__]), rows)
    _move_heads(session, project_id, taxonomy, last)


def _move_heads(session: Session, project_id: str, taxonomy: str, after: int) -> None:
    """Make the revisions after the place `after` heads; writers queue, so nobody else's are among them."""
    columns = ("project_id", "item_id", "taxonomy", "revision_id", "revision_seq")
    chosen = select(
        RevisionRow.project_id, RevisionRow.item_id, literal(taxonomy), RevisionRow.id, RevisionRow.seq
    ).where(RevisionRow.project_id == project_id, RevisionRow.seq > after)
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    upsert = dialect.insert(HeadRow).from_select(columns, chosen)
    moved = {"revision_id": upsert.excluded.revision_id, "revision_seq": upsert.excluded.revision_seq}
    session.execute(upsert.on_conflict_do_update(index_elements=columns[:3], set_=moved))


def revision_rows(session: Session, project_id: str, revision_ids: Iterable[str]) -> list[RevisionRow]:
    query = select(RevisionRow).where(RevisionRow.project_id == project_id, RevisionRow.id.in_(list(revision_ids)))
    return list(session.scalars(query))


def revision(session: Session, project_id: str, revision_id: str) -> tuple[RevisionRow, str, int] | None:
    """A revision with its taxonomy's name and version."""
    found = session.execute(_under_taxonomies(project_id).where(RevisionRow.id == revision_id)).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def history(session: Session, project_id: str, item_id: str, after: int | None, limit: int) -> list[Any]:
    """Revisions of an item with their taxonomy's name and version, newest first, older than `after`."""
    query = _under_taxonomies(project_id).where(RevisionRow.item_id == item_id)
    if after is not None:
        query = query.where(RevisionRow.seq < after)
    return list(session.execute(query.order_by(RevisionRow.seq.desc()).limit(limit)))


def _under_taxonomies(project_id: str) -> Select[RevisionRow, str, int]:
    """Revisions with the name and the version of their taxonomies."""
    return (
        select(RevisionRow, TaxonomyRow.name, TaxonomyRow.version)
        .join(TaxonomyRow, TaxonomyRow.id == RevisionRow.taxonomy_id)
        .where(RevisionRow.project_id == project_id)
    )


def items_exist(session: Session, project_id: str, item_ids: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for chunk in batched(item_ids, CHUNK):
        query = select(ItemRow.id).where(ItemRow.project_id == project_id, ItemRow.id.in_(chunk))
        found.update(session.scalars(query))
    return found


def size(session: Session, project_id: str, item_id: str) -> tuple[int, int] | None:
    """Width and height of an image in pixels; None of a text."""
    query = select(ItemRow.width, ItemRow.height).where(ItemRow.project_id == project_id, ItemRow.id == item_id)
    found = session.execute(query).one()
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def campaign_named(session: Session, project_id: str, name: str) -> CampaignRow | None:
    return session.scalar(select(CampaignRow).where(CampaignRow.project_id == project_id, CampaignRow.name == name))


def campaigns(session: Session, project_id: str, before: str | None, limit: int) -> list[CampaignRow]:
    """Newest first."""
    query = select(CampaignRow).where(CampaignRow.project_id == project_id).order_by(CampaignRow.id.desc())
    if before is not None:
        query = query.where(CampaignRow.id < before)
    return list(session.scalars(query.limit(limit)))


def add_tasks(session: Session, rows: list[dict[str, Any]]) -> None:
    """Add tasks; an item that is in the campaign already is left as it is."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    for chunk in batched(rows, CHUNK):
        session.execute(dialect.insert(TaskRow.__table__).on_conflict_do_nothing(), list(chunk))


def tasks(session: Session, campaign_id: str, state: str | None, after: int, limit: int) -> Iterator[TaskRow]:
    query = select(TaskRow).where(TaskRow.campaign_id == campaign_id, TaskRow.seq > after).order_by(TaskRow.seq)
    if state is not None:
        query = query.where(TaskRow.state == state)
    return iter(session.scalars(query.limit(limit)))


def task_counts(session: Session, campaign_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many tasks of each campaign are in which state."""
    query = select(TaskRow.campaign_id, TaskRow.state, func.count()).where(TaskRow.campaign_id.in_(campaign_ids))
    found: dict[str, dict[str, int]] = {}
    for campaign_id, state, many in session.execute(query.group_by(TaskRow.campaign_id, TaskRow.state)):
        found.setdefault(campaign_id, {})[state] = many
    return found


def task(session: Session, campaign_id: str, number: int) -> TaskRow | None:
    return session.scalar(select(TaskRow).where(TaskRow.campaign_id == campaign_id, TaskRow.seq == number))


def task_of_project(session: Session, project_id: str, number: int) -> tuple[TaskRow, str, str] | None:
    """A task with the name of its campaign and the id of its taxonomy."""
    query = (
        select(TaskRow, CampaignRow.name, CampaignRow.taxonomy_id)
        .join(CampaignRow, CampaignRow.id == TaskRow.campaign_id)
        .where(CampaignRow.project_id == project_id, TaskRow.seq == number)
    )
    found = session.execute(query).one_or_none()
    return None if found is None else (found[0], found[1], found[2])


def close_tasks(session: Session, project_id: str, taxonomy: str, item_ids: Sequence[str]) -> None:
    """Open tasks of these items under any version of a taxonomy are done, by the label that stands now."""
    asked = list(
        session.scalars(
            select(CampaignRow.id)
            .join(TaxonomyRow, TaxonomyRow.id == CampaignRow.taxonomy_id)
            .where(CampaignRow.project_id == project_id, TaxonomyRow.name == taxonomy)
        )
    )
    standing = select(HeadRow.revision_id).where(
        HeadRow.project_id == project_id, HeadRow.taxonomy == taxonomy, HeadRow.item_id == TaskRow.item_id
    )
    for chunk in batched(item_ids if asked else [], CHUNK):
        open_tasks = update(TaskRow).where(
            TaskRow.campaign_id.in_(asked), TaskRow.item_id.in_(chunk), TaskRow.state == "open"
        )
        session.execute(
            open_tasks.values(state="done", revision_id=standing.scalar_subquery()),
            execution_options={"synchronize_session": False},
        )
