"""Which model answers changes only by a decision, each is kept, and a person's word stands against the loop."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from sabbatical.core.errors import Conflict, NotFound, NotReady, SabbaticalError
from sabbatical.schemas.release import Release
from sabbatical.stages.release import actions as releases
from tests.stages.release.conftest import Road, kinds


def routing(road: Road) -> Any:
    with road.session() as session:
        return releases.routing(session, road.project.id)


def test_before_the_first_release_no_model_answers(road: Road) -> None:
    found = routing(road)
    assert (found.champion_id, found.former_id, found.release) == (None, None, None)
    assert road.champion is None
    assert road.read(releases.current) is None
    with pytest.raises(NotFound, match="no release yet"):
        road.read(releases.get, None)


def test_the_first_model_answers_everything_once_it_passed(road: Road) -> None:
    first = road.propose(1)
    assert (first.stage, first.share, first.champion, first.next) == ("full", 1.0, None, None)
    assert first.ended_at is not None
    assert road.champion == "v1"
    assert routing(road).champion_id == "mod_1"


def test_a_release_goes_through_its_stages_and_the_aliases_with_it(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    assert (second.stage, second.next, second.champion) == ("shadow", "canary", "v1")
    seen = routing(road)
    assert (seen.champion_id, seen.release.model_id, seen.release.share) == ("mod_1", "mod_2", 0.0)
    second = road.advance(second)
    assert (second.stage, second.next, second.share) == ("canary", "full", 0.2)
    beside = routing(road).release
    assert (beside.stage, beside.share, beside.salt, beside.release_id) == ("canary", 0.2, second.id, second.id)
    assert {one.name: one.model for one in road.read(releases.aliases)} == {"champion": "v1", "challenger": "v2"}
    second = road.advance(second)
    assert second.stage == "full"
    assert {one.name: one.model for one in road.read(releases.aliases)} == {"champion": "v2"}
    assert routing(road).model_dump() == {"champion_id": "mod_2", "former_id": "mod_1", "release": None}
    with road.session() as session:
        assert kinds(road, session) == ["propose", "gate", "propose", "gate", "advance", "advance"]


def test_every_decision_keeps_who_decided_what_on_what_evidence(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2, actor="ada", why="more night images")
    road.advance(second, by="loop", actor="autopilot")
    moved, judged, proposed = road.read(releases.decisions, second.id, None, 10).rows
    assert (proposed.actor, proposed.actor_kind, proposed.reasons) == ("ada", "person", ["more night images"])
    assert (judged.passed, judged.stage_to, judged.evidence["gates"][0]["verdict"]) == (True, "shadow", "passed")
    assert (moved.actor, moved.actor_kind, moved.stage_from, moved.stage_to) == (
        "autopilot",
        "loop",
        "shadow",
        "canary",
    )
    assert moved.evidence["traffic"]["challenger"]["requests"] == 5
    assert (moved.release, moved.model) == (second.name, "v2")


def test_a_failed_gate_ends_the_release_and_the_champion_stays(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2, "failed")
    assert (second.stage, second.passed, road.champion) == ("failed", False, "v1")
    assert road.read(releases.current) is None
    with pytest.raises(Conflict, match="has ended"):
        road.advance(second, by="person", anyway=True)


def test_what_cannot_be_judged_is_held_at_the_gate_until_a_person_takes_it_on(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2, "undecided")
    assert (second.stage, second.passed, second.next) == ("gate", None, "shadow")
    assert routing(road).release is None
    for by, anyway in (("loop", False), ("loop", True), ("person", False)):
        with pytest.raises(NotReady, match="it undecided"):
            road.advance(second, by=by, anyway=anyway)
    assert road.advance(second, by="person", anyway=True).stage == "shadow"


def test_what_was_asked_to_wait_waits_at_the_gate_though_it_passed(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2, actor_kind="loop", hold=True)
    assert (second.stage, second.passed, second.held_by) == ("gate", True, "loop")
    assert road.advance(second, by="person").held_by is None


def test_a_release_leaves_no_stage_without_enough_traffic(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    few = road.evidence(second, requests=4)
    with pytest.raises(NotReady, match="4 times in shadow; 5 are needed"):
        road.advance(second, evidence=few)
    with pytest.raises(NotReady, match="0 times in shadow"):
        road.advance(second, evidence=None)
    with pytest.raises(NotReady):
        road.advance(second, evidence=few, anyway=True)
    moved = road.advance(second, by="person", evidence=few, anyway=True)
    assert moved.stage == "canary"
    assert road.read(releases.decisions, second.id, None, 1).rows[0].evidence["enough"] is False


def test_evidence_of_another_stage_or_release_moves_nothing(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    old = road.evidence(second)
    road.advance(second)
    with pytest.raises(Conflict, match="is in canary; what was asked is about shadow"):
        road.advance(second, evidence=old)
    with pytest.raises(Conflict, match="is in canary"):
        road.advance(second, by="person", evidence=None, stage="shadow", anyway=True)
    assert old is not None
    now = road.evidence(road.read(releases.get, second.id))
    assert now is not None
    with pytest.raises(Conflict, match="of rel_other"):
        road.advance(second, evidence=now.model_copy(update={"release": "rel_other"}))
    assert road.read(releases.get, second.id).stage == "canary"


def test_of_many_who_advance_at_once_one_does(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    evidence = road.evidence(second)
    outcomes: list[str] = []
    ready = threading.Barrier(6)

    def go() -> None:
        ready.wait()
        try:
            outcomes.append(road.advance(second, evidence=evidence).stage)
        except SabbaticalError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["canary", *["conflict"] * 5]
    assert len(road.read(releases.decisions, second.id, None, 10).rows) == 3


def test_the_same_key_decides_once(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    evidence = road.evidence(second)
    first = road.advance(second, evidence=evidence, key="k")
    again = road.advance(second, evidence=evidence, key="k")
    assert first == again
    assert again.stage == "canary"
    with pytest.raises(Conflict, match="Idempotency-Key"):
        road.do(releases.hold, second.id, key="k")
    road.do(releases.reject, second.id)
    other = road.propose(3)
    with pytest.raises(Conflict, match="Idempotency-Key"):
        road.advance(other, key="k")


def test_a_revert_brings_the_champion_before_back_one_by_one(road: Road) -> None:
    for number in (1, 2, 3):
        road.champion_of(number)
    assert road.do(releases.revert, key="a").model == "v3"
    assert (road.champion, routing(road).former_id) == ("v2", "mod_1")
    assert road.do(releases.revert, key="a").model == "v3"
    assert road.champion == "v2"
    reverted = road.do(releases.revert, key="b")
    assert (reverted.model, reverted.stage, road.champion) == ("v2", "reverted", "v1")
    assert routing(road).former_id is None
    with pytest.raises(Conflict, match="first that was released"):
        road.do(releases.revert)
    assert road.champion == "v1"
    found = road.read(releases.decisions, None, None, 1).rows[0]
    assert found.evidence["champion"] == {"before": "mod_2", "after": "mod_1"}


def test_a_model_may_come_back_after_a_revert_and_be_reverted_again(road: Road) -> None:
    road.champion_of(1)
    road.champion_of(2)
    road.do(releases.revert)
    again = road.propose(2)
    for _ in range(2):
        again = road.advance(again)
    assert (again.stage, again.champion, road.champion) == ("full", "v1", "v2")
    road.do(releases.revert)
    assert road.champion == "v1"


def test_without_a_model_there_is_nothing_to_revert(road: Road) -> None:
    with pytest.raises(Conflict, match="No model answers yet"):
        road.do(releases.revert)
    road.propose(1, "undecided")
    with pytest.raises(Conflict, match="No model answers yet"):
        road.do(releases.revert)


def test_a_revert_of_what_only_waits_at_the_gate_is_refused_with_what_to_do(road: Road) -> None:
    road.champion_of(1)
    waiting = road.propose(2, "undecided")
    with pytest.raises(Conflict, match=r"nothing to go back to\. r2, the release of v2, waits at the gate") as refused:
        road.do(releases.revert)
    assert refused.value.hint is not None and "`sabbatical release reject r2`" in refused.value.hint
    assert (road.read(releases.get, waiting.id).stage, road.champion) == ("gate", "v1")


@pytest.mark.parametrize("steps", [0, 1])
def test_a_revert_while_a_challenger_has_traffic_takes_it_away_and_keeps_the_champion(road: Road, steps: int) -> None:
    road.champion_of(1)
    road.champion_of(2)
    third = road.propose(3)
    for _ in range(steps):
        third = road.advance(third)
    back = road.do(releases.revert)
    assert (back.name, back.answers, back.ended) == (third.name, "v2", None)
    assert f"is taken back from {third.stage}: v2 is the champion as before" in back.message
    assert (road.champion, routing(road).release) == ("v2", None)
    assert {one.name for one in road.read(releases.aliases)} == {"champion"}
    assert road.do(releases.revert).model == "v2"
    assert road.champion == "v1"


def test_a_revert_ends_what_waits_at_the_gate_compared_with_the_champion_that_goes(road: Road) -> None:
    road.champion_of(1)
    road.champion_of(2)
    waiting = road.propose(3, "undecided")
    for _ in range(2):  # the same key tells the same
        back = road.do(releases.revert, key="once")
        assert (back.name, back.answers, back.ended) == ("r2", "v1", "r3")
        assert back.message == (
            "r2, the release of v2, is taken back: v1 is the champion again and answers everything. r3, the release of "
            "v3, waited at the gate and has ended, since it had been compared with v2; to compare it with v1: "
            "`sabbatical release propose v3`."
        )
    assert road.read(releases.get, waiting.id).stage == "replaced"
    assert road.champion == "v1"


def test_the_loop_takes_no_champion_back_while_a_person_holds_what_was_compared_with_it(road: Road) -> None:
    road.champion_of(1)
    road.champion_of(2)
    waiting = road.propose(3, "undecided")
    road.do(releases.hold, waiting.id)
    with pytest.raises(Conflict, match="A person holds r3"):
        road.do(releases.revert, by="loop")
    assert road.champion == "v2"


def test_a_person_s_hold_stops_the_loop_until_it_is_resumed(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    held = road.do(releases.hold, second.id, why="I look first")
    assert held.held_by == "person"
    for verb in (
        lambda: road.advance(second),
        lambda: road.do(releases.reject, second.id, by="loop"),
        lambda: road.do(releases.resume, second.id, by="loop"),
        lambda: road.do(releases.revert, by="loop"),
    ):
        with pytest.raises(Conflict, match="A person holds"):
            verb()
    assert road.read(releases.get, second.id).stage == "shadow"
    road.do(releases.resume, second.id)
    assert road.advance(second).stage == "canary"
    with pytest.raises(Conflict, match="is not held"):
        road.do(releases.resume, second.id)


def test_a_person_who_advances_what_a_person_holds_lets_the_loop_go_on(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    road.do(releases.hold, second.id)
    assert road.advance(second, by="person").held_by is None
    assert road.advance(second).stage == "full"


def test_the_loop_may_take_up_what_it_holds_itself(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    assert road.do(releases.hold, second.id, by="loop").held_by == "loop"
    assert road.advance(second).stage == "canary"


def test_the_loop_does_not_replace_a_pinned_champion_but_a_person_does(road: Road) -> None:
    road.champion_of(1)
    road.do(releases.pin, actor="ada")
    assert road.read(releases.standing).pinned_by == "ada"
    second = road.advance(road.propose(2))
    with pytest.raises(Conflict, match="ada pinned the champion"):
        road.advance(second)
    assert road.champion == "v1"
    assert road.advance(second, by="person").stage == "full"
    assert road.read(releases.standing).pinned_by is None


def test_the_loop_s_model_waits_at_the_gate_where_its_first_stage_is_all_traffic_and_the_champion_is_pinned(
    road: Road,
) -> None:
    road.champion_of(1)
    road.do(releases.pin, actor="ada")
    second = road.propose(2, actor_kind="loop", stages=["full"])
    assert (second.stage, second.passed, second.held_by, road.champion) == ("gate", True, "loop", "v1")
    with pytest.raises(Conflict, match="ada pinned"):
        road.advance(second)
    assert road.advance(second, by="person").stage == "full"
    assert road.propose(3, stages=["full"]).stage == "full"


def test_an_unpinned_champion_may_be_replaced_again(road: Road) -> None:
    with pytest.raises(Conflict, match="No model answers yet"):
        road.do(releases.pin)
    road.champion_of(1)
    with pytest.raises(Conflict, match="not pinned"):
        road.do(releases.unpin)
    road.do(releases.pin, key="p")
    road.do(releases.unpin)
    road.do(releases.pin, key="p")
    assert road.read(releases.standing).pinned_by is None
    road.champion_of(2)
    assert road.champion == "v2"


def test_the_loop_does_not_take_back_a_champion_that_a_person_released_or_pinned(road: Road) -> None:
    road.champion_of(1)
    second = road.advance(road.propose(2))
    road.advance(second, by="person", actor="ada")
    with pytest.raises(Conflict, match="ada released the champion"):
        road.do(releases.revert, by="loop")
    road.champion_of(3)
    road.do(releases.pin)
    with pytest.raises(Conflict, match="pinned"):
        road.do(releases.revert, by="loop")
    road.do(releases.unpin)
    assert road.do(releases.revert, by="loop").model == "v3"


def test_one_release_is_under_way_at_a_time(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    with pytest.raises(Conflict, match=f"v2 is under way as {second.name} .shadow."):
        road.propose(3)
    with pytest.raises(Conflict, match="is the champion already"):
        road.propose(1)
    assert len(road.read(releases.page, None, 10).rows) == 2


def test_a_new_proposal_takes_the_place_of_one_that_waits_at_the_gate(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2, "undecided")
    third = road.propose(3)
    assert road.read(releases.get, second.id).stage == "replaced"
    assert road.read(releases.current).name == third.name


def test_the_loop_does_not_push_aside_what_a_person_holds_at_the_gate(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2, "undecided")
    road.do(releases.hold, second.id)
    with pytest.raises(Conflict, match="A person holds"):
        road.propose(3, actor_kind="loop")
    assert road.propose(3).stage == "shadow"


@pytest.mark.parametrize("how", ["reject", "revert", "revert at full"])
def test_what_a_person_turned_down_the_loop_does_not_propose_again(road: Road, how: str) -> None:
    road.champion_of(1)
    second: Release = road.champion_of(2) if how == "revert at full" else road.propose(2)
    if how == "reject":
        road.do(releases.reject, second.id, actor="ada", why="misses trucks")
    else:
        road.do(releases.revert, actor="ada", why="misses trucks")
    with pytest.raises(Conflict, match=r"does not propose v2 again, since ada .*: misses trucks"):
        road.propose(2, actor_kind="loop")
    assert road.propose(2).stage == "shadow"


def test_what_the_loop_itself_rejected_it_may_propose_again(road: Road) -> None:
    road.champion_of(1)
    second = road.propose(2)
    road.do(releases.reject, second.id, by="loop")
    assert road.propose(2, actor_kind="loop").stage == "shadow"


def test_what_has_ended_stays_as_it_is(road: Road) -> None:
    road.champion_of(1)
    second = road.champion_of(2)
    for verb in (releases.hold, releases.resume, releases.reject):
        with pytest.raises(Conflict, match=r"has ended \(full\)") as caught:
            road.do(verb, second.id)
        assert "release revert" in str(caught.value.hint)
    assert road.champion == "v2"


def test_a_release_of_another_project_is_not_found(road: Road) -> None:
    first = road.champion_of(1)
    for name in ("r9", "rel_nothing", "r"):
        with pytest.raises(NotFound, match="release list"):
            road.read(releases.get, name)
    assert road.read(releases.get, "r1").id == first.id == road.read(releases.get, first.id).id


def test_releases_and_decisions_come_in_pages_newest_first(road: Road) -> None:
    for number in (1, 2, 3):
        road.champion_of(number)
    page = road.read(releases.page, None, 2)
    assert [one.name for one in page.rows] == ["r3", "r2"]
    assert [one.name for one in road.read(releases.page, page.next, 2).rows] == ["r1"]
    seen, after = [], None
    while True:
        part = road.read(releases.decisions, None, after, 3)
        seen += part.rows
        after = part.next
        if after is None:
            break
    assert [one.kind for one in seen][-2:] == ["gate", "propose"]
    assert len({one.id for one in seen}) == len(seen) == 2 + 4 + 4
