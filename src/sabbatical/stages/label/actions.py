"""Say what is in an item: append revisions, read them back, keep campaigns and tasks as records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, Conflict, NotFound
from sabbatical.core.ids import content_id
from sabbatical.schemas.label import AuthorKind, Payload, Revision, RevisionIn, RevisionState, payload_of, shapes_of
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.stages.label import queries
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import RevisionRow
from sabbatical.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of one item, ready to be kept."""

    item_id: str
    payload: bytes
    shapes: int
    active_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Author:
    name: str
    kind: AuthorKind
    state: RevisionState = "submitted"


def keep(
    session: Session, project_id: str, taxonomy: tuple[str, str], said: Sequence[Said], author: Author, now: datetime
) -> tuple[int, int]:
    """Append what is new to the labels of many items; answers how many were added and how many were known.

    `taxonomy` is (id, name). An import that says again what it ever said adds nothing, so that it cannot undo a
    person's later correction; a person's word counts as known only where it already stands.
    """
    if not said:
        return 0, 0
    item_ids = [one.item_id for one in said]
    heads = queries.heads(session, project_id, taxonomy[1], item_ids)
    known = (
        queries.contents(session, project_id, item_ids)
        if author.kind == "import"
        else _head_contents(session, project_id, heads)
    )
    rows: dict[str, dict[str, Any]] = {}
    for one in said:
        content = _content(one, taxonomy[0], author)
        if content in known:
            continue
        known.add(content)
        parent = heads.get(one.item_id)
        rows[one.item_id] = {
            "id": content_id(f"{parent}\n{content}".encode()),
            "project_id": project_id,
            "item_id": one.item_id,
            "taxonomy_id": taxonomy[0],
            "parent_id": parent,
            "author_kind": author.kind,
            "author": author.name,
            "state": author.state,
            "content": content,
            "payload": one.payload,
            "shapes": one.shapes,
            "active_seconds": one.active_seconds,
            "created_at": now,
        }
    if rows:
        queries.add_revisions(session, list(rows.values()), taxonomy[1])
    return len(rows), len(said) - len(rows)


def revise(session: Session, project: Project, asked: RevisionIn, now: datetime) -> Revision:
    """Append one revision of an item's labels; the same again answers the one that is there.

    Raises:
        NotFound: no such item or taxonomy.
        BadInput: a label that the taxonomy does not have, or a box that is none.
        Conflict: `parent` is not the current revision any more.
    """
    taxonomy_id = projects.taxonomy_id(session, project, asked.taxonomy, asked.version)
    taxonomy = projects.taxonomies_by_id(session, [taxonomy_id])[taxonomy_id]
    if not queries.items_exist(session, project.id, [asked.item]):
        raise NotFound(f"The project '{project.name}' has no item '{asked.item}'.", where="field item")
    payload = payload_of(asked.shapes)
    check_payload(payload, taxonomy)
    head = queries.heads(session, project.id, asked.taxonomy, [asked.item]).get(asked.item)
    one = Said(asked.item, payload.to_bytes(), len(payload), asked.active_seconds)
    author = Author(asked.author, asked.author_kind, asked.state)
    content = _content(one, taxonomy_id, author)
    standing = queries.revision_rows(session, project.id, [head] if head else [])
    repeated = bool(standing) and standing[0].content == content
    if asked.parent is not None and asked.parent != head and not repeated:
        raise Conflict(
            "Somebody changed these labels meanwhile.",
            where=f"item {asked.item}",
            hint="Read the current revision, merge, send again.",
        )
    keep(session, project.id, (taxonomy_id, asked.taxonomy), [one], author, now)
    return history(session, project, asked.item, None, 1).rows[0]


def check_payload(payload: Payload, taxonomy: Taxonomy) -> None:
    """See that every label is one of the taxonomy's and every box has an area.

    Raises:
        BadInput: naming the shape and what is wrong with it.
    """
    for shape, label in enumerate(payload.labels):
        if label not in taxonomy:
            known = ", ".join(taxonomy.names[:12])
            raise BadInput(
                f"The taxonomy '{taxonomy.name}' has no label '{label}'.",
                where=f"shape {shape}, field label",
                hint=f"It has: {known}.",
            )
    for shape, box in enumerate(payload.boxes_n4.tolist()):
        if not (box[2] > box[0] and box[3] > box[1]):
            raise BadInput(f"The box {box} has no area.", where=f"shape {shape}, field box", hint="Give x0 y0 x1 y1.")


def history(session: Session, project: Project, item_id: str, after: str | None, limit: int) -> Page[Revision]:
    """Revisions of an item, newest first."""
    rows = queries.history(session, project.id, item_id, int(after) if after else None, limit + 1)
    revisions = [_revision(row, name, version) for row, name, version in rows[:limit]]
    return Page(rows=revisions, next=str(rows[limit - 1][0].seq) if len(rows) > limit else None)


def _content(one: Said, taxonomy_id: str, author: Author) -> str:
    head = f"{one.item_id}\n{taxonomy_id}\n{author.kind}\n{author.name}\n{author.state}\n"
    return content_id(head.encode() + one.payload)


def _head_contents(session: Session, project_id: str, heads: dict[str, str]) -> set[str]:
    return {row.content for row in queries.revision_rows(session, project_id, heads.values())}


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
