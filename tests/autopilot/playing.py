"""Turns in threads of the test, with all that they ask for; and something that happens between two moments of one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dbos import DBOS

from sabbatical.durable import flow
from sabbatical.durable.execution import execute
from sabbatical.durable.flow import follow
from sabbatical.schemas.autopilot import Turn
from sabbatical.stages import all_steps  # noqa: F401 - registers the steps
from sabbatical.storage.workspace import Workspace
from tests.autopilot.conftest import Office


class Threads:
    """Turns in threads, with the runs that they ask for."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.stopping = threading.Event()
        self.all: list[threading.Thread] = []

    def play(self) -> str:
        """Begin a turn."""
        run_id = self.office.ask()
        self._go(follow, self.office.workspace, run_id, self._run, self.stopping)
        return run_id

    def end(self, run_id: str) -> Turn:
        """The turn when it has ended."""
        self.office.ended(run_id)
        return self.office.client.project().autopilot.turn(run_id)

    def _run(self, run_id: str, _kind: str) -> None:
        self._go(execute, self.office.workspace, run_id, self.stopping)

    def _go(self, *call: Any) -> None:
        thread = threading.Thread(target=call[0], args=call[1:])
        self.all.append(thread)
        thread.start()


@contextmanager
def in_threads(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Threads]:
    monkeypatch.setattr(DBOS, "run_step", staticmethod(lambda _options, function, *given: function(*given)))
    made = Threads(office)
    yield made
    made.stopping.set()
    for thread in made.all:
        thread.join()


def before(monkeypatch: pytest.MonkeyPatch, point: str, happens: Callable[[], object]) -> None:
    """Let something happen between a step's question whether to go on and what it changes."""

    def fault(_workspace: Workspace, here: str) -> None:
        if here == f"turn.{point}.before":
            happens()

    monkeypatch.setattr(flow, "fault", fault)
