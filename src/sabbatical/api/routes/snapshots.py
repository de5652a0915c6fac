"""Snapshots: made by a run, then listed, compared, asked about and exported."""

from __future__ import annotations

from typing import Annotated, Any

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import Limit, Place
from sabbatical.api.runs import Key
from sabbatical.durable import runs
from sabbatical.schemas.dataset import BoxQuery, ExportRequest, Snapshot, SnapshotDiff, SnapshotQuery
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.run import Run
from sabbatical.stages.dataset import actions as dataset
from sabbatical.stages.project import actions as projects

router = routing.router("/projects/{project}/snapshots", "dataset")
exports = routing.router("/projects/{project}/exports", "dataset")
Reader = Annotated[Context, allow("snapshot.read")]
Runner = Annotated[Context, allow("snapshot.run")]


@router.post("", status_code=202)
def make_snapshot(context: Runner, project: str, query: SnapshotQuery) -> Run:
    """Freeze the labels that the query means now. Nothing new since the last time: the same run, done."""
    with context.transaction() as session:
        row = dataset.ask(session, projects.get(session, project), query, context.now())
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("")
def list_snapshots(context: Reader, project: str, after: Place = None, limit: Limit = PAGE_SIZE) -> Page[Snapshot]:
    with context.reading() as session:
        return dataset.page(session, projects.get(session, project), after, limit)


@router.get("/{snapshot}")
def get_snapshot(context: Reader, project: str, snapshot: str) -> Snapshot:
    """By name (`s3`), id or content id; `newest` is the newest."""
    with context.reading() as session:
        return dataset.get(session, projects.get(session, project), _name(snapshot))


@router.get("/{snapshot}/diff/{new}")
def diff_snapshots(context: Reader, project: str, snapshot: str, new: str) -> SnapshotDiff:
    """What came, went and changed from `snapshot` to `new`."""
    with context.reading() as session:
        found = projects.get(session, project)
    return dataset.diff(context.workspace, found, snapshot, new)


@router.post("/{snapshot}/boxes")
def count_boxes(context: Reader, project: str, snapshot: str, query: BoxQuery) -> list[dict[str, Any]]:
    """A question about all shapes of a snapshot, answered from its columns."""
    with context.reading() as session:
        found = projects.get(session, project)
    return dataset.boxes(context.workspace, found, _name(snapshot), query)


@exports.post("", status_code=202)
def export_snapshot(context: Runner, project: str, asked: ExportRequest, key: Key = None) -> Run:
    """Write a snapshot as files, to `folder` or to be fetched from `/runs/{run}/files`."""
    with context.transaction() as session:
        found = projects.get(session, project)
        snapshot = dataset.get(session, found, asked.snapshot)
        resolved = asked.model_copy(update={"snapshot": snapshot.name, "folder": context.paths.target(asked.folder)})
        row = runs.ask(
            session,
            project_id=found.id,
            kind="export",
            params=resolved.model_dump(mode="json"),
            now=context.now(),
            key=asked_runs.request_key(key),
        )
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


def _name(snapshot: str) -> str | None:
    return None if snapshot == "newest" else snapshot
