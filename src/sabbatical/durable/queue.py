"""The queue of runs on DBOS: requests put in, a worker takes out, and goes on after a kill where it stood.

The table of runs is what counts; the queue is how a worker hears of them. What was recorded but never queued (a server
killed between the two) is found by `sweep`.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sabbatical.core.settings import Settings
from sabbatical.durable import runs
from sabbatical.durable.children import GRACE_SECONDS, Spawner, see_through
from sabbatical.durable.flow import follow, is_flow
from sabbatical.storage import leftovers
from sabbatical.storage.workspace import Workspace

if TYPE_CHECKING:
    from dbos import DBOSClient

Tick = Callable[[Workspace, datetime], None]
log = logging.getLogger("sabbatical.queue")
APPLICATION = "sabbatical"
RUNS, FLOWS = "runs", "flows"
"""Two queues: a flow waits for runs, so it must not take the place of one."""
WORKFLOWS = {RUNS: "do_run", FLOWS: "do_flow"}
CODE_VERSION = "1"
"""Part of a workflow's identity in DBOS: raise it when `do_run` changes so that an old one cannot be gone on with."""
POLL_SECONDS = 0.25
TICK = "* * * * *"
PUT_AGAIN_SECONDS = 30.0
KEPT = timedelta(days=1)
CLEAN_SECONDS, CLEANED = 600.0, 1000


def address(settings: Settings) -> str:
    """Where DBOS keeps its state: beside our tables on PostgreSQL, else in a file of the workspace."""
    if settings.database and settings.database.startswith("postgresql"):
        return settings.database.replace("postgresql+psycopg://", "postgresql://", 1)
    return f"sqlite:///{settings.home.resolve() / 'dbos.sqlite'}"


def executor(settings: Settings) -> str:
    """The name of a workspace's worker in DBOS, which stays over restarts: one that starts recovers only its own."""
    return f"{socket.gethostname()}:{settings.home.resolve()}"


