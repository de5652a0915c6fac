"""A stage is left when enough was answered, fast enough, without failures; what is bad is told from what is early."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from sabbatical.schemas.policy import Stage
from sabbatical.schemas.release import Evidence
from sabbatical.stages.release.traffic import judge, ready

SINCE = datetime(2026, 3, 1, tzinfo=UTC)


def stage(**rules: Any) -> Stage:
    return Stage.model_validate({"stage": "canary", "requests": 50, **rules})


def evidence(challenger: dict[str, Any], champion: dict[str, Any] | None = None) -> Evidence:
    document = {"release": "r", "stage": "canary", "since": SINCE, "challenger": challenger}
    return Evidence.model_validate(document | {"champion": champion or {"requests": 400, "median_ms": 10.0}})


def said(rules: Stage, found: Evidence) -> dict[str, str]:
    return {one.gate: one.verdict for one in judge(rules, found)}


def test_enough_answers_without_failures_at_the_champion_s_pace_are_ready() -> None:
    found = ready(stage(), evidence({"requests": 50, "median_ms": 12.0}))
    assert found.ready
    assert len(found.reasons) == 3
    assert "1.20 times the champion's 10.0 ms" in " ".join(found.reasons)


def test_too_few_answers_say_how_many_are_missing() -> None:
    ok, reasons = ready(stage(), evidence({"requests": 30, "median_ms": 12.0}))
    assert not ok
    assert "30 times in canary; 50 are needed, so 20 are missing" in reasons[0]


def test_no_answer_yet_is_early_and_not_bad() -> None:
    assert said(stage(), evidence({})) == {"requests": "undecided", "failures": "passed", "latency": "undecided"}


def test_a_stage_that_asks_for_nothing_is_ready_at_once() -> None:
    assert ready(stage(requests=0), evidence({})).ready


@pytest.mark.parametrize(
    ("requests", "failures", "limit", "expected"),
    [
        (50, 0, 0.0, "passed"),
        (10, 1, 0.0, "failed"),  # none may fail, so waiting does not help
        (10, 2, 0.1, "undecided"),  # 2 of 50 would be few enough
        (10, 6, 0.1, "failed"),  # 6 of 50 cannot be
        (100, 10, 0.1, "passed"),
        (100, 11, 0.1, "failed"),
    ],
)
def test_failures_are_bad_once_no_later_answer_makes_up_for_them(
    requests: int, failures: int, limit: float, expected: str
) -> None:
    found = evidence({"requests": requests, "failures": failures, "median_ms": 10.0})
    assert said(stage(failures_at_most=limit), found)["failures"] == expected


def test_slow_answers_are_bad_once_there_are_enough() -> None:
    assert said(stage(), evidence({"requests": 20, "median_ms": 40.0}))["latency"] == "undecided"
    assert said(stage(), evidence({"requests": 50, "median_ms": 40.0}))["latency"] == "failed"
    assert said(stage(slower_at_most=5), evidence({"requests": 50, "median_ms": 40.0}))["latency"] == "passed"


def test_without_answers_of_the_champion_there_is_no_pace_to_keep() -> None:
    found = evidence({"requests": 50, "median_ms": 40.0}, {"requests": 0})
    assert said(stage(), found)["latency"] == "passed"


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((40, 10), (45, 5), "passed"),  # twice as many, but it may be chance
        ((20, 30), (90, 10), "failed"),
        ((0, 0), (90, 10), "undecided"),
        ((20, 5), (0, 0), "undecided"),
        ((19, 1), (100, 0), "passed"),  # one complaint is no proof
        ((10, 10), (100, 0), "failed"),
    ],
)
def test_bad_feedback_counts_where_it_is_surely_worse(
    ours: tuple[int, int], theirs: tuple[int, int], expected: str
) -> None:
    arms = [{"requests": 100, "median_ms": 10.0, "right": right, "wrong": wrong} for right, wrong in (ours, theirs)]
    assert said(stage(wrong_at_most=1.2), evidence(*arms))["feedback"] == expected
    assert "feedback" not in said(stage(), evidence(*arms))
