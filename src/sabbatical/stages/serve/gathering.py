"""Requests that wait for the same model are answered together: what waits when a thread becomes free is its batch.

Nobody waits for others to come, nor for a batch that is not its own: who has computed one hands the next to the first
of those that wait. A text costs a quarter in a batch of sixteen, an image nine tenths.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from sabbatical.stages.train.actions import Answer, Model, Question


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model: how long it took, on how many questions."""

    ms: float
    batch: int


@dataclass
class _Waiting:
    """Woken once: with its answers, or with a `batch` to compute, whose first it is."""

    questions: Sequence[Question]
    woken: threading.Event = field(default_factory=threading.Event)
    batch: list[_Waiting] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    call: Call | None = None
    error: Exception | None = None


class Gathering:
    """A model that several threads ask; at most `width` batches are computed at one time."""

    def __init__(self, model: Model, width: int) -> None:
        self._model = model
        self._free = width
        self._lock = threading.Lock()
        self._waiting: deque[_Waiting] = deque()

    def __call__(self, questions: Sequence[Question]) -> tuple[list[Answer], Call]:
        """An answer to each question, and the call that answered them, perhaps with those of others.

        Raises what the model raises on these questions, whatever else is in their batch.
        """
        mine = _Waiting(questions)
        if not self._begin(mine):
            mine.woken.wait()
        if mine.batch:
            try:
                self._answer(mine.batch)
            finally:
                self._hand_on()
        if mine.error is not None:
            raise mine.error
        assert mine.call is not None
        return mine.answers, mine.call

    def _begin(self, mine: _Waiting) -> bool:
        """Compute at once where that is free; else wait."""
        with self._lock:
            if self._free:
                self._free -= 1
                mine.batch = [mine]
            else:
                self._waiting.append(mine)
        return bool(mine.batch)

    def _hand_on(self) -> None:
        """Let the first of those that wait compute what fills a batch, the first to come first."""
        batch: list[_Waiting] = []
        many = 0
        with self._lock:
            while self._waiting and (not batch or many + len(self._waiting[0].questions) <= self._model.batch):
                batch.append(self._waiting.popleft())
                many += len(batch[-1].questions)
            if not batch:
                self._free += 1
                return
        batch[0].batch = batch
        batch[0].woken.set()

    def _answer(self, batch: list[_Waiting]) -> None:
        """All together; where that fails each alone, so that one bad question fails nobody else's."""
        questions = [question for one in batch for question in one.questions]
        began = time.perf_counter()
        try:
            answers = iter(self._model(questions))
            call = Call((time.perf_counter() - began) * 1000, len(questions))
            for one in batch:
                one.answers, one.call = [next(answers) for _ in one.questions], call
                one.woken.set()
        except Exception as error:
            if len(batch) == 1:
                batch[0].error = error
                batch[0].woken.set()
                return
            for one in batch:
                self._answer([one])
