"""Freeze what is labeled now into a snapshot, find it again, compare two, ask questions about all shapes."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import NotFound
from sabbatical.core.ids import document_id
from sabbatical.core.numbers import numbered
from sabbatical.durable import runs
from sabbatical.schemas.dataset import BoxQuery, Snapshot, SnapshotDiff, SnapshotQuery
from sabbatical.schemas.item import Split
from sabbatical.schemas.page import Page
from sabbatical.schemas.project import Project
from sabbatical.stages.dataset import queries, reading
from sabbatical.stages.dataset.columns import LabelColumns, label_columns
from sabbatical.stages.dataset.reading import Labeled
from sabbatical.stages.dataset.truth import Truth, truth_of
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import RunRow, SnapshotRow
from sabbatical.storage.workspace import Workspace

__all__ = [
    "LabelColumns",
    "Labeled",
    "Truth",
    "ask",
    "boxes",
    "diff",
    "get",
    "item_ids",
    "label_columns",
    "labels",
    "names",
    "page",
    "truth_of",
]


def get(session: Session, project: Project, name: str | None) -> Snapshot:
    """A snapshot by its name (`s3`), its id or its content id; the newest if `name` is None.

    Raises:
        NotFound: there is none.
    """
    return _snapshot(_row(session, project, name), project)


def names(session: Session, ids: Collection[str]) -> dict[str, str]:
    """The names of snapshots by their ids."""
    return queries.snapshot_names(session, ids)


def ask(session: Session, project: Project, query: SnapshotQuery, now: datetime) -> RunRow:
    """A run that makes a snapshot; the same run as long as no label has come since it was asked for.

    Raises:
        NotFound: the query names a taxonomy that the project does not have.
    """
    there = projects.customer_taxonomies(session, project.id) if query.taxonomies else {}
    for name in query.taxonomies or ():
        if name not in there:
            known = ", ".join(there) or "none yet"
            raise NotFound(f"There is no taxonomy '{name}'.", where="field taxonomies", hint=f"There are: {known}.")
    params = query.model_dump(mode="json", exclude_defaults=True)
    key = document_id(["snapshot", params, queries.last_revision(session, project.id)])
    return runs.ask(session, project_id=project.id, kind="snapshot", params=params, now=now, key=key)


def page(session: Session, project: Project, after: str | None, limit: int) -> Page[Snapshot]:
    """Snapshots, newest first."""
    rows = queries.snapshots(session, project.id, int(after) if after else None, limit + 1)
    found = [_snapshot(row, project) for row in rows[:limit]]
    return Page(rows=found, next=str(rows[limit - 1].number) if len(rows) > limit else None)


def labels(
    workspace: Workspace, project: Project, name: str | None, splits: tuple[Split, ...] = ()
) -> Iterator[Labeled]:
    """The labels of a snapshot, streamed in an order that never changes."""
    with workspace.database.reading() as session:
        parts = list(_row(session, project, name).parts)
    return reading.read_labels(workspace, parts, splits)


def item_ids(workspace: Workspace, project: Project, name: str | None) -> Iterator[str]:
    """The ids of a snapshot's items, each once, streamed in their order."""
    with workspace.database.reading() as session:
        parts = list(_row(session, project, name).parts)
    return reading.read_items(workspace, parts)


def diff(workspace: Workspace, project: Project, old: str, new: str) -> SnapshotDiff:
    """What came, went and changed from one snapshot to another."""
    with workspace.database.reading() as session:
        before, after = _row(session, project, old), _row(session, project, new)
    found = reading.difference(workspace, (f"s{before.number}", before.parts), (f"s{after.number}", after.parts))
    found.by_label = _label_changes(before.counts["by_label"], after.counts["by_label"])
    return found


def boxes(workspace: Workspace, project: Project, name: str | None, asked: BoxQuery) -> list[dict[str, Any]]:
    """A question about all boxes of a snapshot, answered from its columns."""
    with workspace.database.reading() as session:
        parts = list(_row(session, project, name).boxes)
        classes = None
        if asked.classes is not None:
            tree = projects.super_taxonomy(session, project.id)[1]
            classes = sorted({below for name in asked.classes for below in tree.subtree(name)})
    return reading.count_shapes(workspace, parts, asked, classes)


def _row(session: Session, project: Project, name: str | None) -> SnapshotRow:
    found: SnapshotRow | None
    if name is None:
        found = next(iter(queries.snapshots(session, project.id, None, 1)), None)
    elif (number := numbered(name, "s")) is not None:
        found = queries.snapshot_numbered(session, project.id, number)
    else:
        found = session.get(SnapshotRow, name) or queries.snapshot_with_content(session, project.id, name)
    if found is None or found.project_id != project.id:
        raise NotFound(
            f"The project '{project.name}' has no snapshot{f' {name!r}' if name else ' yet'}.",
            hint="Make one with `sabbatical snapshot create`, or see `sabbatical snapshot list`.",
        )
    return found


def _label_changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, dict[str, int]]:
    names = sorted({f"{t}: {name}" for side in (old, new) for t, found in side.items() for name in found})
    changes = {}
    for full in names:
        taxonomy, name = full.split(": ", 1)
        counts = {"old": old.get(taxonomy, {}).get(name, 0), "new": new.get(taxonomy, {}).get(name, 0)}
        if counts["old"] != counts["new"]:
            changes[full] = counts
    return changes


def _snapshot(row: SnapshotRow, project: Project) -> Snapshot:
    return Snapshot(
        id=row.id,
        name=f"s{row.number}",
        project=project.name,
        content=row.content,
        query=SnapshotQuery.model_validate(row.query),
        cutoff=row.cutoff,
        counts=row.counts,
        created_at=row.created_at,
    )
