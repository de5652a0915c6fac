"""When the next turn begins by itself: each period once, one at a time, and never while the loop is off."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from sabbatical.autopilot import actions as autopilot
from sabbatical.autopilot import policies, queries, schedules
from sabbatical.autopilot import turn as turn_module
from sabbatical.autopilot.loop import ON_THE_WAY
from sabbatical.core.ids import content_id, new_id
from sabbatical.core.settings import load
from sabbatical.durable import records, runs
from sabbatical.schemas.autopilot import Due
from sabbatical.schemas.policy import Policy
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages.project import actions as projects
from sabbatical.storage.tables import RevisionRow, RunRow
from sabbatical.storage.workspace import Workspace, open_workspace
from tests.autopilot import hasty
from tests.durable.conftest import until

BEGIN = datetime(2026, 1, 31, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class Clock:
    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Calendar:
    """A project, and a clock that the test moves."""

    workspace: Workspace
    clock: Clock
    project: Project

    def on(self, **when: Any) -> None:
        with self.workspace.database.transaction() as session:
            policy = Policy.model_validate({"when": when})
            autopilot.on(session, self.project, policy, "anna", self.clock())

    def set(self, **when: Any) -> None:
        with self.workspace.database.transaction() as session:
            policy = Policy.model_validate({"when": when})
            autopilot.set_policy(session, self.project, policy, "anna", self.clock())

    def once(self) -> RunRow:
        with self.workspace.database.transaction() as session:
            return autopilot.once(session, self.project, "anna", self.clock())

    def why_off(self, turn: RunRow) -> str | None:
        with self.workspace.database.reading() as session:
            return policies.why_off(session, turn)

    def off(self) -> None:
        with self.workspace.database.transaction() as session:
            autopilot.off(session, self.project, "anna", self.clock())

    def tick(self) -> list[RunRow]:
        """A tick of the worker; every turn so far."""
        schedules.tick(self.workspace, self.clock())
        with self.workspace.database.reading() as session:
            return queries.turns(session, self.project.id, None, 100)

    def due(self) -> Due:
        with self.workspace.database.reading() as session:
            return autopilot.status(session, self.project, self.clock(), worker=True).next

    def begins(self) -> list[Due]:
        with self.workspace.database.reading() as session:
            return autopilot.status(session, self.project, self.clock(), worker=True).begins

    def end(self, state: str = "done") -> None:
        with self.workspace.database.transaction() as session:
            row = runs.under_way(session, self.project.id, queries.TURN)
            assert row is not None
            runs.end(session, row.id, state, self.clock(), message="x", result={})

    def take_snapshot(self) -> None:
        """The turn under way takes a snapshot, which was there already."""
        with self.workspace.database.transaction() as session:
            row = runs.under_way(session, self.project.id, queries.TURN)
            assert row is not None
            step = records.begin(session, row.id, "snapshot", place=5, state="running", now=self.clock())
            records.end(step, "done", self.clock(), message="s1", result={"snapshot": "s1"})

    def label(self, count: int) -> None:
        with self.workspace.database.transaction() as session:
            taxonomy = projects.customer_taxonomies(session, self.project.id)["a"][0]
            for _ in range(count):
                session.add(
                    RevisionRow(
                        id=new_id("rev"),
                        project_id=self.project.id,
                        item_id=content_id(new_id("x").encode()),
                        taxonomy_id=taxonomy,
                        author_kind="person",
                        author="anna",
                        state="submitted",
                        content="c",
                        payload=b"",
                        shapes=0,
                        created_at=self.clock(),
                    )
                )


@pytest.fixture
def calendar(tmp_path: Path) -> Iterator[Calendar]:
    clock = Clock()
    workspace = open_workspace(load(home=tmp_path / "home"), clock)
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="desk", task="text"), clock())
        for document in (
            {"super-taxonomy": "t", "version": 1, "classes": {"x": {}}},
            {"taxonomy": "a", "version": 1, "super-taxonomy": "t", "labels": {"X": "x"}},
        ):
            projects.add_taxonomy(session, project, document, clock())
    yield Calendar(workspace, clock, project)
    workspace.close()


def test_a_turn_a_day_begins_a_day_after_the_last_and_once(calendar: Calendar) -> None:
    calendar.on(every="day")
    assert calendar.due() == Due(at=BEGIN + DAY, why="a day after it was turned on")
    assert calendar.tick() == []
    calendar.clock.now += DAY
    assert [row.params["why"] for row in calendar.tick()] == ["A day after it was turned on"]
    assert len(calendar.tick()) == 1
    calendar.end()
    assert len(calendar.tick()) == 1
    calendar.clock.now += DAY
    assert len(calendar.tick()) == 2


def test_a_turn_that_takes_longer_than_the_period_is_not_joined_by_another(calendar: Calendar) -> None:
    calendar.on(every="day")
    calendar.clock.now += DAY
    calendar.tick()
    calendar.clock.now += 3 * DAY
    assert len(calendar.tick()) == 1
    calendar.end()
    assert len(calendar.tick()) == 2


def test_a_turn_that_failed_is_not_asked_for_again_before_the_next_period(calendar: Calendar) -> None:
    calendar.on(every="day")
    calendar.clock.now += DAY
    calendar.tick()
    calendar.end("failed")
    calendar.clock.now += timedelta(hours=2)
    assert [row.state for row in calendar.tick()] == ["failed"]


def test_a_month_is_one_of_the_calendar(calendar: Calendar) -> None:
    calendar.on(every="month")
    assert calendar.due().at == datetime(2026, 2, 28, 9, 0, tzinfo=UTC)


def test_off_begins_none_and_on_again_goes_on(calendar: Calendar) -> None:
    calendar.on(every="week")
    calendar.off()
    calendar.clock.now += 8 * DAY
    assert (calendar.tick(), calendar.begins()) == ([], [])
    assert calendar.due() == Due(at=None, why="The autopilot is off.")
    calendar.on(every="day")
    calendar.clock.now += DAY
    assert len(calendar.tick()) == 1


def test_so_many_new_labels_begin_a_turn_and_are_new_only_once(calendar: Calendar) -> None:
    calendar.on(new_labels=5)
    calendar.label(3)
    assert calendar.due() == Due(at=None, why="3 of 5 new labels have come")
    assert calendar.tick() == []
    calendar.label(2)
    assert [row.params["why"] for row in calendar.tick()] == ["5 of 5 new labels have come"]
    calendar.take_snapshot()
    calendar.end("failed")
    assert calendar.due() == Due(at=None, why="0 of 5 new labels have come")
    calendar.clock.now += DAY
    assert len(calendar.tick()) == 1
    calendar.label(5)
    assert len(calendar.tick()) == 2


def test_labels_that_a_turn_did_not_take_begin_another_after_a_pause(calendar: Calendar) -> None:
    calendar.on(new_labels=5)
    calendar.label(5)
    calendar.tick()
    calendar.clock.now += timedelta(minutes=5)
    calendar.end("failed")
    assert calendar.due().at == calendar.clock() + schedules.PAUSE
    assert len(calendar.tick()) == 1
    calendar.clock.now += schedules.PAUSE
    assert len(calendar.tick()) == 2
    calendar.end("failed")
    assert len(calendar.tick()) == 2
    calendar.label(5)  # others that suffice by themselves
    assert calendar.tick()[0].params["why"] == "10 of 5 new labels have come"
    assert len(calendar.tick()) == 3


def test_whatever_comes_first_begins_the_turn(calendar: Calendar) -> None:
    calendar.on(every="week", new_labels=5)
    assert calendar.due().why == "a week after it was turned on"
    assert [one.why for one in calendar.begins()] == ["a week after it was turned on", "0 of 5 new labels have come"]
    calendar.label(5)
    assert calendar.due().why == "5 of 5 new labels have come"


def test_without_a_schedule_only_a_person_begins_a_turn(calendar: Calendar) -> None:
    calendar.on()
    calendar.clock.now += 400 * DAY
    assert calendar.tick() == []
    assert calendar.due() == Due(at=None, why=schedules.PERSON_ONLY)
    assert calendar.begins() == []
    assert all(word in schedules.PERSON_ONLY for word in ("when: {every", "when: {new_labels", "autopilot once"))


def test_policies_are_kept_and_the_newest_counts(calendar: Calendar) -> None:
    calendar.on(every="week")
    calendar.on(every="week")
    calendar.on(every="day")
    calendar.off()
    with calendar.workspace.database.reading() as session:
        kept = autopilot.policy_history(session, calendar.project, None, 10).rows
    assert [(one.enabled, one.policy.when.every) for one in kept] == [(False, "day"), (True, "day"), (True, "week")]


def test_off_stops_a_turn_that_was_asked_for_while_the_loop_was_off(calendar: Calendar) -> None:
    calendar.set(every="week")
    calendar.off()
    turn = calendar.once()
    assert calendar.why_off(turn) is None
    calendar.off()
    assert calendar.why_off(turn) == "anna turned the autopilot off."
    calendar.set(every="day")
    assert calendar.why_off(turn) == "anna turned the autopilot off."
    calendar.end("cancelled")
    assert calendar.why_off(calendar.once()) is None


def test_a_new_policy_stops_no_turn(calendar: Calendar) -> None:
    turn = calendar.once()
    calendar.set(every="week")
    assert calendar.why_off(turn) is None
    calendar.on(every="week")
    calendar.off()
    calendar.on()
    assert calendar.why_off(turn) is None


def test_a_worker_begins_the_turn_that_is_due(tmp_path: Path) -> None:
    settings = load(home=tmp_path / "home")
    workspace = open_workspace(settings)
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="desk", task="text"), workspace.clock())
        policy = Policy.model_validate({"when": {"every": "day"}})
        autopilot.on(session, project, policy, "anna", workspace.clock() - 2 * DAY)
    process = subprocess.Popen([sys.executable, "-m", hasty.__name__, "serve"], env=settings.environment())
    try:

        def ended() -> list[RunRow]:
            with workspace.database.reading() as session:
                return [row for row in queries.turns(session, project.id, None, 10) if row.ended_at is not None]

        until(ended, "the end of the turn", 120)
        time.sleep(2.5)
        assert [(row.state, "no super-taxonomy" in row.message) for row in ended()] == [("failed", True)]
    finally:
        process.terminate()
        process.wait()
        workspace.close()


def test_a_list_of_many_turns_costs_as_many_questions_as_one_of_few(calendar: Calendar) -> None:
    for number in range(12):
        turn = calendar.once()
        with calendar.workspace.database.transaction() as session:
            named = {"project_id": calendar.project.id, "params": {}, "now": calendar.clock()}
            child = runs.ask(session, kind="nap", **named)
            step = records.begin(session, turn.id, "monitor", place=1, state="running", now=calendar.clock())
            step.result = {"run": child.id}
        if number < 11:
            calendar.end("cancelled" if number % 2 else "failed")
    calendar.off()
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    def questions(limit: int) -> int:
        asked.clear()
        with calendar.workspace.database.reading() as session:
            page = autopilot.turns(session, calendar.project, None, limit, calendar.clock())
        assert [len(one.steps) for one in page.rows] == [1] * limit
        assert all(one.steps[0].message == "Waiting to start" for one in page.rows)
        return len([one for one in asked if one.startswith("SELECT")])

    event.listen(calendar.workspace.database.engine, "before_cursor_execute", note)
    assert questions(3) == questions(12) == 4  # turns, steps, runs, who turned it off


def test_every_step_of_a_turn_has_its_place_in_the_plan_by_which_it_tells_how_far_it_is() -> None:
    source = inspect.getsource(turn_module.turn)
    named = set(re.findall(r'flow\.(?:do|run|wait)\("(\w+)"', source))
    assert named and named | set(ON_THE_WAY) | {f"leave-{stage}" for stage in ON_THE_WAY} == set(turn_module.PLAN)
