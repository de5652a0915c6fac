from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import sabbatical as sb
from sabbatical.autopilot import actions as autopilot
from sabbatical.core.settings import load
from sabbatical.durable import records, runs
from sabbatical.durable.forkserver import Child
from sabbatical.sdk.workspace import Workspace as Client
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import (
    AliasRow,
    CampaignRow,
    DecisionRow,
    IssueItemRow,
    IssueRow,
    ModelRow,
    ReleaseRow,
    RevisionRow,
    RunRow,
    SnapshotRow,
    TaskRow,
)
from sabbatical.storage.workspace import Workspace, open_workspace
from tests import forks
from tests.autopilot import desk
from tests.durable.conftest import until


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The help desk that all copies are made of; not to be changed."""
    folder = tmp_path_factory.mktemp("desk")
    desk.build(folder / "home", folder)
    return folder / "home"


@dataclass
class Office:
    """A copy of the help desk, its database, its people, and the worker processes that a test starts."""

    home: Path
    workspace: Workspace
    client: Client
    ends: ExitStack
    workers: list[Child] = field(default_factory=list)

    def ask(self) -> str:
        """Record a turn, for a worker to find; answers its run."""
        with self.workspace.database.transaction() as session:
            project = projects.get(session, "desk")
            return autopilot.once(session, project, "anna", self.workspace.clock()).id

    def work(self, fault: str | None = None, **settings: Any) -> Child:
        """Start a worker, which is to die at a point."""
        given = load(home=self.home, workers=2, fault=fault, **settings)
        process = forks.begin(given, ["serve"], self.home / "worker.log")
        self.ends.callback(process.wait)
        self.ends.callback(process.kill)  # what it leaves sees that it is gone, and ends
        self.workers.append(process)
        return process

    def row(self, run_id: str) -> RunRow:
        with self.workspace.database.reading() as session:
            return runs.get(session, run_id)

    def ended(self, run_id: str) -> RunRow:
        until(lambda: self.row(run_id).state in runs.ENDED, "the end of the turn", 600)
        return self.row(run_id)

    def steps(self, run_id: str) -> dict[str, str]:
        with self.workspace.database.reading() as session:
            return {row.name: row.state for row in records.of(session, run_id)}

    def until_step(self, run_id: str, name: str, state: str) -> None:
        until(lambda: self.steps(run_id).get(name) == state, f"{name} {state}", 600)

    def policy(self, **changed: Any) -> None:
        self.client.project().autopilot.set_policy(desk.POLICY | changed)

    def made(self) -> dict[str, Any]:
        return made(self.workspace)


def open_office(built: Path | None, folder: Path, ends: ExitStack) -> Office:
    """An office in a copy of what was built, or in an empty workspace."""
    home = Path(shutil.copytree(built, folder / "home")) if built else folder / "home"
    workspace = open_workspace(load(home=home))
    ends.callback(workspace.close)
    client = ends.enter_context(sb.open(home=home))
    return Office(home, workspace, client, ends)


@pytest.fixture
def office(built: Path, tmp_path: Path) -> Iterator[Office]:
    with ExitStack() as ends:
        yield open_office(built, tmp_path, ends)


Made = Callable[[], dict[str, Any]]


def made(workspace: Workspace) -> dict[str, Any]:
    """Everything that turns have made, without ids and times: the same for turns that ended the same."""
    with workspace.database.reading() as session:
        numbers = {row.id: f"v{row.number}" for row in session.scalars(select(ModelRow))}
        snapshots = {row.id: f"s{row.number}" for row in session.scalars(select(SnapshotRow))}
        releases = {row.id: f"r{row.number}" for row in session.scalars(select(ReleaseRow))}
        items = select(IssueItemRow.issue_id, IssueItemRow.item_id, IssueItemRow.kind)
        of_issue: dict[str, list[tuple[str, str]]] = {}
        for issue_id, item_id, kind in session.execute(items.order_by(IssueItemRow.item_id)):
            of_issue.setdefault(issue_id, []).append((item_id, kind))
        of_campaign: dict[str, list[tuple[str, str]]] = {}
        for row in session.scalars(select(TaskRow).order_by(TaskRow.seq)):
            of_campaign.setdefault(row.campaign_id, []).append((row.item_id, row.state))
        kinds = select(RunRow.kind, RunRow.state, func.count()).group_by(RunRow.kind, RunRow.state)
        return {
            "issues": [
                (row.number, row.title, row.state, of_issue.get(row.id))
                for row in session.scalars(select(IssueRow).order_by(IssueRow.number))
            ],
            "campaigns": [
                (row.name, row.instructions, of_campaign.get(row.id))
                for row in session.scalars(select(CampaignRow).order_by(CampaignRow.name))
            ],
            "labels": session.scalar(select(func.count()).select_from(RevisionRow)),
            "snapshots": [row.content for row in session.scalars(select(SnapshotRow).order_by(SnapshotRow.number))],
            "models": [
                (row.number, row.weights, snapshots[row.snapshot_id])
                for row in session.scalars(select(ModelRow).order_by(ModelRow.number))
            ],
            "releases": [
                (row.number, numbers[row.model_id], row.stage, row.share)
                for row in session.scalars(select(ReleaseRow).order_by(ReleaseRow.number))
            ],
            "decisions": [
                (releases.get(row.release_id or ""), row.kind, row.actor, row.stage_from, row.stage_to, row.passed)
                for row in session.scalars(select(DecisionRow).order_by(DecisionRow.seq))
            ],
            "aliases": {row.name: numbers[row.model_id] for row in session.scalars(select(AliasRow))},
            "runs": sorted(tuple(row) for row in session.execute(kinds)),
        }
