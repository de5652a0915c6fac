"""A model ready to be asked where it must be light: onnxruntime for detectors, NumPy for texts, never torch."""

from __future__ import annotations

import os

from sabbatical.core.errors import NotReady
from sabbatical.schemas.train import ModelVersion
from sabbatical.stages.train import artifacts
from sabbatical.stages.train.kept import checked
from sabbatical.stages.train.runtime import DetectorModel, Model, TextsModel
from sabbatical.storage.workspace import Workspace


def load_engine(workspace: Workspace, model: ModelVersion, threads: int | None = None) -> Model:
    """A model that answers without torch. Its file is read whole and compared with its content id first.

    So many images of a batch as `threads` are worked on at one time, each by one thread, which is faster than several
    threads for each; None is one a core.

    Raises:
        BadFile: the file is damaged.
        NotFound: the file is gone.
        NotReady: a detector whose artifact was not made; see `prepare`.
    """
    if model.family == "text":
        from sabbatical.learning.text import answering  # noqa: PLC0415 - sklearn loads with the first text

        return TextsModel(answering.load(checked(workspace, model, model.weights)[0]))
    with workspace.database.reading() as session:
        artifact = artifacts.find(session, model)
    if artifact is None:
        raise NotReady(
            f"{model.name} was not made ready to answer without torch yet.",
            hint=f"`sabbatical release propose {model.name}` does that.",
        )
    from sabbatical.learning.onnx_runner import OnnxRunner  # noqa: PLC0415 - onnxruntime loads with the first image

    runner = OnnxRunner(checked(workspace, model, artifact.content)[1], threads=1)
    return DetectorModel(runner, threads or len(os.sched_getaffinity(0)))
