"""The long work of studies: one trial, and what all of them say together."""

from __future__ import annotations

from typing import Any

from sabbatical.core.files import write_whole
from sabbatical.core.progress import Part
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.study import StudyRequest, TrialRequest
from sabbatical.study import actions
from sabbatical.study.page import study_page
from sabbatical.study.studies import STUDIES, unwired
from sabbatical.study.trial import run_trial


@step("trial")
def do_trial(step: Step) -> dict[str, Any]:
    """Train by a method and predict; killed and run again, it goes on from its checkpoint."""
    asked = TrialRequest.model_validate(step.params)
    data = actions.data_of(step.workspace, Part(step.progress, 0, 0.02))
    return run_trial(unwired(asked), actions.root(step.workspace), data, Part(step.progress, 0.02, 1.0))


@step("study")
def do_study(step: Step) -> dict[str, Any]:
    """Figures, claims and the report, from the trials that have ended."""
    asked = StudyRequest.model_validate(step.params)
    step.progress.tell(0.0, "Judging every method on the same images")
    root, data = actions.root(step.workspace), actions.data_of(step.workspace)
    study = STUDIES[asked.study].result(asked, root, data)
    step.progress.tell(0.9, "Writing the report")
    page = study_page(study, asked, root, data)
    write_whole(root / "pages" / f"{step.run_id}.html", page.encode())
    return study.model_dump(mode="json")
