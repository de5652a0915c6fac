"""What became of one input on one arm: an answer or a failure, as a row to keep and as the wire shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sabbatical.schemas.serve import ASK, Arm, Served
from sabbatical.stages.predict import actions as predictions
from sabbatical.stages.predict.actions import Answered
from sabbatical.stages.serve.engines import Engine
from sabbatical.stages.serve.inputs import Ready
from sabbatical.stages.serve.routes import Route
from sabbatical.stages.train.actions import Answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """`number`: the input's place in its request. `latency_ms`: of the model's call, on `batch` inputs."""

    id: str
    request: str
    number: int
    input: Ready
    arm: Arm
    model_id: str
    at: datetime
    failure: str | None = None
    engine: Engine | None = None
    answer: Answer | None = None
    latency_ms: float = 0.0
    batch: int = 1

    @property
    def doubt(self) -> float:
        return 1.0 if self.engine is None or self.answer is None else self.engine.unsure.doubt(self.answer)

    @property
    def sure(self) -> bool:
        cut = self.input.about.ask_above
        if self.engine is None:
            return False
        return self.doubt <= (self.engine.unsure.cut if cut is None else cut)


def row_of(one: Outcome, route: Route) -> dict[str, Any]:
    """A row of `ServedRow`."""
    return {
        "id": one.id,
        "project_id": route.project.id,
        "request": one.request,
        "release_id": route.routing.release.release_id if route.routing.release else None,
        "model_id": one.model_id,
        "arm": one.arm,
        "unit": one.input.unit,
        "item_id": one.input.question.item_id,
        "kept": one.input.kept,
        "sure": one.sure,
        "latency_ms": one.latency_ms,
        "batch": one.batch,
        "captured_at": one.input.captured_at,
        "created_at": one.at,
        "failure": one.failure,
        "payload": b"" if one.answer is None else one.answer.to_bytes(),
    }


def served(one: Outcome) -> Served:
    """An answer on the wire."""
    assert one.engine is not None and one.answer is not None
    item_id, sure = one.input.question.item_id, one.sure
    answered = Answered(item_id, one.answer, one.latency_ms, False, one.at)
    return Served(
        id=one.id if one.input.about.record else None,
        request=one.request,
        item=item_id,
        model=one.engine.model.name,
        arm=one.arm,
        found=predictions.shown(one.engine.model, answered, "").found,
        sure=sure,
        doubt=round(one.doubt, 4),
        ask=None if sure else ASK,
        latency_ms=round(one.latency_ms, 2),
        created_at=one.at,
    )
