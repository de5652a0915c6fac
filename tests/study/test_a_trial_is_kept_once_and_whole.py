"""A trial that has ended is not done again, one that was killed goes on, and a part of one is none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sabbatical.core.errors import Interrupted
from sabbatical.core.progress import Quiet
from sabbatical.schemas.study import StudyRequest
from sabbatical.study.box_tasks import task_of
from sabbatical.study.growth import WAYS, run_growth_trial
from sabbatical.study.masking import study_of
from sabbatical.study.trial import TOLD, Trial, kept_trial, run_trial
from tests.study.slides import TINY, slides


class StopAt:
    """Asks to stop after so many questions whether to."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        return None

    def stopping(self) -> bool:
        self.left -= 1
        return self.left < 0


def test_a_trial_that_ended_is_answered_and_not_done_again(tmp_path: Path) -> None:
    data, root = slides(tmp_path / "data"), tmp_path / "studies"
    trial = Trial("bccd", "heads", 0, TINY)
    assert kept_trial(trial, root) is None
    facts = run_trial(trial, root, data, Quiet())
    (kept,) = kept_trial(trial, root) or []
    assert set(kept.detections.image_m.tolist()) <= set(kept.image_i.tolist())
    assert not (trial.folder(root) / "training").exists()
    assert run_trial(trial, root, data, StopAt(0)) == facts  # it would be stopped if it did anything
    (trial.folder(root) / TOLD).unlink()
    assert kept_trial(trial, root) is None


def test_a_trial_that_was_killed_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    data = slides(tmp_path / "data")
    trial = Trial("bccd", "tree", 1, TINY)
    run_trial(trial, tmp_path / "whole", data, Quiet())
    with pytest.raises(Interrupted):
        run_trial(trial, tmp_path / "killed", data, StopAt(2))
    run_trial(trial, tmp_path / "killed", data, Quiet())
    (whole,), (killed,) = (kept_trial(trial, tmp_path / each) or [] for each in ("whole", "killed"))
    np.testing.assert_array_equal(whole.detections.boxes_m4, killed.detections.boxes_m4)


def test_other_settings_or_seeds_are_other_trials(tmp_path: Path) -> None:
    trials = [
        Trial("bccd", "tree", 0),
        Trial("bccd", "tree", 1),
        Trial("bccd", "naive", 0),
        Trial("bccd", "tree", 0, {"steps": 9}),
        Trial("newcomer", "tree", 0, labeled=10, study="ramp"),
        Trial("newcomer", "tree", 0, labeled=30, study="ramp"),
    ]
    assert len({trial.folder(tmp_path) for trial in trials}) == len(trials)


def test_a_study_says_what_is_missing_and_judges_what_is_there(tmp_path: Path) -> None:
    data, root = slides(tmp_path / "data"), tmp_path / "studies"
    asked = StudyRequest(data="bccd", methods=["naive", "tree"], seeds=[0], settings=TINY)
    run_trial(Trial("bccd", "naive", 0, TINY), root, data, Quiet())
    found = study_of(asked, root, data)
    assert found.missing == ["tree-0"]
    assert list(found.methods) == ["naive"]
    assert found.claims == []


def test_a_growing_stream_is_learned_week_by_week(tmp_path: Path) -> None:
    task = task_of("bccd", slides(tmp_path / "data"))
    task = replace(task, images=[replace(image, week=i // 12) for i, image in enumerate(task.images)])
    weeks = run_growth_trial(task, WAYS["new"], 0, 3, TINY, tmp_path / "work", Quiet())
    assert [week.facts["known"] for week in weeks][1] < len(task.images) // 2
    assert [week.facts["images"] for week in weeks] == [8, 12]  # four steps of two, then half as many
    again = run_growth_trial(task, WAYS["warm"], 0, 3, TINY, tmp_path / "again", Quiet())
    assert again[1].facts["known"] == sum(week.facts["known"] for week in weeks)
