"""A model version: judge it, ask it, describe it, fetch it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sabbatical.schemas import run as run_schema
from sabbatical.schemas.evaluation import EvaluateRequest
from sabbatical.schemas.predict import PredictRequest
from sabbatical.schemas.train import ModelExportRequest, ModelVersion, TrainRequest
from sabbatical.sdk import sources
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.evaluation import Evaluation, found_evaluation
from sabbatical.sdk.predictions import Predictions
from sabbatical.sdk.run import Run, Watcher

if TYPE_CHECKING:
    from sabbatical.sdk.snapshot import Snapshot


@dataclass(frozen=True)
class ModelExport:
    """A model as a file of another format, and how it was compared: on how many `images`, and `places` found in them.

    Of those the file has as many as `same`; the largest `difference` of them is that of a score, or of a box in parts
    of the canvas's longer side. `canvas` is the (height, width) of the images that the file takes.
    """

    file: Path
    report: dict[str, Any]


class Model:
    """A model of one project."""

    def __init__(self, client: Client, record: ModelVersion) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        return f"<Model {self.name} of {self.record.project}: {self.record.family} from {self.record.snapshot}>"

    @property
    def name(self) -> str:
        return self.record.name

    def start_evaluate(
        self, snapshot: Snapshot | str | None = None, *, against: Model | str | None = None, **asked: Any
    ) -> Run[Evaluation]:
        """Begin to judge it on the labels of a snapshot, the newest unless given; see `EvaluateRequest`."""
        asking = request(EvaluateRequest, model=self.name, snapshot=_name(snapshot), against=_name(against), **asked)
        answer = self._client.post(place("projects", self.record.project, "evaluations"), asking)

        def finish(run: run_schema.Run) -> Evaluation:
            return found_evaluation(self._client, self.record.project, str((run.result or {})["evaluation"]))

        return Run(self._client, run_schema.Run.model_validate(answer), finish)

    def evaluate(
        self,
        snapshot: Snapshot | str | None = None,
        *,
        against: Model | str | None = None,
        progress: Watcher | None = None,
        **asked: Any,
    ) -> Evaluation:
        """Judge it, alone or against another model on the same items."""
        return self.start_evaluate(snapshot, against=against, **asked).wait(progress)

    def start_predict(
        self,
        source: str | Path | None = None,
        *,
        items: list[str] | None = None,
        snapshot: Snapshot | str | None = None,
    ) -> Run[Predictions]:
        """Begin to ask it about a source, about stored items, or about all items of a snapshot."""
        named = None if source is None else sources.named(self._client, source)
        asking = request(PredictRequest, model=self.name, source=named, items=items, snapshot=_name(snapshot))
        answer = self._client.post(place("projects", self.record.project, "predictions"), asking)
        return Run(self._client, run_schema.Run.model_validate(answer), lambda run: Predictions(self._client, run))

    def predict(
        self,
        source: str | Path | None = None,
        *,
        items: list[str] | None = None,
        snapshot: Snapshot | str | None = None,
        progress: Watcher | None = None,
    ) -> Predictions:
        """Ask it; what it has said before is answered from the store."""
        return self.start_predict(source, items=items, snapshot=snapshot).wait(progress)

    def card(self) -> str:
        """What it is, what it learned from and what to know before using it, in Markdown."""
        return self._client.text(self._place("card"))

    def weights(self, file: str | Path) -> Path:
        """Write its weights (safetensors) to a file."""
        return self._client.download(self._place("weights"), Path(file))

    def start_export_onnx(self, file: str | Path) -> Run[ModelExport]:
        """Begin to write a detector as one ONNX file, which needs neither torch nor Sabbatical."""
        path = Path(file).expanduser().resolve()
        answer = self._client.post(self._place("exports"), request(ModelExportRequest, format="onnx"))

        def finish(run: run_schema.Run) -> ModelExport:
            return ModelExport(self._client.download(place("runs", run.id, "files"), path), run.result or {})

        return Run(self._client, run_schema.Run.model_validate(answer), finish)

    def export_onnx(self, file: str | Path, *, progress: Watcher | None = None) -> ModelExport:
        """Write a detector as one ONNX file, compared with the model on images that it learned from.

        Raises:
            BadInput: it is a model of texts.
        """
        return self.start_export_onnx(file).wait(progress)

    def _place(self, *parts: str) -> str:
        return place("projects", self.record.project, "models", self.name, *parts)


def found_model(client: Client, project: str, name: str | None) -> Model:
    """The model of this name, the newest without one."""
    return Model(
        client, ModelVersion.model_validate(client.get(place("projects", project, "models", name or "newest")))
    )


def start_train(client: Client, project: str, *, start: Model | str | None = None, **asked: Any) -> Run[Model]:
    """Begin to train a model, anew or from the weights of `start`; see `TrainRequest`."""
    asking = request(TrainRequest, start=_name(start), **asked)
    answer = client.post(place("projects", project, "models"), asking)

    def finish(run: run_schema.Run) -> Model:
        return found_model(client, project, (run.result or {})["model"])

    return Run(client, run_schema.Run.model_validate(answer), finish)


def _name(thing: Snapshot | Model | str | None) -> str | None:
    return thing if thing is None or isinstance(thing, str) else thing.name
