"""With 10, 30 or 100 items a hash leaves little to choose thresholds by; what was done about it is said."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from sabbatical.core.errors import EmptyDataset
from sabbatical.metrics.thresholds import Scored, choose_thresholds
from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import Truth
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.runtime import Answer
from sabbatical.stages.train.validation import FEW, PRIOR, cautious, scored_texts
from sabbatical.storage.workspace import Workspace
from tests.stages.conftest import NOW
from tests.stages.predict.conftest import LABELS, TOPICS, babble
from tests.stages.train.shapes import Shapes


def project_of(workspace: Workspace, folder: Path, many: int, **shares: float) -> Shapes:
    """Labeled texts, half of each of two classes, and a model of rules."""
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="small", task="text", **shares), NOW)
        for document in (TOPICS, LABELS):
            projects.add_taxonomy(session, project, document, NOW)
    dice = random.Random(1)
    rows = [f"the {label.lower()} {babble(dice)},{label}" for _ in range(many // 2) for label in ("Sea", "Sky")]
    (folder / "notes.csv").write_text("\n".join(["text,label", *rows]))
    made = Shapes(workspace, project, folder)
    made.run("ingest", source=str(folder / "notes.csv"))
    made.run("snapshot")
    return made


def scored(truths: int) -> Scored:
    """A class of which all truths are found at a score of 0.1, over wrong guesses at 0.05."""
    score_s = np.array([0.1] * truths + [0.05] * 40)
    right_s = np.arange(len(score_s)) < truths
    return Scored(np.zeros(len(score_s), np.int64), score_s, right_s, np.array([truths]))


def test_a_threshold_leaves_a_half_as_truths_come() -> None:
    found = [float(cautious(scored(truths))[0]) for truths in (0, 1, 5, 50, 5000)]
    chosen = float(choose_thresholds(scored(50))[0])
    assert found[0] == 0.5 and found == sorted(found, reverse=True)
    assert (
        found[1] > 0.4
        and found[2] == pytest.approx((0.5 + chosen) / 2)
        and found[-1] == pytest.approx(chosen, abs=0.001)
    )


def test_texts_that_nobody_put_a_label_on_leave_the_plain_threshold() -> None:
    empty = np.zeros((0, 2), np.bool_)
    truth = Truth(
        boxes_n4=np.zeros((0, 4), np.float32),
        item_n=np.zeros(0, np.int64),
        positive_nk=empty,
        known_nk=empty,
        crowd_n=np.zeros(0, np.bool_),
        judged_ik=np.ones((3, 2), np.bool_),
    )
    said = Answer(np.arange(2), np.array([0.9, 0.1], np.float32), np.zeros((0, 4), np.float32))
    assert cautious(scored_texts([said] * 3, truth)).tolist() == [0.5, 0.5]


@pytest.mark.parametrize("many", [10, 30, 100])
def test_few_items_in_validation_are_said_with_what_to_do(workspace: Workspace, tmp_path: Path, many: int) -> None:
    small = project_of(workspace, tmp_path, many)
    with workspace.database.reading() as session:
        held_back = datasets.get(session, small.project, None).counts["by_split"].get("validation", 0)
    [warning] = small.run("train", recipe="rules")["warnings"]
    with workspace.database.reading() as session:
        thresholds = models.get(session, small.project, "v1").record["thresholds"]
    said = f"Fewer than {FEW} truths in validation (sea " if held_back else "No item of the snapshot is in validation"
    assert said in warning
    assert "ingest SOURCE --split validation" in warning
    assert len(thresholds) == (2 if held_back else 0)
    assert all(abs(value - 0.5) <= 0.5 * held_back / (held_back + PRIOR) for value in thresholds.values())


def test_without_validation_or_test_a_model_is_trained_and_what_lacks_is_said(
    workspace: Workspace, tmp_path: Path
) -> None:
    small = project_of(workspace, tmp_path, 10, validation_share=0.0, test_share=0.0)
    [warning] = small.run("train", recipe="rules")["warnings"]
    assert "No item of the snapshot is in validation: 0.5 is the threshold of every class." in warning
    with pytest.raises(EmptyDataset, match="ingest SOURCE --split test"):
        small.run("evaluate")
    judged = small.run("evaluate", splits=["train"])
    assert small.run("evaluate", splits=["train"])["evaluation"] == judged["evaluation"]
    again = small.run("evaluate", splits=["train"], again=True)["evaluation"]
    assert again not in (judged["evaluation"], small.run("evaluate", splits=["train"], again=True)["evaluation"])
