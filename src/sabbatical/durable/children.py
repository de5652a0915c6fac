"""Runs in child processes, killed apart from whoever asked for them; a child that dies is followed by another."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from sabbatical.core.errors import Broken
from sabbatical.core.settings import Settings
from sabbatical.durable import BUSY, runs
from sabbatical.durable.lease import Lease
from sabbatical.storage.tables import RunRow
from sabbatical.storage.workspace import Workspace

log = logging.getLogger("sabbatical.runs")
MODULE = "sabbatical.worker"
MOST_DEATHS = 3
GRACE_SECONDS = 10.0
LOG_LINES = 12


def see_through(workspace: Workspace, run_id: str, stopping: threading.Event) -> str:
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
        code = _wait(spawn(workspace.settings, run_id), stopping)
        if code != BUSY:
            deaths += _count_death(workspace, run_id, code, deaths)


def _is_at_work(workspace: Workspace, row: RunRow) -> bool:
    """Whether another process does this run, on this machine or on another."""
    lock = workspace.folder("runs", row.id) / "lock"
    if Lease.is_held(lock):
        return True
    elsewhere = row.state in runs.AT_WORK and not Lease.was_held_here(lock)
    return elsewhere and not runs.stalled(row, workspace.clock())


def spawn(settings: Settings, run_id: str) -> subprocess.Popen[bytes]:
    """Start the process that does one run and ends; what it prints goes to `runs/<id>/log.txt`.

    It has a session of its own, so that Ctrl-C at a terminal reaches only who can decide what it means.
    """
    command = [sys.executable, "-m", MODULE, "run", run_id, str(os.getpid())]
    with log_of(settings, run_id).open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
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


def _wait(child: subprocess.Popen[bytes], stopping: threading.Event) -> int:
    told = False
    while True:
        try:
            return child.wait(GRACE_SECONDS if told else 0.1)
        except subprocess.TimeoutExpired:
            if told:
                child.kill()
            elif stopping.is_set():
                child.terminate()
                told = True


def _count_death(workspace: Workspace, run_id: str, code: int, deaths: int) -> int:
    """1 if the child ended without ending its run; at the last one the run fails, before it waits to go on."""
    with workspace.database.transaction() as session:
        state = runs.release(session, run_id)
        if state in runs.ENDED:
            return 0
        how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with code {code}"
        log.warning("the process of run %s %s", run_id, how)
        if deaths + 1 == MOST_DEATHS:
            error = Broken(
                f"Its process {how}, {MOST_DEATHS} times in a row.",
                where=str(log_of(workspace.settings, run_id)),
                hint="If memory is short, give it a smaller batch; the file may tell more.",
            )
            now = workspace.clock()
            runs.end(session, run_id, "failed", now, message=error.message, error=error.to_dict())
    return 1


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
