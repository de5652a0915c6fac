"""A model as one file for other tools: asked for, then written by a step and compared with the model it was made of."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import BadInput, Broken
from sabbatical.core.progress import check
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.project import Project
from sabbatical.schemas.train import ModelExportRequest, ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.storage.tables import RunRow

if TYPE_CHECKING:
    from torch import Tensor

IMAGES = 8  # on which the file is compared with the model


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
    """Write a detector as ONNX, and see that the file answers as the detector does."""
    from sabbatical.learning.export import export_onnx, parity  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.weights import load_detector  # noqa: PLC0415

    with step.workspace.database.reading() as session:
        project = projects.by_id(session, step.project)
        model = models.get(session, project, str(step.params["model"]))
    detector = load_detector(step.workspace.media.local(model.weights, step.workspace.folder("cache")))
    step.progress.tell(0.1, f"Writing {model.name} as ONNX")
    file = step.folder / "model.onnx"
    export_onnx(file, detector)
    check(step.progress)
    step.progress.tell(0.6, "Comparing its answers with the model's")
    images_bhwc = _canvases(step, project, model, detector.config.canvas)
    found = parity(file, detector, images_bhwc)
    if not found.good:
        file.unlink()
        raise Broken(f"Of {found.places} places that {model.name} finds, the exported file has only {found.same}.")
    return {
        "schema": 1,
        "model": model.name,
        "format": "onnx",
        "output": str(file),
        "bytes": file.stat().st_size,
        "canvas": list(detector.config.canvas),
        "images": len(images_bhwc),
        **found._asdict(),
    }


def _canvases(step: Step, project: Project, model: ModelVersion, canvas: tuple[int, int]) -> Tensor:
    """Images of the snapshot that the model learned from, uint8 (b, h, w, 3)."""
    import numpy as np  # noqa: PLC0415 - the web process asks, and needs none of it
    import torch  # noqa: PLC0415

    from sabbatical.learning.images import place, read_image  # noqa: PLC0415
    from sabbatical.stages.train.samples import local_image  # noqa: PLC0415

    labeled = datasets.labels(step.workspace, project, model.snapshot)
    files = [local_image(step.workspace, one.item_id) for one in islice(labeled, IMAGES)]
    return torch.from_numpy(np.stack([place(read_image(file, at_least=canvas), canvas)[0] for file in files]))
