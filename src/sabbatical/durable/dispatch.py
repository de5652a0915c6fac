"""Who sees to it that a run is done: this process with a child, or a worker that takes it from a queue."""

from __future__ import annotations

import threading
from typing import Protocol

from sabbatical.durable.children import Spawner, keep_a_worker, see_through
from sabbatical.durable.flow import is_flow
from sabbatical.storage.workspace import Workspace

WORKER = "worker"


class Dispatcher(Protocol):
    def dispatch(self, run_id: str, kind: str) -> None:
        """See to it that the run is done, soon and by another process. Harmless for one that is at work already."""

    def close(self) -> None:
        """Keep no process alive."""


class ChildDispatcher:
    """Each run at once in a child process of this one; for one person at a command line, without a server.

    Flows wait for other runs and survive kills by DBOS, so they are left to a worker, which is a child of this process
    too. Closing it stops the children; they save what they have, and their runs wait to go on.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._spawner = Spawner(workspace.settings)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}

    def dispatch(self, run_id: str, kind: str) -> None:
        with self._lock:
            self._threads = {key: thread for key, thread in self._threads.items() if thread.is_alive()}
            name = WORKER if is_flow(kind) else run_id
            if name in self._threads or self._stopping.is_set():
                return
            if name == WORKER:
                thread = threading.Thread(target=keep_a_worker, args=(self._workspace, self._stopping), daemon=True)
            else:
                arguments = (self._workspace, run_id, self._stopping, self._spawner)
                thread = threading.Thread(target=see_through, args=arguments, name=f"run {run_id}", daemon=True)
            self._threads[name] = thread
            thread.start()

    def close(self) -> None:
        self._stopping.set()
        for thread in self._threads.values():
            thread.join()
        self._spawner.close()
