"""A flow in a worker process: killed at any point of any step, it ends as one that was never killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import func, select

from sabbatical.core.settings import load
from sabbatical.durable import flow, records, runs
from sabbatical.durable.dispatch import ChildDispatcher
from sabbatical.durable.flow import ATTEMPTS
from sabbatical.durable.forkserver import Child
from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import PolicyRow, RunRow
from sabbatical.storage.workspace import Workspace
from tests import forks
from tests.durable import napping
from tests.durable.conftest import look, ticks, until

Start = Callable[..., Child]
Begin = Callable[..., str]
STEPS = ("leave", "sleep", "knock", "arrive")
# Before a step all stands as the step before has left it, so that only the first is killed there.
POINTS = ["journey.leave.before", *(f"journey.{name}.after" for name in STEPS), "journey.sleep.during"]


@pytest.fixture
def start(workspace: Workspace) -> Iterator[Start]:
    """Starts a worker, which is to die at a point; all are ended after the test."""
    with ExitStack() as ends:

        def worker(fault: str | None = None) -> Child:
            settings = load(home=workspace.home, workers=2, fault=fault)
            process = forks.begin(settings, ["serve"], workspace.home / "worker.log", module=napping.__name__)
            ends.callback(process.wait)
            ends.callback(process.kill)  # what it leaves sees that it is gone, and ends
            return process

        yield worker


@pytest.fixture
def begin(workspace: Workspace) -> Begin:
    """Records a journey and answers its id."""

    def record(ticks: int = 3, **params: Any) -> str:
        with workspace.database.transaction() as session:
            project = projects.create(session, ProjectIn(name="road", task="text"), workspace.clock())
            params["nap"] = params.get("nap", {}) | {"ticks": ticks}
            now = workspace.clock()
            return runs.ask(session, project_id=project.id, kind="journey", params=params, now=now).id

    return record


def state(workspace: Workspace, run_id: str) -> str:
    return look(workspace, run_id).state


def steps(workspace: Workspace, run_id: str) -> dict[str, str]:
    with workspace.database.reading() as session:
        return {row.name: row.state for row in records.of(session, run_id)}


def left(workspace: Workspace) -> dict[str, int]:
    with workspace.database.reading() as session:
        query = select(PolicyRow.author, func.count()).group_by(PolicyRow.author)
        return {row[0]: row[1] for row in session.execute(query)}


def naps(workspace: Workspace) -> list[str]:
    with workspace.database.reading() as session:
        return list(session.scalars(select(RunRow.id).where(RunRow.kind == "nap")))


def arrived(workspace: Workspace, run_id: str) -> None:
    """What every journey ends with, however often it was killed."""
    row = look(workspace, run_id)
    assert row.result is not None, row.error
    assert (row.message, row.result["ticks"], row.result["waited"]) == ("Arrived", 3, {"open": True})
    assert steps(workspace, run_id) == dict.fromkeys(STEPS, "done")
    assert left(workspace) == {"leave": 1, "arrive": 1}
    assert [len(ticks(workspace, nap)) for nap in naps(workspace)] == [3]


@pytest.mark.parametrize("point", POINTS)
def test_a_flow_killed_at_a_step_ends_as_one_never_killed(
    workspace: Workspace, begin: Begin, start: Start, point: str
) -> None:
    (workspace.home / "door").touch()
    run_id = begin()
    assert start(point).wait(60) == -signal.SIGKILL
    start(point)
    until(lambda: state(workspace, run_id) in runs.ENDED, "the end of the flow")
    arrived(workspace, run_id)


def test_a_flow_waits_through_a_stop_of_its_worker(workspace: Workspace, begin: Begin, start: Start) -> None:
    run_id = begin()
    first = start()
    until(lambda: steps(workspace, run_id).get("knock") == "waiting", "the wait")
    first.terminate()
    assert first.wait(60) == 0
    assert state(workspace, run_id) == "queued"
    start()
    until(lambda: state(workspace, run_id) == "running", "the flow going on")
    (workspace.home / "door").touch()
    until(lambda: state(workspace, run_id) in runs.ENDED, "the end of the flow")
    arrived(workspace, run_id)


def test_how_far_a_flow_is_never_goes_back_also_when_it_is_killed(
    workspace: Workspace, begin: Begin, start: Start
) -> None:
    (workspace.home / "door").touch()
    run_id = begin(ticks=150)
    seen: list[float] = []

    def ended() -> bool:
        row = look(workspace, run_id)
        seen.append(row.fraction)
        return row.state in runs.ENDED

    first = start()
    until(lambda: not ended() and max(seen) > 0.3, "some of the nap")  # the second of four steps
    first.kill()
    first.wait(60)
    start()
    until(ended, "the end of the flow")
    assert seen == sorted(seen) and seen[-1] == 1.0
    assert len({one for one in seen if 0.25 < one < 1}) > 1


def test_a_wait_that_takes_too_long_is_over_counted_from_its_begin(
    workspace: Workspace, begin: Begin, start: Start
) -> None:
    run_id = begin(patience=1.5)
    start()
    until(lambda: state(workspace, run_id) in runs.ENDED, "the end of the flow")
    result = look(workspace, run_id).result
    assert result is not None
    assert result["waited"] == {"late": "Knocking at the door"}


def test_who_rests_long_hears_every_two_seconds_that_it_is_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str | float] = []
    one = object.__new__(flow.Flow)
    monkeypatch.setattr(flow.time, "sleep", told.append)
    monkeypatch.setattr(one, "_check", told.append)
    one._rest("wait", 5.0)
    assert told == ["wait", 2.0, "wait", 2.0, "wait", 1.0]


def test_a_flow_that_is_cancelled_cancels_the_run_it_waits_for(
    workspace: Workspace, begin: Begin, start: Start
) -> None:
    run_id = begin(ticks=100_000)
    start()
    nap = until(lambda: naps(workspace), "the nap")[0]
    until(lambda: ticks(workspace, nap), "the first tick")
    with workspace.database.transaction() as session:
        runs.cancel(session, run_id, workspace.clock(), "anna stopped it.")
    until(lambda: state(workspace, run_id) == "cancelled", "the end of the flow")
    until(lambda: state(workspace, nap) == "cancelled", "the end of the nap")
    assert look(workspace, run_id).message == "Cancelled at the step 'sleep': anna stopped it."
    assert look(workspace, nap).message == "Cancelled: The journey that waited for it was cancelled."
    assert steps(workspace, run_id) == {"leave": "done", "sleep": "stopped"}


def test_a_rule_stops_a_flow_at_its_next_step_and_says_why(workspace: Workspace, begin: Begin, start: Start) -> None:
    run_id = begin(ticks=50)
    start()
    until(lambda: ticks(workspace, naps(workspace)[0]) if naps(workspace) else None, "the first tick")
    with workspace.database.transaction() as session:
        row = runs.get(session, run_id)
        row.params = {**row.params, "closed": True}
    until(lambda: state(workspace, run_id) == "cancelled", "the end of the flow")
    assert look(workspace, run_id).message == "The way is closed."
    assert state(workspace, naps(workspace)[0]) == "done"


def test_a_flow_whose_run_fails_fails_with_its_error_and_goes_on_when_resumed(
    workspace: Workspace, begin: Begin, start: Start
) -> None:
    (workspace.home / "door").touch()
    run_id = begin(nap={"fails_until": "bed"})
    start()
    until(lambda: state(workspace, run_id) == "failed", "the end of the flow")
    error = look(workspace, run_id).error
    assert error is not None
    assert (error["code"], error["message"]) == ("bad_input", "It cannot sleep.")
    assert steps(workspace, run_id) == {"leave": "done", "sleep": "failed"}
    (workspace.home / "bed").touch()
    with workspace.database.transaction() as session:
        runs.resume(session, run_id, workspace.clock())
    until(lambda: state(workspace, run_id) == "done", "the end of the flow")
    arrived(workspace, run_id)


def test_without_a_server_a_worker_comes_for_the_flow_and_goes_with_who_asked(
    workspace: Workspace, begin: Begin
) -> None:
    (workspace.home / "door").touch()
    run_id = begin()
    dispatcher = ChildDispatcher(workspace)
    dispatcher.dispatch(run_id, "journey")
    until(lambda: state(workspace, run_id) == "done", "the end of the flow")
    dispatcher.close()
    arrived(workspace, run_id)


def test_a_worker_that_a_command_started_is_followed_by_another(workspace: Workspace, begin: Begin) -> None:
    run_id = begin()
    dispatcher = ChildDispatcher(workspace)
    dispatcher.dispatch(run_id, "journey")
    until(lambda: steps(workspace, run_id).get("knock") == "waiting", "the wait")
    lock = workspace.home / "worker.pid"
    os.kill(int(lock.read_text()), signal.SIGKILL)
    (workspace.home / "door").touch()
    until(lambda: state(workspace, run_id) == "done", "the end of the flow")
    dispatcher.close()
    arrived(workspace, run_id)


def test_what_does_not_answer_is_tried_again_and_then_said(workspace: Workspace, begin: Begin, start: Start) -> None:
    (workspace.home / "door").touch()
    run_id = begin(nap={"away": 9})
    start()
    until(lambda: state(workspace, run_id) == "failed", "the end of the flow", 120)
    error = look(workspace, run_id).error
    assert error is not None
    assert (error["code"], error["message"]) == ("unavailable", "Nobody is in.")
    assert (workspace.home / "away.txt").read_text().count("x") == ATTEMPTS


def test_what_answers_after_a_while_does_not_end_the_flow(workspace: Workspace, begin: Begin, start: Start) -> None:
    (workspace.home / "door").touch()
    run_id = begin(nap={"away": 1})
    start()
    until(lambda: state(workspace, run_id) == "done", "the end of the flow", 120)
    arrived(workspace, run_id)
