"""The steps that make a snapshot and write it out. Run again after a kill they end with the same."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import EmptyDataset
from sabbatical.core.ids import new_id
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.dataset import ExportRequest, SnapshotQuery
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset import exporting, queries, writing
from sabbatical.stages.label.actions import write_labels
from sabbatical.stages.project import actions as projects
from sabbatical.storage import columns
from sabbatical.storage.tables import SnapshotRow


@step("snapshot")
def make_snapshot(step: Step) -> dict[str, Any]:
    """Freeze the labels that the query means now."""
    query = SnapshotQuery.model_validate(step.params)
    folder = step.folder / "parts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    database = step.workspace.database
    database.count_roughly()
    with database.reading() as session:
        chosen = queries.conditions(query)
        cutoff, most = queries.last_revision(session, step.project), queries.most(session, step.project)
        found = queries.labels(session, step.project, query, chosen, writing.PART_ROWS)
        classes = _classes(session, step.project)
        parts = writing.write_parts(found, folder, classes, most, Part(step.progress, 0, 0.8))
        if not parts.rows:
            raise EmptyDataset(
                "No label fits this query.", where="snapshot query", hint=_what_excludes(session, step, query)
            )
    step.progress.tell(0.8, "Naming it by its content")
    with columns.connect() as connection:
        content = writing.content_of(connection, parts.labels)
        counts = writing.counts_of(connection, parts)
    media = step.workspace.media
    row = SnapshotRow(
        id=new_id("snp"),
        project_id=step.project,
        content=content,
        query=query.model_dump(mode="json", exclude_defaults=True),
        cutoff=cutoff,
        counts=counts,
        parts=[media.put_file(path) for path in parts.labels],
        boxes=[media.put_file(path) for path in parts.shapes],
        created_at=step.workspace.clock(),
    )
    with database.transaction() as session:
        made = _record(session, row)
    shutil.rmtree(folder)
    return {"snapshot": f"s{made.number}", "content": content, "counts": counts}


def _record(session: Session, row: SnapshotRow) -> SnapshotRow:
    there = queries.snapshot_with_content(session, row.project_id, row.content)
    if there is not None:
        return there
    row.number = queries.next_number(session, row.project_id)
    session.add(row)
    session.flush()
    return row


def _classes(session: Session, project_id: str) -> dict[tuple[str, str], str | None]:
    """What each label of each taxonomy version of the project stands for."""
    tree = projects.super_taxonomy(session, project_id)[1]
    return {
        (taxonomy_id, label.name): label.to
        for taxonomy_id, taxonomy in projects.every_version_now(session, project_id, tree).items()
        for label in taxonomy.labels
    }


def _what_excludes(session: Session, step: Step, query: SnapshotQuery) -> str:
    """Which single condition keeps everything out, in words."""
    chosen = queries.conditions(query)
    for name in chosen:
        rest = {key: value for key, value in chosen.items() if key != name}
        left = queries.count(session, step.project, query, rest)
        if left:
            return f"Without the condition '{name}' there would be {left:,}."
    if len(chosen) > 1 and (left := queries.count(session, step.project, query, {})):
        return f"There are {left:,} labels, but two or more conditions together exclude all of them."
    return "There are no labels yet: ingest data with labels, or import them."


@step("export")
def export_snapshot(step: Step) -> dict[str, Any]:
    """Write a snapshot as files."""
    asked = ExportRequest.model_validate(step.params)
    workspace = step.workspace
    with workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        snapshot = datasets.get(session, project, asked.snapshot)
        tree = projects.super_taxonomy(session, project.id)[1]
        taxonomies = projects.every_version_now(session, project.id, tree)
    labeled = datasets.labels(workspace, project, snapshot.id)
    items = exporting.export_items(workspace, labeled, asked, taxonomies)
    counted = exporting.counted(items, snapshot.counts["labels"], step.progress)
    names = exporting.class_names(asked, tree, taxonomies)
    folder = Path(asked.folder) if asked.folder else step.folder / "files"
    report = write_labels(asked.format, counted, folder, names)
    return {
        "schema": 1,
        "format": report.format,
        "folder": str(report.path),
        "items": report.items,
        "shapes": report.shapes,
        "lost": [{"what": one.what, "count": one.count, "example": one.example} for one in report.lost],
    }
