"""A project of notes with a model of rules, which needs no training, and one of pictures with a tiny detector."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.actions import Answer, Question
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW
from tests.stages.train.conftest import shapes
from tests.stages.train.shapes import Shapes

__all__ = ["shapes"]
TOPICS = {"super-taxonomy": "topics", "version": 1, "classes": {"sea": {}, "sky": {}}}
LABELS = {"taxonomy": "notes", "super-taxonomy": "topics", "labels": {"Sea": "sea", "Sky": "sky"}}
NOTES = 40


def babble(dice: random.Random) -> str:
    """Words of no language, so that no text is near another."""
    return " ".join("".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=7)) for _ in range(6))


@pytest.fixture
def notes(workspace: Workspace, tmp_path: Path) -> Shapes:
    """Forty labeled texts and the model v1."""
    with workspace.database.transaction() as session:
        asked = ProjectIn(name="notes", task="text", test_share=0.0, validation_share=0.0)
        project = projects.create(session, asked, NOW)
        for document in (TOPICS, LABELS):
            projects.add_taxonomy(session, project, document, NOW)
    dice = random.Random(0)
    rows = [f"the {label.lower()} {babble(dice)},{label}" for _ in range(NOTES // 2) for label in ("Sea", "Sky")]
    path = tmp_path / "notes.csv"
    path.write_text("\n".join(["text,label", *rows]))
    made = Shapes(workspace, project, tmp_path)
    made.run("ingest", source=str(path))
    made.run("snapshot")
    made.run("train", recipe="rules")
    return made


@pytest.fixture
def questions(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The ids of the items that a model has looked at, however often."""
    asked: list[str] = []
    real = models.load_model

    class Noting:
        def __init__(self, loaded: models.Model) -> None:
            self.batch = loaded.batch
            self._loaded = loaded

        def __call__(self, questions: list[Question]) -> list[Answer]:
            asked.extend(question.item_id for question in questions)
            return self._loaded(questions)

    monkeypatch.setattr("sabbatical.stages.predict.answers.load_model", lambda *given: Noting(real(*given)))
    yield asked
