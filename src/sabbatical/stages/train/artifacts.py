"""A model in the form in which it answers without torch: made once, compared with the model, kept as media.

A detector becomes ONNX. A model of texts answers from its own weights, which are compared all the same.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import Broken
from sabbatical.core.progress import Progress, Quiet, check
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import Labeled
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import queries
from sabbatical.storage.tables import ArtifactRow
from sabbatical.storage.workspace import Workspace

if TYPE_CHECKING:
    from torch import Tensor

QUIET = Quiet()
IMAGES = 8  # on which a file is compared with the model
TEXTS = 64
APART = 1e-4  # of a probability of a text
KINDS = {"detector": "onnx", "text": "text"}


@dataclass(frozen=True)
class Artifact:
    """A file that answers as its model does, and how they were compared (`facts`)."""

    model_id: str
    kind: str
    content: str
    bytes: int
    facts: dict[str, Any]


def find(session: Session, model: ModelVersion) -> Artifact | None:
    """The artifact of a model, if it was made."""
    row = queries.artifact(session, model.id, KINDS[model.family])
    return None if row is None else Artifact(row.model_id, row.kind, row.content, row.bytes, row.facts)


def prepare(workspace: Workspace, model: ModelVersion, progress: Progress = QUIET) -> Artifact:
    """The artifact of a model, made now unless it is there; loads torch where it must be made.

    Raises:
        BadFile: the weights are damaged.
        Broken: the file does not answer as the model does; it is not kept.
        StorageFull: the disk is full; nothing is kept.
    """
    with workspace.database.reading() as session:
        there = find(session, model)
    if there is not None and workspace.media.exists(there.content):
        return there
    made = _detector(workspace, model, progress) if model.family == "detector" else _texts(workspace, model)
    now = workspace.clock()
    with workspace.database.transaction() as session:
        session.merge(ArtifactRow(**vars(made), created_at=now))
    return made


def _detector(workspace: Workspace, model: ModelVersion, progress: Progress) -> Artifact:
    from sabbatical.learning import export  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.weights import load_detector  # noqa: PLC0415

    detector = load_detector(workspace.media.local(model.weights, workspace.home / "cache"))
    progress.tell(0.1, f"Writing {model.name} as ONNX")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        export.export_onnx(file, detector)
        check(progress)
        progress.tell(0.6, "Comparing its answers with the model's")
        images_bhwc = _canvases(workspace, model, detector.config.canvas)
        found = export.parity(file, detector, images_bhwc)
        if not found.good:
            raise Broken(f"Of {found.places} places that {model.name} finds, the exported file has only {found.same}.")
        content, size = workspace.media.put_file(file), file.stat().st_size
    facts = {"canvas": list(detector.config.canvas), "images": len(images_bhwc), **found._asdict()}
    return Artifact(model.id, "onnx", content, size, facts)


def _texts(workspace: Workspace, model: ModelVersion) -> Artifact:
    import numpy as np  # noqa: PLC0415 - the web process asks, and needs none of it

    from sabbatical.learning.text import answering, models  # noqa: PLC0415

    file = workspace.media.local(model.weights, workspace.home / "cache")
    texts = [one.text or "" for one in islice(_learned_from(workspace, model), TEXTS)]
    difference = np.abs(models.load(file).predict(texts) - answering.load(file).predict(texts)).max(initial=0.0)
    if difference > APART:
        raise Broken(f"Without torch, {model.name} answers otherwise: a probability differs by {difference:.2g}.")
    facts = {"texts": len(texts), "difference": float(difference)}
    return Artifact(model.id, "text", model.weights, file.stat().st_size, facts)


def _learned_from(workspace: Workspace, model: ModelVersion) -> Iterator[Labeled]:
    with workspace.database.reading() as session:
        project = projects.get(session, model.project)
    yield from datasets.labels(workspace, project, model.snapshot)


def _canvases(workspace: Workspace, model: ModelVersion, canvas: tuple[int, int]) -> Tensor:
    """Images of the snapshot that the model learned from, uint8 (b, h, w, 3)."""
    import numpy as np  # noqa: PLC0415 - the web process asks, and needs none of it
    import torch  # noqa: PLC0415

    from sabbatical.learning.images import place, read_image  # noqa: PLC0415
    from sabbatical.stages.train.samples import local_image  # noqa: PLC0415

    files = [local_image(workspace, one.item_id) for one in islice(_learned_from(workspace, model), IMAGES)]
    return torch.from_numpy(np.stack([place(read_image(file, at_least=canvas), canvas)[0] for file in files]))
