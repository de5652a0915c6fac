"""Runs are forked from a process that has everything imported; it may die at any time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sabbatical.core.errors import Broken
from sabbatical.durable import children, forkserver
from sabbatical.durable.children import Spawner
from sabbatical.durable.execution import ORPHANED
from sabbatical.durable.forkserver import LOST, Child, ForkServer
from sabbatical.storage.workspace import Workspace
from tests.durable.conftest import Ask, look, ticks, until

pytestmark = pytest.mark.skipif(not forkserver.AVAILABLE, reason="runs are not forked on this system")
SERVER = """
import os, sys
from sabbatical.durable.forkserver import serve

def prepare(kind):
    if kind == "unprepared":
        raise ImportError(kind)
    if kind == "full":
        os.fork = full

def full():
    os.fork = fork
    raise OSError(12, "Cannot allocate memory")

fork = os.fork
job = serve(int(sys.argv[1]), prepare)
sys.exit(0 if job is None else len(job.run))
"""


@pytest.fixture
def spawner(workspace: Workspace) -> Iterator[Spawner]:
    made = Spawner(workspace.settings)
    yield made
    made.close()


def done(workspace: Workspace, run_id: str, spawner: Spawner) -> str:
    return children.see_through(workspace, run_id, threading.Event(), spawner)


def asleep(workspace: Workspace, ask: Ask, spawner: Spawner) -> tuple[str, Child]:
    """A run that has begun its long nap."""
    run_id = ask(ticks=100_000)
    child = spawner(look(workspace, run_id))
    until(lambda: ticks(workspace, run_id), "the first tick")
    return run_id, child


def test_all_runs_have_one_parent_which_ends_with_who_asked(workspace: Workspace, ask: Ask, spawner: Spawner) -> None:
    children_, parents = [asleep(workspace, ask, spawner)[1] for _ in range(2)], set()
    for child in children_:
        process = psutil.Process(child.pid)
        parents.add(process.ppid())
        assert os.getsid(child.pid) == child.pid
    (server,) = parents
    assert psutil.Process(server).ppid() == os.getpid()
    for child in children_:
        child.terminate()
        child.wait(20)
    spawner.close()
    assert not psutil.pid_exists(server)


def test_how_a_run_ended_is_told(workspace: Workspace, ask: Ask, spawner: Spawner) -> None:
    run_id, child = asleep(workspace, ask, spawner)
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0.1)
    child.kill()
    assert child.wait(20) == child.wait() == -signal.SIGKILL
    child.kill()
    child = spawner(look(workspace, ask(ticks=2)))
    assert child.wait(20) == 0
    assert look(workspace, run_id).state == "running"


def test_a_server_that_was_killed_is_followed_by_another(workspace: Workspace, ask: Ask, spawner: Spawner) -> None:
    run_id, child = asleep(workspace, ask, spawner)
    server = psutil.Process(child.pid).ppid()
    os.kill(server, signal.SIGKILL)
    assert child.wait(20) == LOST
    until(lambda: look(workspace, run_id).state == "queued", "the run handing itself on")
    assert done(workspace, ask(ticks=2), spawner) == "done"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForkServer]:
    """One whose runs end at once, with the length of their names."""
    made = ForkServer(lambda: [sys.executable, "-c", SERVER], dict(os.environ), tmp_path / "logs" / "server.txt")
    yield made
    made.close()


def test_what_cannot_be_imported_ahead_is_left_to_the_run(server: ForkServer, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    assert server.fork("run_1", "unprepared", tmp_path / "run.txt").wait(20) == len("run_1")
    assert "will say what it lacks: unprepared" in (tmp_path / "logs" / "server.txt").read_text()


def test_a_server_that_could_not_be_started_is_started_when_it_can_be(server: ForkServer, tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"does not start: .*No such file"):
        server.fork("run_1", "nap", tmp_path / "run.txt")
    (tmp_path / "logs").mkdir()
    assert server.fork("run_1", "nap", tmp_path / "run.txt").wait(20) == len("run_1")


def test_a_run_for_which_there_is_no_room_fails_alone(server: ForkServer, tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    with pytest.raises(Broken, match="No process could be started for it: Cannot allocate memory"):
        server.fork("run_1", "full", tmp_path / "run.txt")
    assert server.fork("run_22", "nap", tmp_path / "run.txt").wait(20) == len("run_22")


def test_it_ends_with_who_asks_and_not_by_a_signal(workspace: Workspace, ask: Ask, spawner: Spawner) -> None:
    run_id, child = asleep(workspace, ask, spawner)
    server = psutil.Process(child.pid).parent()
    assert server is not None
    server.terminate()
    child.terminate()
    assert child.wait(20) == ORPHANED
    assert look(workspace, run_id).state == "queued"
    assert server.is_running()


def test_one_that_hangs_is_ended(
    workspace: Workspace, ask: Ask, spawner: Spawner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forkserver, "GRACE_SECONDS", 0.2)
    _, child = asleep(workspace, ask, spawner)
    server = psutil.Process(child.pid).parent()
    assert server is not None
    server.suspend()
    spawner.close()
    assert not server.is_running()
    assert done(workspace, ask(ticks=2), spawner) == "done"


def test_a_server_that_cannot_start_fails_the_run_and_says_where_to_look(
    workspace: Workspace, ask: Ask, monkeypatch: pytest.MonkeyPatch, spawner: Spawner
) -> None:
    monkeypatch.setattr(children, "MODULE", "tests.durable.missing")
    run_id = ask(ticks=2)
    assert done(workspace, run_id, spawner) == "failed"
    error = look(workspace, run_id).error
    assert error is not None
    assert error["message"] == "The process that starts runs ended with code 1."
    assert "No module named" in Path(error["where"]).read_text()


def test_where_nothing_is_forked_a_run_has_an_interpreter_of_its_own(
    workspace: Workspace, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forkserver, "AVAILABLE", False)
    spawner, run_id = Spawner(workspace.settings), ask(ticks=2)
    assert done(workspace, run_id, spawner) == "done"
    assert len(ticks(workspace, run_id)) == 2
    spawner.close()
