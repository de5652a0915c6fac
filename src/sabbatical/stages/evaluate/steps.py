"""The step that judges a model on the labels of a snapshot."""

from __future__ import annotations

from typing import Any

from sabbatical.durable.steps import Step, step
from sabbatical.schemas.evaluation import EvaluateRequest
from sabbatical.stages.evaluate import actions


@step("evaluate")
def evaluate(step: Step) -> dict[str, Any]:
    """Judge a model, alone or against another on the same items."""
    asked = EvaluateRequest.model_validate(step.params)
    made = actions.make(step.workspace, step.project, asked, step.progress, step.run_id)
    return {"evaluation": made.id, "model": made.model, "snapshot": made.snapshot}
