"""Keep what was said of items: append revisions, and know what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, Broken
from sabbatical.core.ids import content_id
from sabbatical.schemas.label import AuthorKind, Payload, RevisionState
from sabbatical.stages.label import queries
from sabbatical.taxonomy import Taxonomy
from sabbatical.taxonomy.names import nearest, there_are

FINISHED: tuple[RevisionState, ...] = ("submitted", "approved")


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody says of one item, ready to be kept. Its id comes from its parent and content unless given."""

    item_id: str
    payload: bytes
    shapes: int
    active_seconds: float | None = None
    revision_id: str | None = None


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
    person's later correction; a person's word counts as known only where it already stands. Open tasks of the items
    are done by it, but for a model's word, a draft, a rejected one, and an import that adds nothing.

    Raises:
        Broken: several new and different things are said of one item, which have no order.
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
        content = content_of(one, taxonomy[0], author)
        if content in known:
            continue
        if one.item_id in rows:
            raise Broken(f"Several labelings of the item {one.item_id} came at once.")
        known.add(content)
        parent = heads.get(one.item_id)
        rows[one.item_id] = {
            "id": one.revision_id or content_id(f"{parent}\n{content}".encode()),
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
    if author.kind != "model" and author.state in FINISHED:
        queries.close_tasks(session, project_id, taxonomy[1], list(rows) if author.kind == "import" else item_ids)
    return len(rows), len(said) - len(rows)


def check_payload(payload: Payload, taxonomy: Taxonomy) -> None:
    """See that every label is one of the taxonomy's and every box has an area.

    Raises:
        BadInput: naming the shape and what is wrong with it.
    """
    for shape, label in enumerate(payload.labels):
        if label not in taxonomy:
            raise BadInput(
                f"The taxonomy '{taxonomy.name}' has no label '{label}'.",
                where=f"shape {shape}, field label",
                hint=f"{nearest(label, taxonomy.names)} {there_are(taxonomy.names)}".strip(),
            )
    for shape, box in enumerate(payload.boxes_n4.tolist()):
        if not (box[2] > box[0] and box[3] > box[1]):
            raise BadInput(f"The box {box} has no area.", where=f"shape {shape}, field box", hint="Give x0 y0 x1 y1.")


def content_of(one: Said, taxonomy_id: str, author: Author) -> str:
    head = f"{one.item_id}\n{taxonomy_id}\n{author.kind}\n{author.name}\n{author.state}\n"
    return content_id(head.encode() + one.payload)


def _head_contents(session: Session, project_id: str, heads: dict[str, str]) -> set[str]:
    return {row.content for row in queries.revision_rows(session, project_id, heads.values())}
