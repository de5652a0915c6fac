"""However a turn ends, it says what happened and what a person can do; and unless it promotes, the champion stays.

The turns here run in threads of the test, with all that they ask for; that DBOS brings them back after a kill is the
promise of another file.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import inspect, select

from sabbatical.core.ids import new_id
from sabbatical.durable import flow, runs
from sabbatical.schemas.mine import Issue
from sabbatical.stages import all_steps  # noqa: F401 - registers the steps
from sabbatical.storage.files import room
from sabbatical.storage.media import Media
from sabbatical.storage.tables import ServedRow
from tests.autopilot import desk
from tests.autopilot.conftest import Office, open_office
from tests.autopilot.playing import Threads, before, in_threads
from tests.durable.conftest import full, until

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def threads(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Threads]:
    with in_threads(office, monkeypatch) as made:
        yield made


def rules(**changed: Any) -> dict[str, Any]:
    """The release rules of the desk, with other gates or stages."""
    return desk.POLICY["release"] | changed


def stages(**changed: Any) -> list[dict[str, Any]]:
    first: dict[str, Any] = desk.POLICY["release"]["stages"][0]
    return [first | changed, {"stage": "full", "requests": 0}]


def champion(office: Office) -> str | None:
    return office.client.project().releases.standing().champion


def test_off_stops_a_turn_at_its_next_step(office: Office, threads: Threads) -> None:
    turn = threads.play()
    office.until_step(turn, "labels", "waiting")
    office.policy(watch={"window": 80, "reference": 60})  # counts from the next turn on
    time.sleep(1)
    assert office.steps(turn)["labels"] == "waiting"
    office.client.project().autopilot.off(author="bert")
    found = threads.end(turn)
    assert (found.state, found.message) == ("cancelled", "bert turned the autopilot off.")
    assert [step.state for step in found.steps][-1] == "stopped"
    assert champion(office) == "v1"
    status = office.client.project().autopilot.status()
    assert (status.now, status.policy.enabled, status.next.at) == (None, False, None)


def test_off_between_the_question_and_the_promotion_still_wins(
    office: Office, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.policy(release=rules(stages=stages()))
    before(monkeypatch, "leave-shadow", lambda: office.client.project().autopilot.off(author="bert"))
    with desk.life(office.client):
        found = threads.end(threads.play())
    assert (found.state, found.message) == ("cancelled", "bert turned the autopilot off.")
    assert (found.steps[-1].name, found.steps[-1].state) == ("leave-shadow", "stopped")
    release = office.client.project().releases.current()
    assert release is not None and (release.record.stage, champion(office)) == ("shadow", "v1")


def test_a_release_is_judged_by_the_traffic_of_the_moment_at_which_it_goes_on_and_not_of_before_a_kill(
    office: Office, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        """Its newest answer and many as it, all failures."""
        with office.workspace.database.transaction() as session:
            newest = session.scalars(select(ServedRow).where(ServedRow.arm == "shadow").order_by(ServedRow.seq.desc()))
            row = newest.first()
            assert row is not None
            values = {one.key: getattr(row, one.key) for one in inspect(ServedRow).column_attrs if one.key != "seq"}
            session.add_all(ServedRow(**values | {"id": new_id("srv"), "failure": "No."}) for _ in range(50))

    office.policy(release=rules(stages=stages()))
    before(monkeypatch, "leave-shadow", fail)
    with desk.life(office.client):
        found = threads.end(threads.play())
    assert (found.state, found.outcome, champion(office)) == ("done", "kept", "v1")
    assert found.message.count("failed to answer 50 of") == 1


def test_off_lets_a_training_end_and_judges_nothing(office: Office, threads: Threads) -> None:
    with desk.life(office.client):
        turn = threads.play()
        office.until_step(turn, "train", "running")
        autopilot = office.client.project().autopilot
        autopilot.on()
        autopilot.off()
        found = threads.end(turn)
    assert found.state == "cancelled"
    assert {step.name: step.state for step in found.steps}["train"] == "done"
    assert [model.name for model in office.client.project().models()] == ["v2", "v1"]
    assert office.client.project().releases.current() is None


def test_a_turn_that_a_person_cancels_ends_at_once(office: Office, threads: Threads) -> None:
    turn = threads.play()
    office.until_step(turn, "labels", "waiting")
    office.client.run(turn).cancel()
    found = threads.end(turn)
    assert (found.state, champion(office)) == ("cancelled", "v1")
    assert found.message == "Cancelled at the step 'labels': owner stopped it."
    assert f"`sabbatical run resume {turn}`" in found.todo


def test_two_turns_asked_at_once_are_one(office: Office, threads: Threads) -> None:
    asked: list[str] = []
    barrier = threading.Barrier(4)

    def ask() -> None:
        barrier.wait()
        asked.append(office.ask())

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for one in askers:
        one.start()
    for one in askers:
        one.join()
    assert len(set(asked)) == 1
    office.client.run(asked[0]).cancel()
    assert office.ask() != asked[0]


def test_labels_that_do_not_come_end_it_with_whom_to_ask(office: Office, threads: Threads) -> None:
    office.policy(label={"wait": "1s", "tasks_a_turn": 10})
    found = threads.end(threads.play())
    assert (found.state, found.outcome) == ("done", "no_labels")
    assert "0 of 10 tasks are done" in found.message
    assert "sabbatical labels tasks issue-" in found.todo
    assert [model.name for model in office.client.project().models()] == ["v1"]
    assert champion(office) == "v1"


def test_some_labels_are_better_than_none(office: Office, threads: Threads) -> None:
    office.policy(label={"wait": "3s", "tasks_a_turn": 40})
    turn = threads.play()
    office.until_step(turn, "labels", "waiting")
    desk.label(office.client.project(), most=12)
    with desk.life(office.client, labels=False):
        found = threads.end(turn)
    assert found.outcome == "promoted"
    assert "12 of 40" in next(step for step in found.steps if step.name == "labels").message


def test_a_stream_that_stops_ends_it_and_the_next_turn_goes_on_with_the_release(
    office: Office, threads: Threads
) -> None:
    office.policy(release=rules(stages=stages(wait="2s")))
    with desk.life(office.client, traffic=False):
        found = threads.end(threads.play())
    assert (found.state, found.outcome) == ("done", "no_traffic")
    assert "r2 stays in shadow: It was asked 0 times in shadow; 4 are needed" in found.message
    assert "Send it traffic" in found.todo
    assert champion(office) == "v1"
    assert {issue.record.state for issue in office.client.project().issues()} == {"ordered"}
    with desk.life(office.client):
        found = threads.end(threads.play())
    assert (found.outcome, champion(office)) == ("promoted", "v2")
    assert [step.name for step in found.steps] == ["begin", "shadow", "leave-shadow", "end"]
    assert len(list(office.client.project().models())) == 2
    issues = [issue.record for issue in office.client.project().issues()]
    assert issues and all(one.state == "resolved" for one in issues)
    assert all(one.why == f"v2 learned the labels of {n} of its {n} tasks, and answers now." for one, n in of(issues))


def of(issues: list[Issue]) -> list[tuple[Issue, int]]:
    """Issues with how many tasks they became."""
    return [(one, sum(one.tasks.values())) for one in issues]


def test_an_issue_whose_labels_nobody_made_is_not_closed_by_a_model_that_learned_others(
    office: Office, threads: Threads, tmp_path: Path
) -> None:
    more = [orjson.dumps({"text": one.text, "label": one.topic.title()}) for one in desk.letters(200, "day", 3)]
    (tmp_path / "more.jsonl").write_bytes(b"\n".join(more))
    office.client.project().ingest(tmp_path / "more.jsonl", taxonomy="desk-a", customer="desk-a")
    office.policy(label={"wait": "1s", "tasks_a_turn": 10}, release=rules(stages=[{"stage": "full", "requests": 0}]))
    found = threads.end(threads.play())
    assert (found.outcome, champion(office)) == ("promoted", "v2"), found.message
    issues = [issue.record for issue in office.client.project().issues()]
    ordered = [one for one in issues if one.state == "ordered"]
    assert ordered and {one.state for one in issues} <= {"ordered", "open"}
    assert sum(one.tasks["open"] for one in ordered) >= 10


def test_a_gate_without_enough_items_cannot_tell_and_says_so(office: Office, threads: Threads) -> None:
    office.policy(release=rules(gates=[{"gate": "items", "at_least": 5000}]))
    with desk.life(office.client):
        found = threads.end(threads.play())
    assert (found.state, found.outcome) == ("done", "undecided")
    assert "5,000" in found.message
    assert "--anyway" in found.todo
    assert champion(office) == "v1"
    office.policy(label={"tasks_a_turn": 0})
    again = threads.end(threads.play())
    assert again.outcome == "nothing"
    assert "came no further (r2: gate)" in again.message


def test_a_model_that_fails_a_gate_is_not_released(office: Office, threads: Threads) -> None:
    office.policy(release=rules(gates=[{"gate": "latency", "at_most_ms": 1e-6}]))
    with desk.life(office.client):
        found = threads.end(threads.play())
    assert (found.state, found.outcome) == ("done", "kept")
    assert "v2 did not pass the gates" in found.message
    assert "v1 stays the champion" in found.message
    assert champion(office) == "v1"
    office.policy(label={"tasks_a_turn": 0})
    again = threads.end(threads.play())
    assert (again.outcome, len(list(office.client.project().models()))) == ("nothing", 2)


def test_a_training_that_diverges_fails_the_turn_with_what_to_do(office: Office, threads: Threads) -> None:
    network = {"embedding": 8, "hidden": 4, "epochs": 4, "members": 1, "rate": 1e30}
    office.policy(train={"recipe": "network", "settings": {"network": network}, "start": "scratch"})
    with desk.life(office.client):
        found = threads.end(threads.play())
    assert found.state == "failed"
    assert found.error is not None and found.error["code"] == "diverged", found.error
    assert "rate" in found.todo
    assert {step.name: step.state for step in found.steps}["train"] == "failed"
    assert champion(office) == "v1"


def test_a_disk_that_is_full_fails_the_turn_which_goes_on_when_there_is_room(
    office: Office, threads: Threads, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()
    full.set()
    put = Media.put_file

    def put_file(media: Media, path: Path, **given: bool) -> str:
        if full.is_set() and "training" in str(path):
            with room(), Path("/dev/full").open("wb") as file:
                file.write(bytes(100_000))
        return put(media, path, **given)

    monkeypatch.setattr(Media, "put_file", put_file)
    with desk.life(office.client):
        turn = threads.play()
        found = threads.end(turn)
        assert found.state == "failed"
        assert found.error is not None and found.error["code"] == "storage_full"
        assert "Free some space" in found.todo
        assert champion(office) == "v1"
        full.clear()
        again = threads.end(threads.play())
    assert (again.outcome, champion(office)) == ("promoted", "v2")
    assert len(list(office.client.project().campaigns())) == 1


def test_a_database_without_room_fails_the_turn_in_words_while_the_champion_answers(
    office: Office, threads: Threads, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failed() -> bool:
        """On record, or waiting for the room to be."""
        return office.row(turn).state in runs.ENDED or "as soon as the database can be written" in caplog.text

    office.policy(label={"wait": "1s", "tasks_a_turn": 200})  # more than fit in the pages that are there
    with full(office.workspace) as none_left:

        def fill() -> None:
            with closing(sqlite3.connect(office.home / "sabbatical.db")) as connection:
                connection.execute("VACUUM")  # no page of it is free
            none_left.set()

        before(monkeypatch, "order", fill)
        turn = threads.play()
        until(lambda: none_left.is_set() and failed(), "the end of the room")
        with desk.asking(office.client) as ask:
            assert all(ask(letter)["model"] == "v1" for letter in desk.letters(3, "day", 2))
        none_left.clear()
        found = threads.end(turn)
    assert (found.state, champion(office)) == ("failed", "v1")
    assert found.error is not None and found.error["code"] == "storage_full", found.error
    assert "Free some space" in found.todo and "sabbatical autopilot once" in found.todo
    assert list(office.client.project().campaigns()) == []
    monkeypatch.setattr(flow, "fault", lambda *_given: None)
    assert threads.end(threads.play()).outcome == "no_labels"
    assert len(list(office.client.project().campaigns())) == 1


def test_a_person_who_rejects_during_the_turn_wins(office: Office, threads: Threads) -> None:
    with desk.life(office.client, traffic=False):
        turn = threads.play()
        office.until_step(turn, "shadow", "waiting")
        release = office.client.project().releases.current()
        assert release is not None
        release.reject(why="It is rude.", actor="bert")
        found = threads.end(turn)
    assert (found.outcome, champion(office)) == ("person", "v1")
    assert "r2 is rejected" in found.message
    office.policy(label={"tasks_a_turn": 0})
    again = threads.end(threads.play())
    assert again.outcome == "nothing"


def test_a_release_that_a_person_begins_while_the_turn_learns_wins(office: Office, threads: Threads) -> None:
    project = office.client.project()
    project.train("linear", settings={"linear": {"fit": 50.0}})
    turn = threads.play()
    office.until_step(turn, "labels", "waiting")
    assert project.releases.propose("v2", actor="bert").stage == "shadow"
    desk.label(project)
    found = threads.end(turn)
    assert (found.state, found.outcome, champion(office)) == ("done", "person", "v1")
    assert found.message == "v3 was trained but not proposed: v2 is under way as r2 (shadow). v1 stays the champion."
    assert found.todo.startswith("Advance, reject or revert it first")
    assert "Mend" not in found.todo


def test_a_person_who_takes_a_canary_back_during_the_turn_wins(office: Office, threads: Threads) -> None:
    office.policy(release=rules(stages=stages(stage="canary", share=0.5)))
    with desk.life(office.client, traffic=False):
        turn = threads.play()
        office.until_step(turn, "canary", "waiting")
        office.client.project().releases.revert(why="Not today.", actor="bert")
        found = threads.end(turn)
    assert (found.outcome, champion(office)) == ("person", "v1")
    assert "reverted" in found.message


@pytest.mark.parametrize(
    ("place", "way"),
    [("shadow", stages()), ("gate", [{"stage": "full", "requests": 0}])],
    ids=["in traffic", "at gate"],
)
def test_a_pinned_champion_stays_until_it_is_unpinned(
    office: Office, threads: Threads, place: str, way: list[dict[str, Any]]
) -> None:
    office.policy(release=rules(stages=way))
    office.client.project().releases.pin(actor="bert")
    with desk.life(office.client):
        turn = threads.play()
        office.until_step(turn, place, "waiting")
        until(lambda: "bert pinned" in office.client.project().autopilot.turn(turn).message, "the wait for bert")
        assert champion(office) == "v1"
        office.client.project().releases.unpin(actor="bert")
        found = threads.end(turn)
    assert (found.outcome, champion(office)) == ("promoted", "v2")


def test_a_person_who_holds_a_release_is_waited_for(office: Office, threads: Threads) -> None:
    office.policy(release=rules(stages=stages(wait="4s")))
    with desk.life(office.client, traffic=False):
        turn = threads.play()
        office.until_step(turn, "shadow", "waiting")
        release = office.client.project().releases.current()
        assert release is not None
        release.hold(why="Let me see.", actor="bert")
        found = threads.end(turn)
    assert (found.outcome, champion(office)) == ("person", "v1")
    assert "A person holds r2 in shadow" in found.message


def test_what_the_policy_leaves_to_a_person_waits_for_one(office: Office, threads: Threads) -> None:
    office.policy(ask_a_person=["label", "release", "full"], release=rules(stages=stages()))
    with desk.life(office.client):
        turn = threads.play()
        office.until_step(turn, "order", "waiting")
        project = office.client.project()
        for issue in project.issues():
            issue.order(20)
        office.until_step(turn, "gate", "waiting")
        release = project.releases.current()
        assert release is not None
        release.advance(actor="bert")
        until(lambda: "all traffic" in project.autopilot.turn(turn).message, "the wait for a person")
        assert champion(office) == "v1"
        release.refresh()
        release.advance(anyway=True, actor="bert")
        found = threads.end(turn)
    assert (found.outcome, champion(office)) == ("promoted", "v2")


def test_a_release_that_passed_the_gates_goes_on_once_a_person_takes_its_hold_back(
    office: Office, threads: Threads
) -> None:
    office.policy(ask_a_person=["release"], release=rules(stages=stages(wait="2s")))
    with desk.life(office.client):
        found = threads.end(threads.play())
        assert (found.outcome, champion(office)) == ("person", "v1")
        assert "r2 waits at the gate for a person" in found.message
        release = office.client.project().releases.current()
        assert release is not None and release.record.passed
        release.resume(actor="bert")
        office.policy(ask_a_person=["release"], release=rules(stages=stages()))
        found = threads.end(threads.play())
    assert (found.outcome, champion(office)) == ("promoted", "v2")
    assert [step.name for step in found.steps][:3] == ["begin", "gate", "leave-gate"]
    assert "r2 passed the gates, and nobody holds it" in found.steps[1].message
    assert len(list(office.client.project().models())) == 2


def test_a_turn_with_nothing_new_ends_at_once(office: Office, threads: Threads) -> None:
    office.policy(label={"tasks_a_turn": 0})
    found = threads.end(threads.play())
    assert (found.state, found.outcome) == ("done", "nothing")
    assert "no new labels since s1" in found.message
    assert champion(office) == "v1"


def test_the_loop_does_not_go_on_with_what_a_person_cancelled(office: Office, threads: Threads) -> None:
    with desk.life(office.client):
        turn = threads.play()
        office.until_step(turn, "train", "running")
        training = next(run for run in office.client.project().runs() if run.record.kind == "train")
        training.cancel()
        found = threads.end(turn)
    if found.outcome != "promoted":  # it had ended before the wish to stop came
        assert (found.state, champion(office)) == ("cancelled", "v1")
        assert "The train was cancelled" in found.message


def test_the_first_turn_of_a_project_makes_its_first_champion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as ends:
        office = open_office(None, tmp_path, ends)
        desk.take_in(office.client, tmp_path)
        threads = ends.enter_context(in_threads(office, monkeypatch))
        found = threads.end(threads.play())
        assert (found.outcome, champion(office)) == ("promoted", "v1")
        assert [step.name for step in found.steps] == ["begin", "snapshot", "news", "train", "propose", "end"]


def test_a_turn_without_any_label_fails_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ExitStack() as ends:
        office = open_office(None, tmp_path, ends)
        office.client.create_project("desk", "text").taxonomy_add(desk.SUPER)
        threads = ends.enter_context(in_threads(office, monkeypatch))
        found = threads.end(threads.play())
        assert (found.state, champion(office)) == ("failed", None)
        assert (found.error or {})["code"] == "empty_dataset"
        assert "ingest data with labels" in found.todo
