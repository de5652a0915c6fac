"""Runs in child processes, killed apart from whoever asked for them; a child that dies is followed by another."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.orm import Session

from sabbatical.core.errors import Broken, OverLimit, SabbaticalError
from sabbatical.core.settings import Settings
from sabbatical.durable import BUSY, WORKER_LOCK, forkserver, runs
from sabbatical.durable.forkserver import LOST, Child, ForkServer
from sabbatical.durable.lease import Lease
from sabbatical.durable.limits import Limits, Over
from sabbatical.durable.patience import recorded
from sabbatical.storage.tables import RunRow
from sabbatical.storage.workspace import Workspace

log = logging.getLogger("sabbatical.runs")
MODULE = "sabbatical.worker"
MOST_DEATHS = 3
GRACE_SECONDS = 10.0
WORKER_PAUSE_SECONDS, LONGEST_WORKER_PAUSE_SECONDS = 0.5, 30.0
WELL_SECONDS = 60.0
"""A worker that lived so long started well; one that did not is followed by the next after a longer pause."""
LOG_LINES = 12


Spawn = Callable[[RunRow], Child]


class Spawner:
    """Starts a process for each run: forked where that can be, else an interpreter of its own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._forks: ForkServer | None = None
        if forkserver.AVAILABLE:
            log_file = settings.home.resolve() / "logs" / "runs.log"
            log_file.parent.mkdir(parents=True, exist_ok=True)
            self._forks = ForkServer(lambda: [sys.executable, "-m", MODULE, "fork"], settings.environment(), log_file)

    def __call__(self, row: RunRow) -> Child:
        """Start the process that does one run and ends; what it prints goes to `runs/<id>/log.txt`."""
        log_file = log_of(self._settings, row.id)
        if self._forks is None:
            return _start(self._settings, ["run", row.id], log_file)
        return self._forks.fork(row.id, row.kind, log_file)

    def close(self) -> None:
        if self._forks is not None:
            self._forks.close()


def see_through(workspace: Workspace, run_id: str, stopping: threading.Event, spawn: Spawn) -> str:
    """Do a run in a child process and answer its state. A child that dies is followed by another, up to three.

    When `stopping` is set, the child saves what it has and the run waits to go on.
    """
    deaths = 0
    while True:
        with workspace.database.reading() as session:
            row = runs.get(session, run_id)
        if row.state in runs.ENDED or stopping.is_set():
            return row.state
        if _is_at_work(workspace, row):
            stopping.wait(runs.HEARTBEAT_SECONDS)
            continue
        try:
            code = _wait(spawn(row), stopping, Limits(workspace.settings))
        except (OverLimit, Broken) as error:
            return _fail(workspace, run_id, error, stopping)
        if code not in (BUSY, LOST):
            deaths += _count_death(workspace, run_id, code, deaths, stopping)


def _is_at_work(workspace: Workspace, row: RunRow) -> bool:
    """Whether another process does this run, on this machine or on another."""
    lock = workspace.folder("runs", row.id) / "lock"
    if Lease.is_held(lock):
        return True
    elsewhere = row.state in runs.AT_WORK and not Lease.was_held_here(lock)
    return elsewhere and not runs.stalled(row, workspace.clock())


def keep_a_worker(workspace: Workspace, stopping: threading.Event) -> None:
    """Keep a worker at work on the workspace until `stopping` is set; where another process has one, that will do."""
    path = workspace.folder("logs") / "worker.log"
    pause = WORKER_PAUSE_SECONDS
    while not stopping.is_set():
        if Lease.is_held(workspace.home / WORKER_LOCK):
            stopping.wait(WORKER_PAUSE_SECONDS)
            continue
        began = time.monotonic()
        _wait(_start(workspace.settings, ["serve"], path), stopping, None)
        if time.monotonic() - began > WELL_SECONDS:
            pause = WORKER_PAUSE_SECONDS
        stopping.wait(pause)
        pause = min(2 * pause, LONGEST_WORKER_PAUSE_SECONDS)


def _start(settings: Settings, arguments: list[str], log_file: Path) -> subprocess.Popen[bytes]:
    """Start a process that ends with this one.

    It has a session of its own, so that Ctrl-C at a terminal reaches only who can decide what it means.
    """
    with log_file.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", MODULE, *arguments, str(os.getpid())],
            env=settings.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def log_of(settings: Settings, run_id: str) -> Path:
    folder = settings.home.resolve() / "runs" / run_id
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "log.txt"


def _wait(child: Child, stopping: threading.Event, limits: Limits | None) -> int:
    """The exit code of a child, which is told to end when `stopping` is set.

    Raises:
        OverLimit: it took more than the settings allow, and is gone.
    """
    told = False
    over: Over | None = None
    while True:
        try:
            code = child.wait(GRACE_SECONDS if told else 0.1)
        except subprocess.TimeoutExpired:
            if over is None and limits is not None:
                over = limits.exceeded(child.pid)
            if told or (over is not None and over.at_once):
                child.kill()
            elif stopping.is_set() or over is not None:
                child.terminate()
                told = True
            continue
        if over is not None:
            raise over.error
        return code


def _count_death(workspace: Workspace, run_id: str, code: int, deaths: int, stopping: threading.Event) -> int:
    """1 if the child ended without ending its run; at the last one the run fails, before it waits to go on."""
    if recorded(workspace, lambda session: runs.release(session, run_id), stopping.is_set) in runs.ENDED:
        return 0
    how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with code {code}"
    log.warning("the process of run %s %s", run_id, how)
    if deaths + 1 == MOST_DEATHS:
        error = Broken(
            f"Its process {how}, {MOST_DEATHS} times in a row.",
            where=str(log_of(workspace.settings, run_id)),
            hint="If memory is short, give it a smaller batch; the file may tell more.",
        )
        _fail(workspace, run_id, error, stopping)
    return 1


def _fail(workspace: Workspace, run_id: str, error: SabbaticalError, stopping: threading.Event) -> str:
    """End a run whose process is gone, unless it has ended by itself; answers its state."""

    def end(session: Session) -> str:
        state = runs.release(session, run_id)
        if state in runs.ENDED:
            return state
        runs.end(session, run_id, "failed", workspace.clock(), message=error.message, error=error.to_dict())
        return "failed"

    return recorded(workspace, end, stopping.is_set)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
