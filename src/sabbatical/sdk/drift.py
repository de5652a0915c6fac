"""A look for drift."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from sabbatical.core.errors import EmptyDataset
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.monitor import DriftRecord, DriftReport, MonitorRequest
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.run import Run


class Drift:
    """What was found when the newest answers of a model were compared with a reference."""

    def __init__(self, client: Client, record: DriftRecord) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        return f"<Drift {self.name} of {self.record.model}: {len(self.record.drifts)} found>"

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def drifted(self) -> bool:
        return self.record.drifted

    @cached_property
    def report(self) -> DriftReport:
        """Everything that was found, as data."""
        return DriftReport.model_validate_json(self._client.content(self._place("report")))

    def page(self, file: str | Path) -> Path:
        """Write the look as one self-contained page of HTML."""
        return self._client.download(self._place("page"), Path(file))

    def _place(self, *parts: str) -> str:
        return place("projects", self.record.project, "drift", self.name, *parts)


def found_drift(client: Client, project: str, name: str | None) -> Drift:
    """The look of this name, the newest without one."""
    answer = client.get(place("projects", project, "drift", name or "newest"))
    return Drift(client, DriftRecord.model_validate(answer))


def drifts(client: Client, project: str, model: str | None) -> Iterator[Drift]:
    """Newest first."""
    for record in client.pages(DriftRecord, place("projects", project, "drift"), model=model):
        yield Drift(client, record)


def start_monitor(client: Client, project: str, **asked: Any) -> Run[Drift]:
    """Begin to look for drift; see `MonitorRequest`. Waiting raises EmptyDataset where too little was answered."""
    answer = client.post(place("projects", project, "drift"), request(MonitorRequest, **asked))

    def finish(run: run_schema.Run) -> Drift:
        result = run.result or {}
        if result["drift"] is None:
            raise EmptyDataset(result["message"], hint=result.get("hint"))
        return found_drift(client, project, result["drift"])

    return Run(client, run_schema.Run.model_validate(answer), finish)
