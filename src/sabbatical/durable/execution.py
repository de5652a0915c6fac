"""Doing one run in this process: claim it, run its body, record how it ended."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from typing import Any

from sabbatical.core.errors import Broken, Interrupted, SabbaticalError
from sabbatical.durable import runs
from sabbatical.durable.steps import Step, body_of
from sabbatical.storage.workspace import Workspace

log = logging.getLogger("sabbatical.runs")


class Orphaned(Exception):
    """The process that started this one is gone; whoever comes next takes the run over where it stands."""


class RunProgress:
    """Progress of a run, kept in the database at most once a heartbeat, from a thread of its own.

    The thread also brings the wish to stop back, so that a body need not wait for the database.
    """

    def __init__(self, workspace: Workspace, run_id: str, stop: threading.Event | None = None) -> None:
        self._workspace = workspace
        self._run_id = run_id
        self._latest: tuple[float, str, dict[str, Any]] = (0.0, "Started", {})
        self._stop = stop or threading.Event()
        self._ended = threading.Event()
        self._parent = os.getppid()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        self._latest = (min(max(fraction, 0.0), 1.0), message, numbers or self._latest[2])

    def stopping(self) -> bool:
        if os.getppid() != self._parent:
            raise Orphaned
        return self._stop.is_set()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(runs.HEARTBEAT_SECONDS):
            fraction, message, numbers = self._latest
            try:
                with self._workspace.database.transaction() as session:
                    now = self._workspace.clock()
                    if runs.tell(session, self._run_id, fraction=fraction, message=message, numbers=numbers, now=now):
                        self._stop.set()
            except SabbaticalError as error:  # a busy or full database must not end the work; the next beat tries again
                log.warning("progress of %s was not recorded: %s", self._run_id, error)


def execute(workspace: Workspace, run_id: str, stop: threading.Event | None = None) -> str:
    """Do a run to its end and answer its final state; errors are recorded, not raised.

    Raises:
        Conflict: the run has ended already or another process is at work on it.
    """
    with workspace.database.transaction() as session:
        row = runs.claim(session, run_id, workspace.clock())
        kind, project_id, params = row.kind, row.project_id, dict(row.params)
    progress = RunProgress(workspace, run_id, stop)
    began = time.monotonic()
    outcome: dict[str, Any]
    try:
        result = body_of(kind)(Step(workspace, run_id, project_id, params, progress))
        result.setdefault("seconds", round(time.monotonic() - began, 2))
        outcome = {"state": "done", "message": "Done", "result": result}
    except Orphaned:
        raise
    except Interrupted as error:
        outcome = {"state": "cancelled", "message": error.message, "error": error.to_dict()}
    except SabbaticalError as error:
        outcome = {"state": "failed", "message": error.message, "error": error.to_dict()}
    except Exception as error:
        outcome = {"state": "failed", "message": str(error), "error": _unexpected(workspace, run_id, error)}
    finally:
        progress.close()
    with workspace.database.transaction() as session:
        runs.end(session, run_id, now=workspace.clock(), **outcome)
    return str(outcome["state"])


def _unexpected(workspace: Workspace, run_id: str, error: Exception) -> dict[str, Any]:
    path = workspace.folder("runs", run_id) / "error.txt"
    path.write_text("".join(traceback.format_exception(error)))
    return Broken(
        f"{type(error).__name__}: {error}", where=str(path), hint="This is a fault of ours; the file tells where."
    ).to_dict()
