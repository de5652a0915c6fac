"""Ask for a training."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical import __version__
from sabbatical.core.ids import document_id
from sabbatical.durable import runs
from sabbatical.learning.recipe import DetectorRecipe
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import TrainRequest
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.stages.train.recipes import recipe_for
from sabbatical.storage.tables import RunRow


def ask(session: Session, project: Project, asked: TrainRequest, now: datetime) -> RunRow:
    """A run that trains; asked again for the same under the same taxonomies it is the same run, unless `again`.

    The run's params are a `TrainRequest` whose snapshot, and model to go on from, are named.

    Raises:
        NotFound: no such snapshot, taxonomy or model.
        NotReady: there is no super-taxonomy yet.
        BadRequest: no such recipe, a setting that it does not have, a value that it cannot have, or a model to go on
            from whose weights do not fit.
    """
    snapshot = datasets.get(session, project, asked.snapshot).name
    start = models.get(session, project, asked.start) if asked.start else None
    named = {"snapshot": snapshot, "start": start and start.name}
    params = asked.model_copy(update=named).model_dump(mode="json")
    tree = projects.super_taxonomy(session, project.id)[1]
    for name in asked.taxonomies or ():
        projects.taxonomy_id(session, project, name)
    recipe = recipe_for(project.task, asked, [], start)
    if isinstance(recipe, DetectorRecipe):
        recipe.detector(tree.names, tree.parent_k.tolist())
    meaning = projects.state(session, project.id)
    key = None if asked.again else document_id(["train", params, meaning, __version__])
    return runs.ask(session, project_id=project.id, kind="train", params=params, now=now, key=key)