class DbosDispatcher:
    """Puts runs in the queue from a process that does none itself. Connects when it is first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: DBOSClient | None = None
        self._lock = threading.Lock()

    def dispatch(self, run_id: str, kind: str) -> None:
        try:
            put(self._connected(), run_id, kind)
        except Exception as error:  # it is on record, and the worker's next sweep finds it
            log.warning("run %s was not queued, the worker will find it: %s", run_id, str(error).split("\n")[0])

    def close(self) -> None:
        if self._client is not None:
            self._client.destroy()

    def _connected(self) -> DBOSClient:
        from dbos import DBOSClient  # noqa: PLC0415 - half of a web process's memory, for one that may never need it

        with self._lock:
            if self._client is None:
                self._client = DBOSClient(
                    system_database_url=address(self._settings), application_name=APPLICATION, lazy=True
                )
            return self._client


def put(client: Any, run_id: str, kind: str) -> None:
    """Put a run in its queue, unless it is in there or being done."""
    queue = FLOWS if is_flow(kind) else RUNS
    options = {
        "queue_name": queue,
        "workflow_name": WORKFLOWS[queue],
        "app_version": CODE_VERSION,
        "deduplication_id": run_id,
        "duplication_policy": "return-existing",
    }
    client.enqueue(options, run_id)


class Worker:
    """Takes runs from the queue, at most `settings.workers` at one time, each in a child process; flows in threads.

    Once a minute `tick` is called with the moment: it may record runs that are due.
    """

    def __init__(self, workspace: Workspace, stopping: threading.Event, tick: Tick | None = None) -> None:
        from dbos import DBOS, DBOSClient  # noqa: PLC0415 - only a worker needs all of it

        self._workspace = workspace
        self._at_work: set[str] = set()
        self._dbos = DBOS
        self._spawner = spawner = Spawner(workspace.settings)
        if count := leftovers.remove(workspace):
            log.info("%d files that killed processes had left half written are gone", count)
        url = address(workspace.settings)
        self._client = client = DBOSClient(system_database_url=url, application_name=APPLICATION, lazy=True)
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": url,
                "application_version": CODE_VERSION,
                "executor_id": executor(workspace.settings),
                "log_level": "WARNING",
            }
        )

        @DBOS.step(name="see_through")
        def do(run_id: str) -> str:
            return see_through(workspace, run_id, stopping, spawner)

        @DBOS.workflow(name=WORKFLOWS[RUNS])
        def do_run(run_id: str) -> str:
            with self._at_work_on(run_id):
                return do(run_id)

        @DBOS.workflow(name=WORKFLOWS[FLOWS])
        def do_flow(run_id: str) -> str:
            with self._at_work_on(run_id):
                return follow(workspace, run_id, lambda child, kind: put(client, child, kind), stopping)

        @DBOS.workflow(name="tick")
        def do_tick(moment: datetime, _context: Any) -> None:
            if tick is not None:
                tick(workspace, moment)

        DBOS.launch()
        DBOS.register_queue(RUNS, worker_concurrency=workspace.settings.workers, polling_interval_sec=POLL_SECONDS)
        DBOS.register_queue(FLOWS, polling_interval_sec=POLL_SECONDS)
        DBOS.apply_schedules([{"schedule_name": "tick", "workflow_fn": do_tick, "schedule": TICK, "context": None}])
        self._put: dict[str, float] = {}
        self._cleaned = 0.0

    def sweep(self) -> None:
        """Queue what is on record as to be done; what is queued already stays once."""
        with self._workspace.database.reading() as session:
            waiting = runs.waiting(session, self._workspace.clock())
        now, still = time.monotonic(), dict(waiting)
        if stuck := {key for key, at in self._put.items() if key in still and now - at >= PUT_AGAIN_SECONDS}:
            self._put |= dict.fromkeys(self._take_over(stuck), now)
        self._put = {key: at for key, at in self._put.items() if key in still and now - at < PUT_AGAIN_SECONDS}
        for run_id, kind in waiting:
            if run_id not in self._put:
                put(self._client, run_id, kind)
                self._put[run_id] = now
        if now - self._cleaned > CLEAN_SECONDS or not self._cleaned:
            self._cleaned = now
            self._clean()

    def _take_over(self, run_ids: set[str]) -> list[str]:
        """Go on with what was begun and nobody is at work on.

        What another worker had begun that has not come back, DBOS recovers only under its own name. What this one had
        begun, and could not record the end of on a full disk, it would recover only after a new start.
        """
        ours, taken = executor(self._workspace.settings), []
        for one in self._client.list_workflows(status="PENDING", load_input=False, load_output=False):
            begun = one.executor_id != ours or one.deduplication_id not in self._at_work
            if one.deduplication_id in run_ids and begun:
                log.warning("run %s is taken over from the worker %s", one.deduplication_id, one.executor_id)
                self._client.resume_workflow(one.workflow_id, queue_name=one.queue_name)
                taken.append(one.deduplication_id)
        return taken

    @contextmanager
    def _at_work_on(self, run_id: str) -> Iterator[None]:
        self._at_work.add(run_id)
        try:
            yield
        finally:
            self._at_work.discard(run_id)

    def _clean(self) -> None:
        """Let go of workflows that ended long ago: the table of runs knows how, and every minute has its tick."""
        before = (self._workspace.clock() - KEPT).isoformat()
        old = self._client.list_workflows(
            status=["SUCCESS", "ERROR"], completed_before=before, limit=CLEANED, load_input=False, load_output=False
        )
        if old:
            self._client.delete_workflows([one.workflow_id for one in old])

    def close(self) -> None:
        """Let the children save what they have."""
        self._client.destroy()
        self._dbos.destroy(workflow_completion_timeout_sec=int(2 * GRACE_SECONDS))
        self._spawner.close()
