"""An absurd learning rate ends a training with what to do; no model is made, and what was there stays."""

from __future__ import annotations

import threading
from typing import Any

import torch

from sabbatical.durable import runs
from sabbatical.durable.execution import execute
from sabbatical.learning.checkpoint import NAME
from sabbatical.learning.weights import load_tensors
from sabbatical.schemas.train import TrainRequest
from sabbatical.stages.train import actions as models
from sabbatical.stages.train import asking
from sabbatical.storage.tables import RunRow
from tests.stages.conftest import NOW
from tests.stages.test_old_labels_stay_useful import Tags, tags
from tests.stages.train.shapes import TINY, Shapes

__all__ = ["tags"]


def ended(made: Shapes | Tags, **asked: Any) -> RunRow:
    """A training that was asked for as every interface does, seen through to its end."""
    with made.workspace.database.transaction() as session:
        run = asking.ask(session, made.project, TrainRequest(**asked), NOW).id
    execute(made.workspace, run, threading.Event())
    with made.workspace.database.reading() as session:
        return runs.get(session, run)


def newest(made: Shapes | Tags) -> str:
    with made.workspace.database.reading() as session:
        return models.get(session, made.project, None).name


def test_a_detector(shapes: Shapes) -> None:
    assert ended(shapes, settings=TINY).state == "done"
    absurd = {"start": "v1", "settings": {"learning_rate": 1e3, "steps": 60, "save_every": 3}}
    run = ended(shapes, **absurd)
    assert run.state == "failed" and run.error is not None
    assert run.error["code"] == "diverged"
    assert "the training diverged, and no model was made of it" in run.error["message"]
    assert run.error["hint"].startswith("Lower the learning rate (now 1000)")
    assert newest(shapes) == "v1"
    tensors, facts = load_tensors(shapes.workspace.folder("runs", run.id, "training") / NAME)
    assert facts["step"] >= 3 and all(torch.isfinite(value).all() for value in tensors.values())
    absurd["settings"] |= {"learning_rate": 1e-3}  # type: ignore[operator]
    assert ended(shapes, **absurd).state == "done"
    assert newest(shapes) == "v2"


def test_a_network_of_texts(tags: Tags) -> None:
    before = newest(tags)
    run = ended(tags, recipe="network", settings={"network": {"epochs": 12, "members": 1, "rate": 1e30}})
    assert run.state == "failed" and run.error is not None
    assert (run.error["code"], run.error["hint"][:35]) == ("diverged", "Lower the learning rate (now 1e+30)")
    assert newest(tags) == before
