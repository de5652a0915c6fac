"""Look at the items of a project, and at what a run set aside."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from sabbatical.core.errors import NotFound
from sabbatical.schemas.ingest import Quarantined
from sabbatical.schemas.item import Glimpse, Item, ItemFilter
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.stages.ingest import item_queries, queries
from sabbatical.storage.tables import ItemRow
from sabbatical.storage.workspace import Workspace

LONGEST = 300  # characters of a text that a list shows


def get(session: Session, project: Project, item_id: str) -> Item:
    """An item by its id.

    Raises:
        NotFound: the project has none of this id.
    """
    return _item(_row(session, project, item_id))


def page(session: Session, project: Project, chosen: ItemFilter, after: str | None, limit: int) -> Page[Item]:
    """Items in the order in which they came."""
    rows = item_queries.items(session, project.id, chosen, int(after or 0), limit + 1)
    return Page(rows=[_item(row) for row in rows[:limit]], next=str(rows[limit - 1].seq) if len(rows) > limit else None)


def glimpses(session: Session, project: Project, ids: Collection[str]) -> dict[str, Glimpse]:
    """What each of these items is called, and how its text begins; one question for all."""
    found = item_queries.beginnings(session, project.id, set(ids), LONGEST + 1)
    return {key: Glimpse(name=name, text=_begun(text)) for key, name, text in found}


def media(workspace: Workspace, project: Project, item_id: str) -> tuple[bytes, str]:
    """The bytes of an item as they came, and their media type.

    Raises:
        NotFound: the project has none of this id, or its bytes are gone.
    """
    with workspace.database.reading() as session:
        row = _row(session, project, item_id)
    if row.text is not None and not workspace.media.exists(row.id):
        return row.text.encode(), "text/plain; charset=utf-8"
    return workspace.media.get(row.id), row.media_type


def quarantined(session: Session, run_id: str, after: str | None, limit: int) -> Page[Quarantined]:
    """What a run set aside, in the order of its source."""
    rows = queries.quarantined(session, run_id, int(after or 0), limit + 1)
    found = [Quarantined(file=row.file, line=row.line, field=row.field, reason=row.reason) for row in rows[:limit]]
    return Page(rows=found, next=str(rows[limit - 1].number) if len(rows) > limit else None)


def _begun(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _row(session: Session, project: Project, item_id: str) -> ItemRow:
    row = item_queries.item(session, project.id, item_id)
    if row is None:
        raise NotFound(f"The project '{project.name}' has no item '{item_id[:60]}'.")
    return row


def _item(row: ItemRow) -> Item:
    return Item.model_validate(row, from_attributes=True)
