"""Studies: start the trials that are missing, a few at a time, and put together what they say."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sabbatical.schemas import run as run_schema
from sabbatical.schemas.study import StudyName, StudyPlan, StudyRequest, StudyResult, StudyTask, TrialRequest
from sabbatical.sdk.client import Client, place, request
from sabbatical.sdk.run import Run, plain

LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Trials:
    """How far the trials of a study are.

    Attributes:
        done: trials that have ended.
        asked: trials in all.
        at_work: those that are under way.
    """

    done: int
    asked: int
    at_work: Sequence[Run[dict[str, Any]]]

    @property
    def fraction(self) -> float:
        """Of the whole, counting trials under way by how far they are."""
        return (self.done + sum(run.record.fraction for run in self.at_work)) / max(1, self.asked)


class Study:
    """One study of one data set: trials, and what they say."""

    def __init__(self, client: Client, asked: StudyRequest) -> None:
        self._client = client
        self.asked = asked

    def run_trials(self, at_once: int, progress: Callable[[Trials], None] | None = None) -> None:
        """Do every trial that has not ended, `at_once` at a time.

        Raises:
            SabbaticalError: why one of them failed; the others are stopped and keep what they have.
        """
        plan = StudyPlan.model_validate(self._client.post(place("studies", "plan"), self.asked))
        for name in plan.sets:  # before trials would all fetch the same files at once
            self._run(self._client.post(place("catalogue", name, "get"))).wait()
        waiting = list(plan.trials)
        asked, running = plan.done + len(waiting), list[Run[dict[str, Any]]]()
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    running.append(self._start(waiting.pop(0)))
                for run in list(running):
                    run.refresh()
                    if run.record.ended:
                        running.remove(run)
                        run.result()
                    elif run.record.stalled:
                        run.resume()
                if progress is not None:
                    progress(Trials(asked - len(waiting) - len(running), asked, running))
                if running:
                    time.sleep(LOOK_SECONDS)
        except BaseException:
            for run in running:
                run.cancel(why="the study was stopped")
            raise

    def start(self) -> Run[StudyResult]:
        """Begin to put together what the trials that have ended say."""
        answer = self._client.post(place("studies"), self.asked)
        return Run(self._client, run_schema.Run.model_validate(answer), _result)

    def page(self, run: Run[StudyResult], file: str | Path) -> Path:
        """Write the report that a run of `start` made as one self-contained page of HTML."""
        return self._client.download(place("studies", run.id, "page"), Path(file))

    def _start(self, asked: TrialRequest) -> Run[dict[str, Any]]:
        return self._run(self._client.post(place("studies", "trials"), asked))

    def _run(self, answer: Any) -> Run[dict[str, Any]]:
        return Run(self._client, run_schema.Run.model_validate(answer), plain)


def list_tasks(client: Client) -> list[StudyTask]:
    """What can be studied."""
    return [StudyTask.model_validate(row) for row in client.get(place("studies"))]


def study(client: Client, name: StudyName, data: str, **asked: Any) -> Study:
    """A study; see `StudyRequest` for what can be asked."""
    return Study(client, request(StudyRequest, study=name, data=data, **asked))


def _result(record: run_schema.Run) -> StudyResult:
    return StudyResult.model_validate(record.result)
