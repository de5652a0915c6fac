"""The worker as a process of its own, with DBOS: what it takes from the queue is done once, whatever is killed."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType

import psutil
import pytest
from dbos import DBOSClient

from sabbatical.core.settings import load
from sabbatical.durable import runs
from sabbatical.durable.forkserver import Child
from sabbatical.durable.queue import DbosDispatcher, address, executor
from sabbatical.storage.workspace import Workspace
from tests import forks
from tests.durable import elsewhere, napping
from tests.durable.conftest import Ask, look, ticks, until

Start = Callable[..., Child]


@pytest.fixture
def start(workspace: Workspace) -> Iterator[Start]:
    """Starts a worker; all are ended after the test."""
    with ExitStack() as ends:

        def worker(module: ModuleType = napping) -> Child:
            log = workspace.home / "worker.log"
            process = forks.begin(workspace.settings, ["serve"], log, module=module.__name__)
            ends.callback(process.wait)
            ends.callback(process.kill)  # what it leaves sees that it is gone, and ends
            return process

        yield worker


@pytest.fixture
def dispatcher(workspace: Workspace) -> Iterator[DbosDispatcher]:
    made = DbosDispatcher(workspace.settings)
    yield made
    made.close()


@contextmanager
def dbos_client(workspace: Workspace) -> Iterator[DBOSClient]:
    client = DBOSClient(system_database_url=address(workspace.settings), lazy=True)
    yield client
    client.destroy()


def _state(workspace: Workspace, run_id: str) -> str:
    return look(workspace, run_id).state


def test_worker_and_child_killed_in_mid_run_then_started_again_end_the_run_once(
    workspace: Workspace, ask: Ask, start: Start, dispatcher: DbosDispatcher
) -> None:
    first = start()
    until((workspace.home / "dbos.sqlite").exists, "the worker's start")
    run_id = ask(ticks=60)
    dispatcher.dispatch(run_id, "nap")
    child = until(lambda: ticks(workspace, run_id), "the first tick")[0]
    os.kill(first.pid, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)
    first.wait()
    begun = len(ticks(workspace, run_id))
    assert _state(workspace, run_id) == "running"
    start()
    until(lambda: _state(workspace, run_id) == "done", "the end of the run")
    done = ticks(workspace, run_id)
    assert begun < 60 == len(done)
    assert len(set(done)) == 2


def test_a_worker_of_another_machine_goes_on_with_what_one_that_is_gone_had_begun(
    workspace: Workspace, ask: Ask, start: Start
) -> None:
    first = start()
    run_id = ask(ticks=60)
    child = until(lambda: ticks(workspace, run_id), "the first tick")[0]
    os.kill(first.pid, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)
    first.wait()
    with dbos_client(workspace) as client:
        [begun] = client.list_workflows(status="PENDING")
        assert (begun.deduplication_id, begun.executor_id) == (run_id, executor(workspace.settings))
        start(elsewhere)
        until(lambda: _state(workspace, run_id) == "done", "the end of the run")
        assert len(ticks(workspace, run_id)) == 60
        until(lambda: client.list_workflows(status="SUCCESS", queue_name="runs"), "the end of the workflow")
        [ended] = client.list_workflows(status="SUCCESS", queue_name="runs")
    assert (ended.workflow_id, ended.executor_id) == (begun.workflow_id, f"{elsewhere.HOST}:{workspace.home}")


def test_workers_of_two_workspaces_go_by_two_names(tmp_path: Path) -> None:
    names = [executor(load(home=tmp_path / home)) for home in ("a", "b", "a")]
    assert names[0] == names[2] != names[1]
    assert names[0].startswith(socket.gethostname())


def test_a_run_that_was_recorded_but_never_queued_is_found(workspace: Workspace, ask: Ask, start: Start) -> None:
    run_id = ask(ticks=1)
    start()
    until(lambda: _state(workspace, run_id) == "done", "the end of the run")


def test_what_killed_processes_left_half_written_goes_when_a_worker_starts(workspace: Workspace, start: Start) -> None:
    left = workspace.folder("uploads", ".upl_1.part_1")
    (left / "half.zip").write_bytes(b"PK")
    os.utime(left, (0, 0))
    start()
    until(lambda: not left.exists(), "the end of what was left")


def test_a_worker_that_is_told_to_end_lets_runs_wait_and_the_next_goes_on(
    workspace: Workspace, ask: Ask, start: Start
) -> None:
    run_id = ask(ticks=100)
    first = start()
    child = until(lambda: ticks(workspace, run_id), "the first tick")[0]
    first.terminate()
    assert first.wait(60) == 0
    assert not psutil.pid_exists(child)
    assert _state(workspace, run_id) == "queued"
    start()
    until(lambda: _state(workspace, run_id) == "done", "the end of the run")
    assert len(ticks(workspace, run_id)) == 100


@pytest.mark.skipif(not hasattr(psutil.Process, "rlimit"), reason="needs limits of processes, as Linux has")
def test_a_run_goes_on_once_a_disk_has_room_that_took_nothing_even_when_its_process_was_killed(
    workspace: Workspace, ask: Ask, start: Start
) -> None:
    run_id = ask(ticks=60)
    worker = psutil.Process(start().pid)
    child = until(lambda: ticks(workspace, run_id), "the first tick")[0]
    family = [worker, *worker.children(recursive=True)]
    _room(family, 1)  # whatever they write to a file fails
    time.sleep(1)
    os.kill(child, signal.SIGKILL)
    until(lambda: not psutil.pid_exists(child), "the end of the process")
    time.sleep(2)
    assert worker.is_running() and _state(workspace, run_id) == "running"
    _room([one for one in family if one.is_running()], resource.RLIM_INFINITY)
    until(lambda: _state(workspace, run_id) in runs.ENDED, "the end of the run")
    row = look(workspace, run_id)
    assert (row.state, row.error) == ("done", None)
    assert len(ticks(workspace, run_id)) == 60


def _room(processes: list[psutil.Process], size: int) -> None:
    """How long a file may become that these processes write."""
    for one in processes:
        one.rlimit(psutil.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_run_is_cancelled_through_its_record(workspace: Workspace, ask: Ask, start: Start) -> None:
    run_id = ask(ticks=100_000)
    start()
    until(lambda: ticks(workspace, run_id), "the first tick")
    with workspace.database.transaction() as session:
        runs.cancel(session, run_id, workspace.clock())
    until(lambda: _state(workspace, run_id) == "cancelled", "the end of the run")


def test_a_second_worker_on_one_workspace_is_refused(workspace: Workspace, start: Start) -> None:
    start()
    until((workspace.home / "worker.lock").exists, "the worker's start")
    command = [sys.executable, "-m", napping.__name__, "serve"]
    second = subprocess.run(command, env=workspace.settings.environment(), capture_output=True, text=True, check=False)
    assert second.returncode == 4
    assert "Another worker" in second.stderr
