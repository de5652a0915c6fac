"""One request at work: each input goes to the arm of its unit; what a challenger cannot answer, the champion does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sabbatical.core.errors import BadInput, Broken, SabbaticalError
from sabbatical.core.ids import new_id
from sabbatical.schemas.serve import Arm
from sabbatical.stages.serve.arms import arm_of
from sabbatical.stages.serve.cast import Cast
from sabbatical.stages.serve.engines import Engine
from sabbatical.stages.serve.inputs import Ready
from sabbatical.stages.serve.outcomes import Outcome
from sabbatical.stages.serve.repeats import names, prediction_id
from sabbatical.stages.serve.routes import Route


@dataclass(frozen=True)
class Exchange:
    """A request: its id, the key that its client gave, when it came, its inputs, the route they take."""

    id: str
    key: str | None
    at: datetime
    route: Route
    inputs: Sequence[Ready]
    cast: Cast

    def challenge(self) -> list[Outcome]:
        """What the challenger says of the units that are its own, or that it failed; nothing while it is on its way."""
        arms = [arm_of(self.route.routing, one.unit, one.question.item_id) for one in self.inputs]
        theirs = [number for number, arm in enumerate(arms) if arm != "champion"]
        if not theirs:
            return []
        return self._try(theirs, arms[theirs[0]], self.cast.challenger)

    def defend(self, numbers: Sequence[int]) -> list[Outcome]:
        """What the champion says of these inputs.

        Raises:
            NotReady, Unavailable: no model can answer.
            Broken: the model fails on them.
        """
        try:
            return self._compute(self.cast.champion(self.route), numbers, "champion")
        except SabbaticalError:
            raise
        except Exception as error:
            raise Broken(f"The model could not answer: {type(error).__name__}: {error}.") from error

    def follow(self) -> list[Outcome]:
        """What the challenger says of all inputs in the shadow, or that it failed."""
        return self._try(range(len(self.inputs)), "shadow", self.cast.shadow)

    def failures(self, numbers: Sequence[int], arm: Arm, error: Exception) -> list[Outcome]:
        """That a model could not answer."""
        release = self.route.routing.release
        model_id = self.route.routing.champion_id if arm == "champion" or release is None else release.model_id
        why = f"{type(error).__name__}: {error}"
        return [
            Outcome(new_id("prd"), self.id, number, self.inputs[number], arm, str(model_id), self.at, failure=why)
            for number in numbers
        ]

    def names(self) -> frozenset[str]:
        """The ids that answers to this request have, whoever gives them; none without a key."""
        return frozenset(names(self.route.project.id, self.key, len(self.inputs)) if self.key is not None else ())

    def _try(self, numbers: Sequence[int], arm: Arm, find: Callable[[Route], Engine | None]) -> list[Outcome]:
        engine: Engine | None = None
        try:
            engine = find(self.route)
            return [] if engine is None else self._compute(engine, numbers, arm)
        except Exception as error:
            if isinstance(error, BadInput) and engine is not None:
                raise  # the input is to blame
            return self.failures(numbers, arm, error)

    def _compute(self, engine: Engine, numbers: Sequence[int], arm: Arm) -> list[Outcome]:
        answers, call = engine.answer([self.inputs[number].question for number in numbers])
        return [
            Outcome(
                self._name(number, arm),
                self.id,
                number,
                self.inputs[number],
                arm,
                engine.model.id,
                self.at,
                engine=engine,
                answer=answer,
                latency_ms=call.ms,
                batch=call.batch,
            )
            for number, answer in zip(numbers, answers, strict=True)
        ]

    def _name(self, number: int, arm: Arm) -> str:
        """The id of a prediction: the same for a request that is repeated with its key."""
        if self.key is None:
            return new_id("prd")
        return prediction_id(self.route.project.id, self.key, number, arm)
