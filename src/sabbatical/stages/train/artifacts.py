"""A model in the form in which it answers without torch: made once, compared with the model, kept as media.

A detector becomes ONNX. A model of texts answers from its own weights, which are compared all the same. What it says
of validation tells from which doubt on it should ask a person.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.core.errors import Broken
from sabbatical.core.progress import Progress, Quiet, check
from sabbatical.schemas.item import Split
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.dataset import actions as datasets
from sabbatical.stages.dataset.actions import Labeled
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import queries
from sabbatical.stages.train.abstention import Abstention, cut_of
from sabbatical.stages.train.kept import checked
from sabbatical.stages.train.runtime import DetectorModel, Model, Question, TextsModel
from sabbatical.storage.tables import ArtifactRow, ModelRow
from sabbatical.storage.workspace import Workspace

if TYPE_CHECKING:
    from torch import Tensor

QUIET = Quiet()
IMAGES = 8  # on which a file is compared with the model
TEXTS = 64
LOOKED_AT = 120  # validation items
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
    """The artifact of a model, made now unless it is there and whole; loads torch where it must be made.

    Raises:
        BadFile: the weights are damaged.
        NotFound: the weights are gone.
        Broken: the file does not answer as the model does; it is not kept.
        StorageFull: the disk is full; nothing is kept.
    """
    with workspace.database.reading() as session:
        there = find(session, model)
    if there is not None and workspace.media.whole(there.content):
        return there
    made, engine = _detector(workspace, model, progress) if model.family == "detector" else _texts(workspace, model)
    progress.tell(0.8, "Looking how sure it is of validation")
    facts = made.facts | {"abstention": _abstention(workspace, model, engine)}
    made = replace(made, facts=facts)
    now = workspace.clock()
    with workspace.database.transaction() as session:
        session.merge(ArtifactRow(**vars(made), created_at=now))
    return made


def _detector(workspace: Workspace, model: ModelVersion, progress: Progress) -> tuple[Artifact, Model]:
    from sabbatical.learning import export  # noqa: PLC0415 - torch loads in a step only
    from sabbatical.learning.onnx_runner import OnnxRunner  # noqa: PLC0415
    from sabbatical.learning.weights import load_detector  # noqa: PLC0415

    detector = load_detector(checked(workspace, model, model.weights)[0])
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
        data = file.read_bytes()
    facts = {"canvas": list(detector.config.canvas), "images": len(images_bhwc), **found._asdict()}
    content = workspace.media.put(data, repair=True)
    return Artifact(model.id, "onnx", content, len(data), facts), DetectorModel(OnnxRunner(data))


def _texts(workspace: Workspace, model: ModelVersion) -> tuple[Artifact, Model]:
    import numpy as np  # noqa: PLC0415 - the web process asks, and needs none of it

    from sabbatical.learning.text import answering, models  # noqa: PLC0415

    file = checked(workspace, model, model.weights)[0]
    texts = [one.text or "" for one in islice(_learned_from(workspace, model), TEXTS)]
    light = answering.load(file)
    difference = np.abs(models.load(file).predict(texts) - light.predict(texts)).max(initial=0.0)
    if difference > APART:
        raise Broken(f"Without torch, {model.name} answers otherwise: a probability differs by {difference:.2g}.")
    facts = {"texts": len(texts), "difference": float(difference)}
    return Artifact(model.id, "text", model.weights, file.stat().st_size, facts), TextsModel(light)


def _abstention(workspace: Workspace, model: ModelVersion, engine: Model) -> dict[str, Any]:
    """Leaves of the tree, and the cut-off by what the model says of validation items."""
    with workspace.database.reading() as session:
        tree = projects.super_taxonomy_by_id(session, session.get_one(ModelRow, model.id).super_taxonomy_id)
    facts: dict[str, Any] = {"leaves": [k for k, name in enumerate(tree.names) if not tree.children(name)]}
    unsure = Abstention.of(model, {"abstention": facts})
    chosen = {one.item_id: one for one in islice(_learned_from(workspace, model, ("validation",)), LOOKED_AT)}
    questions = [_question(workspace, one) for one in chosen.values()]
    doubts = [unsure.doubt(answer) for part in batched(questions, engine.batch) for answer in engine(part)]
    return facts | {"cut": round(cut_of(doubts), 6), "items": len(doubts)}


def _question(workspace: Workspace, one: Labeled) -> Question:
    if one.text is not None:
        return Question(one.item_id, text=one.text)
    return Question(one.item_id, image=workspace.media.local(one.item_id, workspace.home / "cache"))


def _learned_from(workspace: Workspace, model: ModelVersion, splits: tuple[Split, ...] = ()) -> Iterator[Labeled]:
    with workspace.database.reading() as session:
        project = projects.get(session, model.project)
    yield from datasets.labels(workspace, project, model.snapshot, splits)


def _canvases(workspace: Workspace, model: ModelVersion, canvas: tuple[int, int]) -> Tensor:
    """Images of the snapshot that the model learned from, uint8 (b, h, w, 3)."""
    import numpy as np  # noqa: PLC0415 - the web process asks, and needs none of it
    import torch  # noqa: PLC0415

    from sabbatical.learning.images import place, read_image  # noqa: PLC0415
    from sabbatical.stages.train.samples import local_image  # noqa: PLC0415

    files = [local_image(workspace, one.item_id) for one in islice(_learned_from(workspace, model), IMAGES)]
    return torch.from_numpy(np.stack([place(read_image(file, at_least=canvas), canvas)[0] for file in files]))
