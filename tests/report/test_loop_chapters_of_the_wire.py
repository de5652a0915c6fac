"""The loop's chapters are filled from what the wire says, and nothing is lost or made up on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sabbatical.report import demo_page
from sabbatical.report.loop_chapters import failure_shot, mined_chapter, released_chapter, turn_chapter
from sabbatical.report.story import Drawn, Story
from sabbatical.report.words import plain
from sabbatical.schemas.autopilot import Turn, TurnStep
from sabbatical.schemas.mine import Issue, IssueItem, IssueWindow, Symptom
from sabbatical.schemas.policy import ReleaseRules
from sabbatical.schemas.release import ArmEvidence, Decision, Evidence, GateVerdict, Release
from tests.report.reading import read

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def decision(kind: str, stage_to: str | None, seconds: float, *, release: str = "r2", **evidence: Any) -> Decision:
    values = {"id": "dec", "release": release, "model": "v2", "kind": kind, "actor_kind": "loop", "actor": "turn"}
    values |= {"stage_from": None, "stage_to": stage_to, "passed": True if kind == "gate" else None}
    return Decision.model_validate(
        {**values, "reasons": ["One.", "Two."], "evidence": evidence, "created_at": at(seconds)}
    )


def evidence(stage: str, fresh: int) -> Evidence:
    arm = ArmEvidence(requests=fresh, median_ms=12.0, p95_ms=20.0, unsure=3, right=4, wrong=1)
    champion = ArmEvidence(requests=90, median_ms=11.0, p95_ms=19.0)
    values = {"release": "rel", "stage": stage, "since": NOON, "champion": champion, "challenger": arm}
    return Evidence.model_validate({**values, "compared": 50 if stage == "shadow" else 0, "agreed": 44})


def release(stage: str = "full") -> Release:
    gate = GateVerdict(gate="slices", verdict="passed", reason="None loses.", value=-0.01, limit=-0.02)
    values: dict[str, Any] = {"id": "rel", "name": "r2", "project": "street", "model": "v2", "champion": "v1"}
    values |= {"stage": stage, "share": 1.0, "next": None, "held_by": None, "passed": True, "gates": [gate]}
    values |= {"evaluation": None, "rules": ReleaseRules(), "stage_since": NOON, "created_at": NOON, "ended_at": None}
    return Release.model_validate(values)


def way() -> list[Decision]:
    return [
        decision("propose", None, 0),
        decision("gate", "shadow", 1),
        decision("gate", "canary", 2, release="r1"),
        decision("advance", "canary", 9, traffic=evidence("shadow", 50).model_dump(mode="json")),
        decision("hold", None, 10),
        decision("advance", "full", 20, traffic=evidence("canary", 31).model_dump(mode="json")),
    ]


def test_a_stage_is_told_by_the_evidence_it_was_left_on() -> None:
    chapter = released_chapter(release(), way(), evidence("full", 70))
    assert [(stage.name, stage.share) for stage in chapter.stages] == [("shadow", 0.0), ("canary", 0.1), ("full", 1.0)]
    assert [stage.challenger and stage.challenger.requests for stage in chapter.stages] == [50, 31, 70]
    shadow, canary, full = chapter.stages
    assert (shadow.compared, shadow.agreed) == (50, 44) and shadow.ended_at == canary.began_at == at(9)
    assert full.ended_at is None and canary.champion is not None and canary.champion.model == "v1"
    assert len(chapter.decisions) == 5, "those of other releases are not told"
    assert chapter.gates[0].limit == -0.02


def test_a_stage_under_way_without_evidence_is_told_without_numbers() -> None:
    chapter = released_chapter(release("shadow"), way()[:2])
    assert [stage.challenger for stage in chapter.stages] == [None]
    text = read(demo_page(Story("Street", ("car",), (chapter,)))).text
    assert "v2 passed 1 gate and answers in the shadow." in text


def test_a_reverted_release_ends_its_last_stage_where_it_was_reverted() -> None:
    chapter = released_chapter(release("reverted"), [*way(), decision("revert", "reverted", 40)])
    assert [stage.name for stage in chapter.stages] == ["shadow", "canary", "full"]
    assert chapter.stages[-1].ended_at == at(40)
    assert "v2 was reverted; v1 answers." in read(demo_page(Story("Street", ("car",), (chapter,)))).text


def issue() -> Issue:
    symptom = Symptom(kind="missed", label="car", failed=41, answers=60, rest_failed=31, rest_answers=140, lift=3.1,
                      interval=(2.3, 4.2), p_value=0.001)  # fmt: skip
    values: dict[str, Any] = {"number": 4, "project": "street", "model": "v1", "state": "open", "symptom": symptom}
    values["title"] = "missed: car at night, 41 of 60 answers, 3.1 times the rest"
    values |= {"where": {"time_of_day": "night"}, "failing": 44, "alike": 16, "created_at": NOON, "updated_at": NOON}
    return Issue.model_validate({**values, "window": IssueWindow(answers=200, groups=80)})


def test_an_issue_keeps_its_counts_once() -> None:
    chapter = mined_chapter("v1", [issue()], shots={4: [failure_shot(IssueItem(item="i", kind="unsure", score=1))]})
    (one,) = chapter.issues
    assert one.title == "missed: car at night" and (one.failures, one.answers, one.rest) == (41, 60, (31, 140))
    assert (chapter.answers, chapter.failures) == (200, 44)
    assert len(one.shots) == 1


def test_what_was_missed_is_nobodys_and_a_ghost_the_models() -> None:
    detail = {"missed": [["car", [1, 2, 30, 40]]], "ghost": [["light", [5, 5, 9, 9]]],
              "wrong_class": [["bus", "truck", [7, 7, 20, 20]]]}  # fmt: skip
    found = [Drawn((50, 50, 60, 60), "adult", "machine", 0.8)]
    shot = failure_shot(IssueItem(item="i", kind="missed", score=3, detail=detail), found, (320, 192))
    assert [(drawn.name, drawn.hand) for drawn in shot.drawn] == [
        ("adult", "machine"), ("car", "nobody"), ("bus", "person"), ("light", "machine"),
    ]  # fmt: skip
    assert plain(shot.caption) == "car missed" and shot.frame == (320, 192)


def test_a_text_that_got_another_tag_has_no_box() -> None:
    failed = IssueItem(item="t", kind="wrong_class", score=1, detail={"wrong_class": [["mlops", "other"]]})
    assert failure_shot(failed).drawn == ()


def test_a_turn_is_told_step_by_step_as_it_went() -> None:
    steps = [
        TurnStep(
            name="monitor", state="done", message="6 columns drifted", seconds=4, started_at=at(1), ended_at=at(5)
        ),
        TurnStep(name="labels", state="done", message="100 tasks", seconds=20, started_at=at(6), ended_at=at(26)),
        TurnStep(name="leave-shadow", state="failed", message="", seconds=1, started_at=at(27), ended_at=at(28)),
    ]
    turn = Turn(run="run", state="failed", why="a person", message="it failed", steps=steps, seconds=28,
                created_at=NOON, ended_at=at(28))  # fmt: skip
    chapter = turn_chapter(turn, "turn 2")
    assert [(step.name, step.began, step.waits) for step in chapter.steps] == [
        ("monitor", 1.0, False), ("labels", 6.0, True), ("leave shadow", 27.0, False),
    ]  # fmt: skip
    assert "Turn 2 ended at leave shadow after 28 s." in read(demo_page(Story("Street", ("car",), (chapter,)))).text
