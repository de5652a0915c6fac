"""A champion whose file is damaged or gone does not stand in the way of the model that replaces it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import delete

from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.release import actions as releases
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import PredictionRow
from tests.stages.conftest import NOW
from tests.stages.predict.conftest import notes
from tests.stages.release.test_proposing import RULES, champion, propose
from tests.stages.train.conftest import shapes
from tests.stages.train.shapes import TINY, Shapes

__all__ = ["notes", "shapes"]


def model(made: Shapes, name: str) -> ModelVersion:
    with made.workspace.database.reading() as session:
        return models.get(session, made.project, name)


def flip(made: Shapes, content: str) -> None:
    file = Path(made.workspace.media.path(content))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_a_damaged_artifact_of_the_champion_is_made_again_when_it_is_challenged(shapes: Shapes) -> None:
    for seed in (0, 1):
        shapes.run("train", settings=TINY, seed=seed)
    rules = RULES | {"judge": {"splits": ["train", "test"]}}
    assert propose(shapes, model="v1", rules=rules).stage == "full"
    flip(shapes, models.prepare(shapes.workspace, model(shapes, "v1")).content)
    second = propose(shapes, model="v2", rules=rules)
    assert second.champion == "v1"
    assert [one.reason for one in second.gates if one.verdict == "undecided"] == []
    with shapes.workspace.database.reading() as session:
        artifact = models.artifact(session, models.get(session, shapes.project, "v1"))
    assert artifact is not None and shapes.workspace.media.whole(artifact.content)
    models.load_engine(shapes.workspace, model(shapes, "v1"), threads=1)


@pytest.mark.parametrize("lost", ["damaged", "gone"])
def test_a_champion_that_is_lost_is_told_by_the_gates_and_a_person_may_go_on(notes: Shapes, lost: str) -> None:
    assert propose(notes, model="v1", rules=RULES).stage == "full"
    notes.run("train", recipe="default", settings={"model": "linear"})
    with notes.workspace.database.transaction() as session:
        session.execute(delete(PredictionRow))
    weights = model(notes, "v1").weights
    if lost == "damaged":
        flip(notes, weights)
    else:
        Path(notes.workspace.media.path(weights)).unlink()
    second = propose(notes, model="v2", rules=RULES)
    assert (second.stage, second.passed, second.champion) == ("gate", None, "v1")
    said = {one.gate: one for one in second.gates}
    assert said["latency"].verdict == said["overall"].verdict == "undecided"
    assert "could not be measured" in said["latency"].reason and lost in said["latency"].reason
    assert "v1 could not be asked" in said["overall"].reason and "from a backup" in said["overall"].reason
    assert said["items"].verdict == "passed" and second.evaluation is not None
    while champion(notes) == "v1":
        with notes.workspace.database.transaction() as session:
            by = {"actor": "ada", "actor_kind": "person", "now": NOW, "anyway": True}
            releases.advance(session, notes.project, second.id, evidence=None, **by)
    assert champion(notes) == "v2"


def test_a_limit_in_milliseconds_alone_judges_beside_a_champion_that_is_lost(notes: Shapes) -> None:
    assert propose(notes, model="v1", rules=RULES).stage == "full"
    notes.run("train", recipe="default", settings={"model": "linear"})
    flip(notes, model(notes, "v1").weights)
    gates = [{"gate": "latency", "at_most_ms": 60_000}]
    (latency,) = propose(notes, model="v2", rules=RULES | {"gates": gates}).gates
    assert latency.verdict == "passed" and "could not be measured" in latency.reason
