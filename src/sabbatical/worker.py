"""The process that does the long work: one run as a child, or all that the queue holds as a worker."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from types import FrameType

from sabbatical.core.errors import SabbaticalError
from sabbatical.core.settings import load
from sabbatical.durable.execution import Orphaned, execute
from sabbatical.stages import all_steps  # noqa: F401 - registers the step of every kind
from sabbatical.storage.workspace import open_workspace


def run_once(run_id: str) -> int:
    """Do one run and answer an exit code; a signal asks it to stop and keep what it has."""
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    workspace = open_workspace(load())
    try:
        return 0 if execute(workspace, run_id, stop) == "done" else 1
    except Orphaned:
        return 3
    finally:
        workspace.close()


def main(arguments: list[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    match arguments:
        case ["run", run_id]:
            try:
                return run_once(run_id)
            except SabbaticalError as error:
                sys.stderr.write(f"{error}\n")
                return 1
        case _:
            sys.stderr.write("usage: python -m sabbatical.worker run RUN_ID\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
