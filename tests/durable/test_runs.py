"""The record of a run: what may follow what."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from sabbatical.core.errors import Conflict, NotFound
from sabbatical.core.progress import Quiet
from sabbatical.durable import runs
from sabbatical.durable.steps import Step
from sabbatical.schemas.project import ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace
from tests.durable.conftest import Ask, look

LATER = timedelta(seconds=runs.STALE_SECONDS + 1)


def test_the_same_key_again_is_the_same_run(ask: Ask) -> None:
    assert ask("k", ticks=1) == ask("k", ticks=1)
    assert ask("k", ticks=1) != ask("other", ticks=1)
    assert ask(ticks=1) != ask(ticks=1)


def test_the_same_key_again_is_the_same_run_though_it_has_made_its_project_meanwhile(
    workspace: Workspace, ask: Ask
) -> None:
    run_id = ask("k", ticks=1)
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="made", task="boxes"), workspace.clock())
        Step(workspace, run_id, None, {}, Quiet()).belongs_to(session, project.id)
    assert ask("k", ticks=1) == run_id


def test_two_runs_without_a_project_never_have_one_key(workspace: Workspace, ask: Ask) -> None:
    ask("k", ticks=1)
    other = ask("other", ticks=1)
    with pytest.raises(IntegrityError), workspace.database.transaction() as session:
        runs.get(session, other).key = "k"


def test_a_key_for_two_different_requests_is_a_conflict(ask: Ask) -> None:
    ask("k", ticks=1)
    with pytest.raises(Conflict, match="used for another request"):
        ask("k", ticks=2)


@pytest.mark.parametrize("state", ["failed", "cancelled"])
def test_asking_again_for_what_failed_or_was_cancelled_queues_it_anew(
    workspace: Workspace, ask: Ask, state: str
) -> None:
    run_id = ask("k", ticks=1)
    with workspace.database.transaction() as session:
        runs.end(session, run_id, state, workspace.clock(), message="x", error={"code": "broken"})
    assert ask("k", ticks=1) == run_id
    row = look(workspace, run_id)
    assert (row.state, row.error, row.ended_at) == ("queued", None, None)


def test_a_run_that_ended_stays_as_it_ended(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=1)
    with workspace.database.transaction() as session:
        runs.cancel(session, run_id, workspace.clock(), "A person said so.")
        runs.end(session, run_id, "done", workspace.clock(), message="Done", result={})
    row = look(workspace, run_id)
    assert (row.state, row.message, row.result) == ("cancelled", "Cancelled: A person said so.", None)


def test_a_run_is_claimed_once(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=1)
    with workspace.database.transaction() as session:
        runs.claim(session, run_id, workspace.clock())
    with pytest.raises(Conflict, match="is running"), workspace.database.transaction() as session:
        runs.claim(session, run_id, workspace.clock())


def test_a_run_without_a_heartbeat_may_be_claimed_again(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=1)
    with workspace.database.transaction() as session:
        runs.claim(session, run_id, workspace.clock())
        assert runs.waiting(session, workspace.clock()) == []
        assert runs.waiting(session, workspace.clock() + LATER) == [(run_id, "nap")]
        assert runs.stalled(runs.get(session, run_id), workspace.clock() + LATER)
        assert runs.claim(session, run_id, workspace.clock() + LATER).state == "running"


def test_who_knows_that_nobody_else_is_at_work_need_not_wait(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=1)
    with workspace.database.transaction() as session:
        runs.claim(session, run_id, workspace.clock())
        assert runs.claim(session, run_id, workspace.clock(), alone=True).state == "running"


def test_a_run_whose_process_died_while_it_should_stop_ends_as_cancelled(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=1)
    with workspace.database.transaction() as session:
        runs.claim(session, run_id, workspace.clock())
        runs.cancel(session, run_id, workspace.clock())
    with workspace.database.transaction() as session:
        assert runs.claim(session, run_id, workspace.clock() + LATER).state == "cancelled"
    assert look(workspace, run_id).state == "cancelled"


def test_cancel_ends_what_waits_at_once_and_asks_what_runs_to_stop(workspace: Workspace, ask: Ask) -> None:
    waiting, running = ask(ticks=1), ask(ticks=1)
    with workspace.database.transaction() as session:
        runs.claim(session, running, workspace.clock())
        assert runs.cancel(session, waiting, workspace.clock()).state == "cancelled"
        assert runs.cancel(session, running, workspace.clock()).state == "stopping"
        assert runs.cancel(session, running, workspace.clock() + LATER).state == "cancelled"


def test_who_cancelled_a_run_is_kept_and_told(workspace: Workspace, ask: Ask) -> None:
    waiting, running = ask(ticks=1), ask(ticks=1)
    with workspace.database.transaction() as session:
        runs.claim(session, running, workspace.clock())
        for run_id in (waiting, running):
            runs.cancel(session, run_id, workspace.clock(), "anna stopped it.")
        runs.cancel(session, running, workspace.clock(), "bert stopped it.")  # too late
        assert runs.release(session, running) == "cancelled"
        assert [runs.why_cancelled(runs.get(session, one)) for one in (waiting, running)] == ["anna stopped it."] * 2
    assert {look(workspace, one).message for one in (waiting, running)} == {"Cancelled: anna stopped it."}
    with workspace.database.transaction() as session:
        assert runs.resume(session, running, workspace.clock()).error is None


def turn(workspace: Workspace, project: str, key: str | None = None) -> str:
    """A run of a kind of which a project has one at a time."""
    with workspace.database.transaction() as session:
        return runs.ask(session, project_id=project, kind="turn", params={}, now=workspace.clock(), key=key).id


def project(workspace: Workspace, name: str) -> str:
    with workspace.database.transaction() as session:
        return projects.create(session, ProjectIn(name=name, task="text"), workspace.clock()).id


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_a_turn_is_not_resumed_nor_asked_for_again_while_another_of_its_project_is_under_way(
    workspace: Workspace, state: str
) -> None:
    desk, street = project(workspace, "desk"), project(workspace, "street")
    first = turn(workspace, desk, "k")
    with workspace.database.transaction() as session:
        runs.end(session, first, state, workspace.clock(), message="x", error={"code": "broken"})
    second = turn(workspace, desk)
    turn(workspace, street)
    with workspace.database.transaction() as session:
        with pytest.raises(Conflict, match=rf"one at a time: {second} \(queued\)") as caught:
            runs.resume(session, first, workspace.clock())
        assert f"`sabbatical run cancel {second}`" in str(caught.value.hint)
    for key in ("k", None):
        with pytest.raises(Conflict, match=second):
            turn(workspace, desk, key)
    assert look(workspace, first).state == state
    with workspace.database.transaction() as session:
        runs.cancel(session, second, workspace.clock())
        assert runs.resume(session, first, workspace.clock()).state == "queued"
        assert runs.resume(session, first, workspace.clock()).state == "queued"


def test_the_database_itself_lets_no_second_turn_of_a_project_be_under_way(workspace: Workspace) -> None:
    desk = project(workspace, "desk")
    first = turn(workspace, desk)
    with workspace.database.transaction() as session:
        runs.cancel(session, first, workspace.clock())
    turn(workspace, desk)
    for state in ("queued", "running", "stopping"):
        with pytest.raises(IntegrityError), workspace.database.transaction() as session:
            runs.get(session, first).state = state


def test_resume_leaves_alone_what_is_done_or_at_work(workspace: Workspace, ask: Ask) -> None:
    run_id = ask(ticks=1)
    with workspace.database.transaction() as session:
        runs.claim(session, run_id, workspace.clock())
        assert runs.resume(session, run_id, workspace.clock()).state == "running"
        assert runs.resume(session, run_id, workspace.clock() + LATER).state == "queued"
        runs.end(session, run_id, "done", workspace.clock(), message="Done", result={})
    with workspace.database.transaction() as session:
        assert runs.resume(session, run_id, workspace.clock()).state == "done"


def test_pages_hold_every_run_once_newest_first(workspace: Workspace, ask: Ask) -> None:
    made = [ask(ticks=n) for n in range(5)]
    with workspace.database.reading() as session:
        first = runs.page(session, None, after=None, limit=3)
        second = runs.page(session, None, after=first[-1].id, limit=3)
    assert [row.id for row in [*first, *second]] == sorted(made, reverse=True)


def test_a_run_that_is_not_there_is_not_found(workspace: Workspace) -> None:
    with pytest.raises(NotFound, match="no run 'run_x'"):
        look(workspace, "run_x")
