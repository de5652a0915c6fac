"""An immutable data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sabbatical.core.tar import untar
from sabbatical.schemas import dataset as schema
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.dataset import ExportFormat, ExportRequest
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.model import Model, start_train
from sabbatical.sdk.run import Run, Watcher


@dataclass(frozen=True)
class Export:
    """Files that were written: into which folder, how many items and shapes, and what the format could not hold."""

    folder: Path
    report: dict[str, Any]


class Snapshot:
    """A snapshot of one project."""

    def __init__(self, client: Client, record: schema.Snapshot) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        counts = self.record.counts
        return f"<Snapshot {self.name} of {self.record.project}: {counts['items']} items, {counts['shapes']} shapes>"

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def counts(self) -> dict[str, Any]:
        """items, labels, shapes, by_split, by_taxonomy, by_label."""
        return self.record.counts

    def diff(self, newer: Snapshot | str) -> schema.SnapshotDiff:
        """What came, went and changed from this one to `newer`."""
        name = newer if isinstance(newer, str) else newer.name
        return schema.SnapshotDiff.model_validate(self._client.get(self._place("diff", name)))

    def boxes(self, **query: Any) -> list[dict[str, Any]]:
        """A question about all shapes; see `BoxQuery` for its fields."""
        rows: list[dict[str, Any]] = self._client.post(self._place("boxes"), request(schema.BoxQuery, **query))
        return rows

    def start_export(self, folder: str | Path, file_format: ExportFormat, **asked: Any) -> Run[Export]:
        """Begin to write it as files; see `ExportRequest` for what else can be said."""
        path = Path(folder).expanduser().resolve()
        asking = request(
            ExportRequest,
            snapshot=self.name,
            format=file_format,
            folder=str(path) if self._client.local else None,
            **asked,
        )
        answer = self._client.post(place("projects", self.record.project, "exports"), asking)

        def finish(run: run_schema.Run) -> Export:
            if not self._client.local:
                with self._client.stream(place("runs", run.id, "files")) as chunks:
                    untar(chunks, path)
            return Export(path, run.result or {})

        return Run(self._client, run_schema.Run.model_validate(answer), finish)

    def export(
        self, folder: str | Path, file_format: ExportFormat, *, progress: Watcher | None = None, **asked: Any
    ) -> Export:
        """Write it as files into a folder."""
        return self.start_export(folder, file_format, **asked).wait(progress)

    def start_train(self, recipe: str = "default", **asked: Any) -> Run[Model]:
        """Begin to train a model from it; see `TrainRequest` for what else can be said."""
        return start_train(self._client, self.record.project, snapshot=self.name, recipe=recipe, **asked)

    def train(self, recipe: str = "default", *, progress: Watcher | None = None, **asked: Any) -> Model:
        """Train a model from it."""
        return self.start_train(recipe, **asked).wait(progress)

    def _place(self, *parts: str) -> str:
        return place("projects", self.record.project, "snapshots", self.name, *parts)
