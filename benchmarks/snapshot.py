"""Snapshot of 1 million items with 5 million boxes, its diff, and a question about all boxes: time and memory.

    python -m benchmarks.snapshot [--items 1000000] [--runs 3] [--home FOLDER]

The items and label revisions are synthetic and go into a workspace once; each run is a process of its own.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import asked, child, kept, measured, publish, row, rows
from sabbatical.core.batches import batched
from sabbatical.core.ids import content_id
from sabbatical.core.progress import Quiet
from sabbatical.core.settings import load
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.dataset import BoxQuery
from sabbatical.schemas.label import Payload
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset import steps  # noqa: F401 - registers the step
from sabbatical.stages.ingest import queries
from sabbatical.stages.ingest.split import split_of
from sabbatical.stages.label import actions as labels
from sabbatical.stages.label.actions import Author, Said
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace, open_workspace

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = {"snapshot": 60, "diff": 10, "question": 10}
NAMES = [f"class-{number:02d}" for number in range(20)]
SUPER = {"super-taxonomy": "many", "version": 1, "classes": {name: {} for name in NAMES}}
OWN = {"taxonomy": "own", "version": 1, "super-taxonomy": "many", "labels": {name: name for name in NAMES}}


def main() -> None:
    given = asked(__doc__, 1_000_000)
    if given.child:
        print(json.dumps(one_run(given.child[0], Path(given.child[1]))))
        return
    with kept(given.home) as home:
        filled = None if (home / "sabbatical.db").exists() else fill(home, given.items)
        facts = {"items": given.items, "boxes": given.items * 5}
        figures = []
        for what in ("snapshot", "diff", "question"):
            runs = [child("benchmarks.snapshot", "--child", what, str(home)) for _ in range(given.runs)]
            figures += rows(what, runs, **facts, good=GOOD[what], good_mb=2000)
        if filled is not None:
            figures.append(row("revisions kept a second", "1/s", [given.items / filled]))
        publish("snapshot", figures)


def fill(home: Path, count: int) -> float:
    """Put items and labels into a workspace; answers the seconds that the labels took."""
    workspace = open_workspace(load(home=home))
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="many", task="boxes"), NOW)
        projects.add_taxonomy(session, project, SUPER, NOW)
        taxonomy = projects.add_taxonomy(session, project, OWN, NOW)
    seconds = 0.0
    random = np.random.default_rng(0)
    for numbers in batched(range(count), 20_000):
        rows = [item(project, number) for number in numbers]
        corners = random.uniform(0, 300, (len(rows), 5, 2)).astype(np.float32)
        boxes = np.concatenate([corners, corners + random.uniform(5, 99, corners.shape).astype(np.float32)], 2)
        chosen = random.integers(0, len(NAMES), (len(rows), 5))
        said = [
            Said(one["id"], Payload(tuple(NAMES[k] for k in chosen[i]), boxes[i]).to_bytes(), 5)
            for i, one in enumerate(rows)
        ]
        with workspace.database.transaction() as session:
            queries.add_items(session, rows)
        began = time.perf_counter()
        with workspace.database.transaction() as session:
            labels.keep(session, project.id, (taxonomy.id, "own"), said, Author("bench", "import"), NOW)
        seconds += time.perf_counter() - began
    make(workspace, project.id, splits=["train", "validation"])
    workspace.close()
    return seconds


def item(project: Project, number: int) -> dict[str, Any]:
    group = f"scene-{number // 10}"
    return {
        "id": content_id(number.to_bytes(8, "big")),
        "project_id": project.id,
        "kind": "image",
        "name": f"{number:07d}.jpg",
        "source": "bench",
        "customer": f"customer-{number % 3}",
        "group_name": group,
        "split": split_of(project, group),
        "media_type": "image/jpeg",
        "bytes": 1,
        "width": 400,
        "height": 400,
        "text": None,
        "fingerprint": None,
        "captured_at": NOW + timedelta(minutes=number),
        "ingested_at": NOW,
        "ingest_id": "run",
        "attributes": {"weather": "rain" if number % 2 else "clear"},
    }


def make(workspace: Workspace, project_id: str, **query: Any) -> dict[str, Any]:
    return body_of("snapshot")(Step(workspace, f"run_{os.getpid()}", project_id, query, Quiet()))


def one_run(what: str, home: Path) -> dict[str, Any]:
    workspace = open_workspace(load(home=home))
    with workspace.database.reading() as session:
        project = projects.get(session, "many")
    with measured() as found:
        if what == "snapshot":
            make(workspace, project.id)
        elif what == "diff":
            datasets.diff(workspace, project, "s1", "s2")
        else:
            asked = BoxQuery(classes=["class-03"], max_side=20, by=["customer", "week"])
            datasets.boxes(workspace, project, "s2", asked)
    workspace.close()
    return found


if __name__ == "__main__":
    main()
