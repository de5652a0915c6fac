"""The steps that ask a model before people come: about the open tasks of a campaign, about a new customer's labels."""

from __future__ import annotations

from typing import Any

from sabbatical.durable.steps import Step, step
from sabbatical.schemas.assist import PrelabelRequest
from sabbatical.schemas.proposal import ProposalRequest
from sabbatical.stages.assist import proposing, queries
from sabbatical.stages.label import actions as labels
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models


@step("prelabel")
def prelabel(step: Step) -> dict[str, Any]:
    """Ask; what the model has said before is not computed again."""
    asked = PrelabelRequest.model_validate(step.params)
    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        model = models.get(session, project, asked.model)
        items = queries.open_items(session, labels.campaign(session, project, asked.campaign).id)
    stored = computed = 0
    for part in predictions.stream(step.workspace, step.project, model, items, len(items), step.progress):
        many = sum(one.stored for one in part)
        stored, computed = stored + many, computed + len(part) - many
    told = {"campaign": asked.campaign, "model": model.name}
    return told | {"items": stored + computed, "computed": computed, "stored": stored}


@step("propose-taxonomy")
def propose_taxonomy(step: Step) -> dict[str, Any]:
    """Propose what a customer's labels are to the super-taxonomy."""
    asked = ProposalRequest.model_validate(step.params)
    step.progress.tell(0.0, "Looking at the labels")
    made = proposing.make(step, asked)
    return {"schema": 1} | made.model_dump(mode="json")
