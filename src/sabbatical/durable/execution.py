"""Doing one run in this process: claim it, run its body, record how it ended."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import Broken, Conflict, Interrupted, SabbaticalError, Stopped
from sabbatical.durable import runs
from sabbatical.durable.lease import Lease
from sabbatical.durable.patience import CANNOT_WRITE, recorded
from sabbatical.durable.steps import Body, Step, body_of
from sabbatical.storage.files import room
from sabbatical.storage.workspace import Workspace

log = logging.getLogger("sabbatical.runs")
GRACE_SECONDS = 60.0
ORPHANED = 3


class Orphaned(Exception):
    """The process that started this one is gone; whoever comes next takes the run over where it stands."""


class RunProgress:
    """Progress of a run, kept in the database at most once a heartbeat, from a thread of its own.

    The thread also brings the wish to stop back, so that a body need not wait for the database. A body that does not
    look in time, though its run was cancelled or the process that started this one is gone, ends with this process.
    """

    def __init__(self, workspace: Workspace, run_id: str, stop: threading.Event, parent: int | None) -> None:
        self._workspace = workspace
        self._run_id = run_id
        self._latest: tuple[float, str, dict[str, Any]] = (0.0, "Started", {})
        self._stop = stop
        self._parent = parent
        self._ended = threading.Event()
        self._told_at: float | None = None
        self._orphaned = False
        self.cancelled = False
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        self._latest = (min(max(fraction, 0.0), 1.0), message, numbers or self._latest[2])

    def stopping(self) -> bool:
        if self._orphaned:
            raise Orphaned
        return self.cancelled or self._stop.is_set()

    def close(self) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(runs.HEARTBEAT_SECONDS):
            self._orphaned = self._parent is not None and os.getppid() != self._parent
            self._end_if_deaf()
            fraction, message, numbers = self._latest
            try:
                with self._workspace.database.transaction() as session:
                    now = self._workspace.clock()
                    if runs.tell(session, self._run_id, fraction=fraction, message=message, numbers=numbers, now=now):
                        self.cancelled = True
            except CANNOT_WRITE as error:  # this must not end the work; the next beat tries again
                log.warning("progress of %s was not recorded: %s", self._run_id, error)

    def _end_if_deaf(self) -> None:
        if not (self._orphaned or self.cancelled):
            return
        if self._told_at is None:
            self._told_at = time.monotonic()
        elif time.monotonic() - self._told_at > GRACE_SECONDS:
            os._exit(ORPHANED)


def execute(
    workspace: Workspace,
    run_id: str,
    stop: threading.Event | None = None,
    parent: int | None = None,
    body: Body | None = None,
) -> str:
    """Do a run to its end and answer its final state; errors are recorded, not raised.

    When `stop` is set, or the process `parent` is gone, the body saves what it has and the run waits to go on. The body
    is the one registered for the run's kind unless given. On a full disk it waits for room to record how it ended.

    Raises:
        Conflict: the run has ended already, or another process is at work on it.
        StorageFull: it was to stop, and how the run ended could not be recorded; another process does it again.
    """
    stop = stop or threading.Event()

    def leaving() -> bool:
        return stop.is_set() or (parent is not None and os.getppid() != parent)

    lease = Lease.take(workspace.folder("runs", run_id) / "lock")
    if lease is None:
        raise Conflict(f"Another process is at work on run {run_id}.", hint="Look at its progress instead.")
    try:
        row = recorded(
            workspace, lambda one: runs.claim(one, run_id, workspace.clock(), alone=lease.inherited), leaving
        )
        if row.state != "running":
            return row.state
        progress = RunProgress(workspace, run_id, stop, parent)
        try:
            step = Step(workspace, run_id, row.project_id, dict(row.params), progress)
            outcome = _outcome(row.kind, body, step, progress)
        finally:
            progress.close()
        return recorded(workspace, lambda one: _ended(one, run_id, outcome, workspace.clock()), leaving)
    finally:
        lease.give_back()


def _ended(session: Session, run_id: str, outcome: dict[str, Any] | None, now: datetime) -> str:
    """Record how a run ended, or that it waits to go on; answers its state."""
    if outcome is None:
        return runs.release(session, run_id)
    if outcome["state"] == "cancelled":
        outcome = _with_reason(outcome, runs.why_cancelled(runs.get(session, run_id)))
    runs.end(session, run_id, now=now, **outcome)
    return runs.get(session, run_id).state


def _outcome(kind: str, body: Body | None, step: Step, progress: RunProgress) -> dict[str, Any] | None:
    """How the body ended; None where it was told to end so that another process goes on."""
    began = time.monotonic()
    try:
        with room("The disk is full; what was done so far is kept."):
            result = (body or body_of(kind))(step)
        result.setdefault("seconds", round(time.monotonic() - began, 2))
        return {"state": "done", "message": str(result.get("message", "Done")), "result": result}
    except Orphaned:
        return None
    except Interrupted as error:
        if not (progress.cancelled or isinstance(error, Stopped)):
            return None
        return {"state": "cancelled", "message": error.message, "error": error.to_dict()}
    except SabbaticalError as error:
        return {"state": "failed", "message": error.message, "error": error.to_dict()}
    except Exception as error:
        return {"state": "failed", "message": str(error), "error": _unexpected(step, error)}


def _with_reason(outcome: dict[str, Any], why: str) -> dict[str, Any]:
    """That a run was cancelled, and by whom, where a body tells only that it was."""
    if not why or why in outcome["message"]:
        return outcome
    return outcome | {"message": f"Cancelled: {why}", "error": outcome["error"] | {"message": why}}


def _unexpected(step: Step, error: Exception) -> dict[str, Any]:
    path = step.folder / "error.txt"
    try:
        path.write_text("".join(traceback.format_exception(error)))
    except OSError:  # the process's own log has it too
        log.exception("run %s", step.run_id, exc_info=error)
    return Broken(
        f"{type(error).__name__}: {error}", where=str(path), hint="This is a fault of ours; the file tells where."
    ).to_dict()
