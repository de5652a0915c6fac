"""Label revisions one by one: append one, read the history of an item."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session

from sabbatical.core.errors import Broken, Conflict, NotFound
from sabbatical.core.ids import content_id
from sabbatical.schemas.label import Payload, Revision, RevisionIn, payload_of, shapes_of
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.stages.label import queries
from sabbatical.stages.label.keeping import Author, Said, check_payload, content_of, keep
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import RevisionRow


def revise(session: Session, project: Project, asked: RevisionIn, now: datetime) -> Revision:
    """Append one revision of an item's labels; the same again answers the one that is there.

    Raises:
        NotFound: no such item or taxonomy.
        BadInput: a label that the taxonomy does not have, or a box that is none.
        Conflict: `parent` is not the current revision any more, or `key` was used for another revision.
    """
    taxonomy_id = projects.taxonomy_id(session, project, asked.taxonomy, asked.version)
    taxonomy = projects.taxonomies_by_id(session, [taxonomy_id])[taxonomy_id]
    if not queries.items_exist(session, project.id, [asked.item]):
        raise NotFound(f"The project '{project.name}' has no item '{asked.item}'.", where="field item")
    payload = payload_of(asked.shapes)
    check_payload(payload, taxonomy)
    keyed = content_id(f"{project.id}\n{asked.key}".encode()) if asked.key else None
    one = Said(asked.item, payload.to_bytes(), len(payload), asked.active_seconds, keyed)
    author = Author(asked.author, asked.author_kind, asked.state)
    content = content_of(one, taxonomy_id, author)
    made = queries.revision(session, project.id, keyed) if keyed else None
    if made is not None:
        if made[0].content != content:
            raise Conflict("This key was used for another revision.", where="field key", hint="Take a fresh key.")
        return _revision(*made)
    head = queries.heads(session, project.id, asked.taxonomy, [asked.item]).get(asked.item)
    standing = queries.revision_rows(session, project.id, [head] if head else [])
    repeated = bool(standing) and standing[0].content == content
    if asked.parent is not None and asked.parent != head and not repeated:
        raise Conflict(
            "Somebody changed these labels meanwhile.",
            where=f"item {asked.item}",
            hint="Read the current revision, merge, send again.",
        )
    keep(session, project.id, (taxonomy_id, asked.taxonomy), [one], author, now)
    newest = queries.heads(session, project.id, asked.taxonomy, [asked.item])[asked.item]
    found = queries.revision(session, project.id, newest)
    if found is None:
        raise Broken(f"The head of item {asked.item} names no revision.")
    return _revision(*found)


def history(session: Session, project: Project, item_id: str, after: str | None, limit: int) -> Page[Revision]:
    """Revisions of an item, newest first."""
    rows = queries.history(session, project.id, item_id, int(after) if after else None, limit + 1)
    revisions = [_revision(row, name, version) for row, name, version in rows[:limit]]
    return Page(rows=revisions, next=str(rows[limit - 1][0].seq) if len(rows) > limit else None)


def _revision(row: RevisionRow, taxonomy: str, version: int) -> Revision:
    kind: Literal["person", "model", "import"] = row.author_kind  # type: ignore[assignment]
    state: Literal["draft", "submitted", "approved", "rejected"] = row.state  # type: ignore[assignment]
    return Revision(
        id=row.id,
        item=row.item_id,
        taxonomy=taxonomy,
        version=version,
        parent=row.parent_id,
        author=row.author,
        author_kind=kind,
        state=state,
        active_seconds=row.active_seconds,
        created_at=row.created_at,
        shapes=shapes_of(Payload.from_bytes(row.payload)),
    )
