"""Model versions: trained by a run, then listed, described and fetched."""

from __future__ import annotations

from typing import Annotated

from fastapi.responses import FileResponse, PlainTextResponse

from sabbatical.api import routing
from sabbatical.api import runs as asked_runs
from sabbatical.api.access import allow
from sabbatical.api.context import Context
from sabbatical.api.paging import Limit, Place
from sabbatical.api.runs import Key
from sabbatical.schemas.page import PAGE_SIZE, Page
from sabbatical.schemas.run import Run
from sabbatical.schemas.train import ModelExportRequest, ModelVersion, TrainRequest
from sabbatical.stages.project import actions as projects
from sabbatical.stages.train import actions as models
from sabbatical.stages.train import asking, exporting

router = routing.router("/projects/{project}/models", "train")
Reader = Annotated[Context, allow("model.read")]
Runner = Annotated[Context, allow("model.run")]


@router.post("", status_code=202)
def train_model(context: Runner, project: str, asked: TrainRequest) -> Run:
    """Train a model. Asked again for the same, it is the same run, unless `again`."""
    asked = asked.model_copy(update={"settings": context.paths.settings(asked.settings)})
    with context.transaction() as session:
        row = asking.ask(session, projects.get(session, project), asked, context.now())
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


@router.get("")
def list_models(context: Reader, project: str, after: Place = None, limit: Limit = PAGE_SIZE) -> Page[ModelVersion]:
    """Newest first."""
    with context.reading() as session:
        return models.page(session, projects.get(session, project), after, limit)


@router.get("/{model}")
def get_model(context: Reader, project: str, model: str) -> ModelVersion:
    """By name (`v3`) or id; `newest` is the newest."""
    with context.reading() as session:
        return models.get(session, projects.get(session, project), _name(model))


@router.get("/{model}/card", response_class=PlainTextResponse)
def get_model_card(context: Reader, project: str, model: str) -> PlainTextResponse:
    """What the model is, what it learned from and what to know before using it, in Markdown."""
    with context.reading() as session:
        text = models.card(session, projects.get(session, project), _name(model))
    return PlainTextResponse(text, media_type="text/markdown; charset=utf-8")


@router.get("/{model}/weights", response_class=FileResponse)
def get_model_weights(context: Reader, project: str, model: str) -> FileResponse:
    """The weights, as safetensors."""
    with context.reading() as session:
        found = models.get(session, projects.get(session, project), _name(model))
    path = context.workspace.media.local(found.weights, context.workspace.folder("cache"))
    name = f"{found.project}-{found.name}.safetensors"
    return FileResponse(path, media_type="application/octet-stream", filename=name)


@router.post("/{model}/exports", status_code=202)
def export_model(context: Runner, project: str, model: str, asked: ModelExportRequest, key: Key = None) -> Run:
    """Write a detector as ONNX, to be fetched from `/runs/{run}/files`.

    The input `images` is uint8 RGB (n, height, width, 3) of the canvas's size. For each image the outputs are its best
    places, before overlapping ones are removed: `boxes` (x0, y0, x1, y1 in pixels of the canvas), `scores`, and
    `classes` by their places in the super-taxonomy. The run's result says by how much the file's answers differ from
    the model's.
    """
    with context.transaction() as session:
        found = projects.get(session, project)
        row = exporting.ask(session, found, _name(model), asked, context.now(), asked_runs.request_key(key))
        run = asked_runs.wire(session, row, context.now())
    asked_runs.dispatch(context, row)
    return run


def _name(model: str) -> str | None:
    return None if model == "newest" else model
