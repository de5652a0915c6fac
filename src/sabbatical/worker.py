"""The process that does the long work: all that the queue holds as a worker, or one run as a child of one."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from datetime import datetime
from types import FrameType

from sabbatical.core.errors import Conflict, SabbaticalError
from sabbatical.core.settings import load
from sabbatical.durable import BUSY, WORKER_LOCK, runs
from sabbatical.durable.execution import ORPHANED, execute
from sabbatical.durable.flow import flow_in
from sabbatical.durable.forkserver import WISHES
from sabbatical.durable.forkserver import serve as serve_forks
from sabbatical.durable.lease import Lease
from sabbatical.durable.patience import CANNOT_WRITE
from sabbatical.durable.queue import Worker
from sabbatical.stages import kinds
from sabbatical.storage.workspace import Workspace, open_workspace

log = logging.getLogger("sabbatical.worker")
USAGE = "usage: python -m sabbatical.worker run RUN_ID [PARENT_PID] | serve [PARENT_PID] | fork SOCKET\n"
SWEEP_SECONDS = 1.0
PATIENCE_SECONDS = 1.0
FAILED = 1
CODES = {"done": 0, "queued": ORPHANED}


def run_once(run_id: str, parent: int | None) -> int:
    """Do one run and answer an exit code; a signal asks it to save what it has, for another process to go on."""
    stop = _stop_on_signals()
    workspace = open_workspace(load())
    try:
        with workspace.database.reading() as session:
            kinds.register(runs.get(session, run_id).kind)
        return CODES.get(execute(workspace, run_id, stop, parent), FAILED)
    finally:
        workspace.close()


def serve(parent: int | None) -> int:
    """Take runs from the queue until a signal comes, or the process `parent`, which started this one, is gone.

    Raises:
        Conflict: another worker is at work on this workspace.
    """
    stop = _stop_on_signals()
    workspace = open_workspace(load())
    lease = Lease.take(workspace.home / WORKER_LOCK, PATIENCE_SECONDS)
    if lease is None:
        raise Conflict("Another worker is at work on this workspace.", where=str(workspace.home))
    flow_in("turn", "sabbatical.autopilot.turn")
    worker = Worker(workspace, stop, _tick)
    try:
        while not stop.is_set() and parent in (None, os.getppid()):
            _sweep(worker)
            stop.wait(SWEEP_SECONDS)
    finally:
        stop.set()
        worker.close()
        workspace.close()
        lease.give_back()
    return 0


def _sweep(worker: Worker) -> None:
    try:
        worker.sweep()
    except CANNOT_WRITE as error:  # a full disk ends no worker; the next sweep finds the same runs
        log.warning("no run could be queued: %s", error)


def _tick(workspace: Workspace, moment: datetime) -> None:
    from sabbatical.autopilot.schedules import tick  # noqa: PLC0415 - half of what a worker would load at its start

    tick(workspace, moment)


def fork(descriptor: int) -> int:
    """Fork a process for each run that is asked for; in such a process, do that run."""
    job = serve_forks(descriptor, kinds.prepare)
    return 0 if job is None else run_once(job.run, job.parent)


def main(arguments: list[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    number = int(arguments.pop()) if arguments and arguments[-1].isdigit() else None
    try:
        match arguments:
            case ["fork"] if number is not None:
                return fork(number)
            case ["run", run_id]:
                return run_once(run_id, number)
            case ["serve"]:
                return serve(number)
    except Conflict as error:
        sys.stderr.write(f"{error}\n")
        return BUSY
    except SabbaticalError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    sys.stderr.write(USAGE)
    return 2


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for wish in WISHES:
        signal.signal(wish, ask_to_stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, WISHES)
    return stop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
