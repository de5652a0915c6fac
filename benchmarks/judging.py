"""A snapshot of 200,000 items with 1 million boxes read for training, asked of a model, judged: time and memory.

    python -m benchmarks.judging [--items 200000] [--runs 3] [--home FOLDER]

Items, labels and what the model says are synthetic and go into a workspace once; each run is a process of its own.
`read` holds what a training learns from, `predict` writes a file of all predictions from the store, `evaluate` judges
all splits and writes the report with its intervals.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import asked, child, kept, measured, publish, rows
from benchmarks.snapshot import NAMES, NOW, fill
from sabbatical.core.batches import batched
from sabbatical.core.progress import Quiet
from sabbatical.core.settings import load
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import TrainRequest
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import Labeled
from sabbatical.stages.evaluate import steps as evaluate_steps  # noqa: F401 - registers the step
from sabbatical.stages.predict import queries
from sabbatical.stages.predict import steps as predict_steps  # noqa: F401 - registers the step
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import steps as train_steps
from sabbatical.stages.train.actions import Answer
from sabbatical.storage.tables import ModelRow
from sabbatical.storage.workspace import Workspace, open_workspace

SPLITS = ["train", "validation", "test"]
GHOSTS = 3  # boxes of an item where nothing is, beside one near most of its 5 labels
GOOD_MB = {"read": 600, "predict": 300, "evaluate": 1500}


def main() -> None:
    given = asked(__doc__, 200_000)
    if given.child:
        print(json.dumps(one_run(given.child[0], Path(given.child[1]))))
        return
    with kept(given.home) as home:
        if not (home / "sabbatical.db").exists():
            fill(home, given.items)
            answer(home)
        facts = {"items": given.items, "boxes": given.items * 5}
        figures = []
        for what, good_mb in GOOD_MB.items():
            runs = [child("benchmarks.judging", "--child", what, str(home)) for _ in range(given.runs)]
            figures += rows(what, runs, **facts, good_mb=good_mb)
        publish("judging", figures)


def answer(home: Path) -> None:
    """A snapshot of all labels, a model of it, and what that says of each item: most boxes found, some made up."""
    workspace = open_workspace(load(home=home))
    project = project_of(workspace)
    body_of("snapshot")(Step(workspace, "run_all", project.id, {}, Quiet()))
    with workspace.database.transaction() as session:
        snapshot = datasets.get(session, project, None)
        tree_id = projects.super_taxonomy(session, project.id)[0]
        session.add(
            ModelRow(
                id="mod_bench",
                project_id=project.id,
                number=1,
                snapshot_id=snapshot.id,
                family="detector",
                recipe={"masking": "tree"},
                recipe_id="bench",
                super_taxonomy_id=tree_id,
                code_version="bench",
                seed=0,
                weights="none: every answer is in the store",
                record={},
                created_at=NOW,
            )
        )
    for page in batched(said(datasets.labels(workspace, project, snapshot.id)), 10_000):
        with workspace.database.transaction() as session:
            queries.keep(session, page)
    workspace.close()


def said(labeled: Iterator[Labeled]) -> Iterator[dict[str, Any]]:
    random = np.random.default_rng(1)
    for one in labeled:
        class_n = np.array([NAMES.index(label) for label in one.payload.labels])
        seen_n = random.random(len(class_n)) < 0.8
        corners = random.uniform(0, 300, (GHOSTS, 2))
        boxes = np.concatenate([one.payload.boxes_n4[seen_n], np.concatenate([corners, corners + 50], 1)])
        classes = np.concatenate([class_n[seen_n], random.integers(0, len(NAMES), GHOSTS)])
        scores = np.concatenate([random.beta(4, 2, seen_n.sum()), random.beta(1, 6, GHOSTS)])
        near = (boxes + random.normal(0, 2, boxes.shape)).astype(np.float32)
        yield {
            "model_id": "mod_bench",
            "item_id": one.item_id,
            "payload": Answer(classes, scores.astype(np.float32), near).to_bytes(),
            "latency_ms": 1.0,
            "created_at": NOW,
        }


def one_run(what: str, home: Path) -> dict[str, Any]:
    workspace = open_workspace(load(home=home))
    project = project_of(workspace)
    asked: dict[str, dict[str, Any]] = {
        "read": {"snapshot": "s2"},
        "predict": {"model": "v1", "snapshot": "s2"},
        "evaluate": {"model": "v1", "snapshot": "s2", "splits": SPLITS, "again": True},
    }
    step = Step(workspace, f"run_{os.getpid()}", project.id, asked[what], Quiet())
    with measured() as found:
        if what == "read":
            plan = train_steps.plan_of(step, TrainRequest.model_validate(asked[what]))
            assert len(plan.training)
        else:
            body_of(what)(step)
    workspace.close()
    return found


def project_of(workspace: Workspace) -> Project:
    with workspace.database.reading() as session:
        return projects.get(session, "many")


if __name__ == "__main__":
    main()
