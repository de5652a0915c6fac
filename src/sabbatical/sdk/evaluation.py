"""A report on a model."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from sabbatical.schemas.evaluate import Report
from sabbatical.schemas.evaluation import EvaluationRecord
from sabbatical.sdk.client import Client, place


class Evaluation:
    """What was found when a model was judged on a snapshot."""

    def __init__(self, client: Client, record: EvaluationRecord) -> None:
        self._client = client
        self.record = record

    def __repr__(self) -> str:
        return f"<Evaluation {self.id} of {self.record.model} on {self.record.snapshot}>"

    @property
    def id(self) -> str:
        return self.record.id

    @cached_property
    def report(self) -> Report:
        """Everything that was found, as data; `report.evaluation()` is the short form."""
        return Report.model_validate_json(self._client.content(self._place("report")))

    def page(self, file: str | Path) -> Path:
        """Write the report as one self-contained page of HTML."""
        return self._client.download(self._place("page"), Path(file))

    def _place(self, *parts: str) -> str:
        return place("projects", self.record.project, "evaluations", self.id, *parts)


def found_evaluation(client: Client, project: str, evaluation_id: str) -> Evaluation:
    """The report of this id."""
    answer = client.get(place("projects", project, "evaluations", evaluation_id))
    return Evaluation(client, EvaluationRecord.model_validate(answer))
