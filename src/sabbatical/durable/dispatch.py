"""Who does a run that was asked for: a child process of this one, or a worker that takes it from a queue."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from sabbatical.core.settings import Settings

MODULE = "sabbatical.worker"


class Dispatcher(Protocol):
    def dispatch(self, run_id: str) -> None:
        """See to it that the run is done, soon and by another process."""

    def close(self) -> None:
        """Wait for nothing and keep no process alive."""


def child_command(run_id: str) -> list[str]:
    """The command line that does one run and ends."""
    return [sys.executable, "-m", MODULE, "run", run_id]


def child_environment(settings: Settings) -> dict[str, str]:
    """The settings in force, for a child process."""
    given = {f"SABBATICAL_{k.upper()}": str(v) for k, v in settings.model_dump().items() if v is not None}
    given["SABBATICAL_HOME"] = str(settings.home.resolve())
    return {**os.environ, **given}


class ChildDispatcher:
    """Each run at once in a child process of its own; for one person at a command line, without a server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._children: list[subprocess.Popen[bytes]] = []

    def dispatch(self, run_id: str) -> None:
        log = self._log(run_id)
        with log.open("ab") as output:
            child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                child_command(run_id), env=child_environment(self._settings), stdout=output, stderr=output
            )
        self._children = [kept for kept in self._children if kept.poll() is None]
        self._children.append(child)

    def close(self) -> None:
        for child in self._children:
            if child.poll() is None:
                child.terminate()
        for child in self._children:
            child.wait()

    def _log(self, run_id: str) -> Path:
        folder = self._settings.home.resolve() / "runs" / run_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder / "log.txt"
