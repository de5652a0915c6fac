"""Runs in real child processes: what a kill leaves behind, and who goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from sabbatical.durable import children, runs
from sabbatical.durable.children import Spawner, keep_a_worker
from sabbatical.durable.dispatch import ChildDispatcher
from sabbatical.durable.lease import Lease
from sabbatical.storage.workspace import Workspace
from tests.durable.conftest import Ask, look, ticks, until

DEAF = """
import sys
from sabbatical.durable import execution
execution.GRACE_SECONDS = 0.5
from tests.durable import napping
from sabbatical import worker
sys.exit(worker.main(sys.argv[1:]))
"""
ASKER = """
import sys, time
from pathlib import Path
from sabbatical.core.settings import load
from sabbatical.durable import children
from sabbatical.durable.dispatch import ChildDispatcher
from sabbatical.storage.workspace import open_workspace
children.MODULE = "tests.durable.napping"
ChildDispatcher(open_workspace(load())).dispatch(sys.argv[1], "nap")
time.sleep(600)
"""


def see_through(workspace: Workspace, run_id: str) -> str:
    spawner = Spawner(workspace.settings)
    try:
        return children.see_through(workspace, run_id, threading.Event(), spawner)
    finally:
        spawner.close()


def test_a_child_that_dies_is_followed_by_another_that_goes_on(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=6, dies_at=[2, 4])
    assert see_through(workspace, run_id) == "done"
    done = ticks(workspace, run_id)
    assert len(done) == 6
    assert len(set(done)) == 3


def test_a_run_that_kills_every_child_fails_and_says_how(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=9, dies_at=[0, 1, 2, 3, 4])
    assert see_through(workspace, run_id) == "failed"
    error = look(workspace, run_id).error
    assert error is not None
    assert error["message"] == "Its process was killed by SIGKILL, 3 times in a row."
    assert Path(error["where"]).exists()


def test_closing_the_dispatcher_ends_its_children_and_their_runs_wait(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=100_000)
    dispatcher = ChildDispatcher(workspace)
    dispatcher.dispatch(run_id, "nap")
    dispatcher.dispatch(run_id, "nap")
    pid = until(lambda: ticks(workspace, run_id), "the first tick")[0]
    dispatcher.close()
    assert not psutil.pid_exists(pid)
    assert look(workspace, run_id).state == "queued"
    assert len(set(ticks(workspace, run_id))) == 1


def test_two_runs_go_on_side_by_side(workspace: Workspace, ask: Ask) -> None:
    first, second = ask(ticks=100_000), ask(ticks=100_000)
    dispatcher = ChildDispatcher(workspace)
    dispatcher.dispatch(first, "nap")
    dispatcher.dispatch(second, "nap")
    until(lambda: ticks(workspace, first) and ticks(workspace, second), "ticks of both")
    dispatcher.close()
    assert set(ticks(workspace, first)).isdisjoint(ticks(workspace, second))


def test_a_child_whose_parent_was_killed_ends_and_hands_its_run_on(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=100_000)
    parent = subprocess.Popen([sys.executable, "-c", ASKER, run_id], env=workspace.settings.environment())
    child = until(lambda: ticks(workspace, run_id), "the first tick")[0]
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    until(lambda: not psutil.pid_exists(child), "the end of the orphan")
    assert look(workspace, run_id).state == "queued"


def test_a_body_that_does_not_look_ends_with_its_process(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=100_000, deaf=True)
    child = subprocess.Popen([sys.executable, "-c", DEAF, "run", run_id], env=workspace.settings.environment())
    until(lambda: ticks(workspace, run_id), "the first tick")
    with workspace.database.transaction() as session:
        runs.cancel(session, run_id, workspace.clock())
    assert child.wait(60) == 3
    assert see_through(workspace, run_id) == "cancelled"


def test_what_another_process_does_is_waited_for_not_done_twice(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=2)
    lease = Lease.take(workspace.folder("runs", run_id) / "lock")
    assert lease is not None
    thread = threading.Thread(target=see_through, args=(workspace, run_id))
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    assert ticks(workspace, run_id) == []
    with workspace.database.transaction() as session:
        runs.end(session, run_id, "done", workspace.clock(), message="Done", result={})
    lease.give_back()
    thread.join(30)
    assert ticks(workspace, run_id) == []


class Impatient(threading.Event):
    """Does not wait, but keeps how long it was to; set after a few times."""

    def __init__(self) -> None:
        super().__init__()
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0.0)
        if len(self.pauses) == 4:
            self.set()
        return self.is_set()


def test_a_worker_that_cannot_start_is_tried_again_after_pauses_that_grow(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "MODULE", "tests.durable.missing")
    monkeypatch.setattr(children, "LONGEST_WORKER_PAUSE_SECONDS", 2.0)
    stopping = Impatient()
    keep_a_worker(workspace, stopping)
    assert stopping.pauses == [0.5, 1.0, 2.0, 2.0]
    assert (workspace.home / "logs" / "worker.log").read_text().count("tests.durable.missing") == 4


def limited(workspace: Workspace, **limits: float) -> Workspace:
    """The workspace with limits of what a run may take."""
    return replace(workspace, settings=workspace.settings.model_copy(update=limits))


def test_a_run_that_takes_too_long_saves_what_it_has_and_fails_with_the_setting(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=100_000)
    assert see_through(limited(workspace, run_seconds=8.0), run_id) == "failed"
    error = look(workspace, run_id).error
    assert error is not None
    assert (error["code"], error["where"]) == ("over_limit", "settings field run_seconds")
    assert len(set(ticks(workspace, run_id))) == 1


def test_a_run_that_eats_memory_is_ended_and_fails_with_the_setting(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=1, megabytes=2000)
    assert see_through(limited(workspace, run_memory_mb=600), run_id) == "failed"
    error = look(workspace, run_id).error
    assert error is not None
    assert (error["code"], error["where"]) == ("over_limit", "settings field run_memory_mb")


def test_a_run_within_its_limits_knows_nothing_of_them(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=3, megabytes=10)
    assert see_through(limited(workspace, run_memory_mb=2000, run_seconds=300.0), run_id) == "done"
