"""A model as one file for other tools: asked for, then written by a step and compared with the model it was made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelExportRequest
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.files import written
from sabbatical.storage.tables import RunRow


def ask(
    session: Session, project: Project, name: str | None, asked: ModelExportRequest, now: datetime, key: str | None
) -> RunRow:
    """A run that exports a model, the newest if `name` is None.

    Raises:
        NotFound: no such model.
        BadInput: it is of a family that cannot be exported.
    """
    model = models.get(session, project, name)
    if model.family != "detector":
        raise BadInput(
            f"{model.name} is a model of texts; only detectors can be exported as {asked.format.upper()}.",
            where="field model",
            hint="Its n-grams are counted outside of any network. `sabbatical model weights` writes the whole model.",
        )
    params = {"model": model.name, **asked.model_dump(mode="json")}
    return runs.ask(session, project_id=project.id, kind="export-model", params=params, now=now, key=key)


@step("export-model")
def export_model(step: Step) -> dict[str, Any]:
    """Write a detector as ONNX, which answers as the detector does; see `artifacts.prepare`."""
    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        model = models.get(session, project, str(step.params["model"]))
    artifact = models.prepare(step.workspace, model, step.progress)
    file = step.folder / "model.onnx"
    with written(file) as handle:
        handle.write(step.workspace.media.get(artifact.content))
    return {
        "schema": 1,
        "model": model.name,
        "format": "onnx",
        "output": str(file),
        "bytes": artifact.bytes,
        **artifact.facts,
    }
