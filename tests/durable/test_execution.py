"""One run in one process: how it ends, and what is on record then."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from sabbatical.core.errors import Conflict, StorageFull
from sabbatical.durable import flow as flows
from sabbatical.durable import runs
from sabbatical.durable.execution import execute
from sabbatical.durable.lease import Lease
from sabbatical.durable.steps import Step, step
from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace
from tests.durable.conftest import Ask, full, look, ticks, until


def test_a_run_that_ends_well_keeps_its_result(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=3)
    assert execute(workspace, run_id) == "done"
    row = look(workspace, run_id)
    assert row.result is not None
    assert (row.state, row.fraction, row.result["ticks"]) == ("done", 1.0, 3)
    assert row.ended_at is not None


def test_an_error_of_ours_is_on_record_as_every_interface_shows_it(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=3, fails_at=1)
    assert execute(workspace, run_id) == "failed"
    error = look(workspace, run_id).error
    assert error is not None
    assert (error["code"], error["where"]) == ("bad_input", "the bed")


@step("fill")
def fill(step: Step) -> dict[str, Any]:
    """A body that does not know that a disk can be full."""
    with Path("/dev/full").open("wb") as handle:
        handle.write(bytes(100_000))
    return {}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full of Linux")
def test_a_full_disk_is_said_whatever_the_work(workspace: Workspace) -> None:
    with workspace.database.transaction() as session:
        run_id = runs.ask(session, project_id=None, kind="fill", params={}, now=workspace.clock()).id
    assert execute(workspace, run_id) == "failed"
    error = look(workspace, run_id).error
    assert error is not None
    assert (error["code"], error["retry"]) == ("storage_full", True)


@step("boast")
def boast(_step: Step) -> dict[str, Any]:
    """A body that has more to tell than the database has room for."""
    return {"told": "x" * 1_000_000}


def test_how_a_run_ended_is_recorded_once_a_full_database_has_room(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    with workspace.database.transaction() as session:
        run_id = runs.ask(session, project_id=None, kind="boast", params={}, now=workspace.clock()).id
    with full(workspace) as none_left:
        none_left.set()
        thread = threading.Thread(target=execute, args=(workspace, run_id))
        thread.start()
        until(lambda: "The disk is full" in caplog.text, "a first try to record the end")
        assert thread.is_alive() and look(workspace, run_id).state == "running"
        none_left.clear()
        thread.join(30)
    row = look(workspace, run_id)
    assert row.state == "done" and row.result is not None and len(row.result["told"]) == 1_000_000


def test_a_process_that_is_to_end_waits_for_no_room(workspace: Workspace) -> None:
    with workspace.database.transaction() as session:
        run_id = runs.ask(session, project_id=None, kind="boast", params={}, now=workspace.clock()).id
    stop = threading.Event()
    with full(workspace) as none_left:
        none_left.set()
        stop.set()
        with pytest.raises(StorageFull):
            execute(workspace, run_id, stop)
    assert execute(workspace, run_id) == "done"


def test_an_unexpected_error_ends_its_run_though_nothing_can_be_written_about_it(
    workspace: Workspace, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    run_id = ask(tics=3)
    assert execute(workspace, run_id) == "failed"
    error = look(workspace, run_id).error
    assert error is not None and "KeyError" in error["message"]


def test_an_unexpected_error_names_the_file_that_tells_where(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(tics=3)
    assert execute(workspace, run_id) == "failed"
    error = look(workspace, run_id).error
    assert error is not None
    assert error["code"] == "broken"
    assert "KeyError: 'ticks'" in (workspace.home / "runs" / run_id / "error.txt").read_text()


def test_a_cancelled_run_stops_and_ends_as_cancelled_and_says_by_whom(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=100_000)
    thread = threading.Thread(target=execute, args=(workspace, run_id))
    thread.start()
    until(lambda: ticks(workspace, run_id), "the first tick")
    with workspace.database.transaction() as session:
        runs.cancel(session, run_id, workspace.clock(), "anna stopped it.")
    thread.join(30)
    row = look(workspace, run_id)
    assert (row.state, row.message) == ("cancelled", "Cancelled: anna stopped it.")
    assert row.error is not None and row.error["message"] == "anna stopped it."


def test_a_run_that_is_stopped_waits_and_goes_on_where_it_was(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=20)
    stop = threading.Event()
    stop.set()
    assert execute(workspace, run_id, stop) == "queued"
    thread = threading.Thread(target=execute, args=(workspace, run_id, later := threading.Event()))
    thread.start()
    until(lambda: len(ticks(workspace, run_id)) > 3, "some ticks")
    later.set()
    thread.join()
    begun = len(ticks(workspace, run_id))
    assert look(workspace, run_id).state == "queued"
    assert execute(workspace, run_id) == "done"
    assert 3 < begun < 20
    assert len(ticks(workspace, run_id)) == 20


def test_a_run_whose_parent_is_gone_waits_for_another_process(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=100_000)
    nobody = 1 << 30
    assert execute(workspace, run_id, None, nobody) == "queued"


def test_two_processes_never_do_one_run(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=1)
    lease = Lease.take(workspace.folder("runs", run_id) / "lock")
    assert lease is not None
    with pytest.raises(Conflict, match="Another process"):
        execute(workspace, run_id)
    lease.give_back()
    assert execute(workspace, run_id) == "done"
    with pytest.raises(Conflict, match="is done"):
        execute(workspace, run_id)


@pytest.mark.parametrize(
    ("code", "told"),
    [(None, "No module named 'lost'"), ("import no_such_library", "no_such_library"), ("1 / 0", "ZeroDivisionError")],
)
def test_a_flow_whose_code_cannot_be_loaded_fails_in_words_and_goes_on_once_it_can(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str | None, told: str
) -> None:
    monkeypatch.setitem(flows._modules, "lost", "lost")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lost", raising=False)
    if code is not None:
        (tmp_path / "lost.py").write_text(code)
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="road", task="text"), workspace.clock()).id
        run_id = runs.ask(session, project_id=project, kind="lost", params={}, now=workspace.clock()).id

    def follow() -> str:
        return flows.follow(workspace, run_id, lambda _run, _kind: None, threading.Event())

    assert follow() == "failed"
    error = look(workspace, run_id).error
    assert error is not None
    assert (error["code"], error["where"]) == ("broken", "lost")
    assert told in error["message"] and "install it again" in error["hint"]
    mended = f"from sabbatical.durable.flow import flow\n@flow('lost')\ndef found(flow): return {{'n': {len(told)}}}\n"
    (tmp_path / "lost.py").write_text(mended)
    importlib.invalidate_caches()
    with workspace.database.transaction() as session:
        runs.resume(session, run_id, workspace.clock())
    assert follow() == "done"
    del flows._flows["lost"]


def test_progress_is_on_record_while_the_work_goes_on(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=100_000)
    thread = threading.Thread(target=execute, args=(workspace, run_id, stop := threading.Event()))
    thread.start()
    row = until(lambda: (r := look(workspace, run_id)).numbers and r, "progress")
    stop.set()
    thread.join()
    assert row.message == f"Tick {row.numbers['tick']}"
    assert 0 <= row.fraction < 1


def test_a_step_that_needs_a_project_says_so(workspace: Workspace) -> None:
    @step("refusing")
    def refuse(step: Step) -> dict[str, int]:
        return {"n": len(step.project)}

    with workspace.database.transaction() as session:
        row = runs.ask(session, project_id=None, kind="refusing", params={}, now=workspace.clock())
    assert execute(workspace, row.id) == "failed"
    assert "needs a project" in look(workspace, row.id).message
