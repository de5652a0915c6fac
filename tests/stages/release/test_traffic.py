"""A stage is left when enough was answered, fast enough, without failures; what is bad is told from what is early."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
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
    assert len(found.reasons) == 4
    assert "1.20 times the champion's 10.0 ms" in " ".join(found.reasons)


def test_too_few_answers_say_how_many_are_missing() -> None:
    ok, reasons = ready(stage(), evidence({"requests": 30, "median_ms": 12.0}))
    assert not ok
    assert "30 times in canary; 50 are needed, so 20 are missing" in reasons[0]


def test_no_answer_yet_is_early_and_not_bad() -> None:
    expected = {"requests": "undecided", "failures": "passed", "latency": "undecided", "feedback": "passed"}
    assert said(stage(), evidence({})) == expected


def test_a_stage_that_asks_for_nothing_is_ready_at_once() -> None:
    assert ready(stage(requests=0), evidence({})).ready


@pytest.mark.parametrize(
    ("requests", "failures", "limit", "expected"),
    [
        (50, 0, 0.0, "passed"),
        (50, 1, 0.0, "failed"),
        (10, 1, 0.0, "undecided"),  # the first request that failed ends nothing
        (10, 2, 0.1, "undecided"),
        (10, 6, 0.1, "undecided"),
        (100, 10, 0.1, "passed"),
        (100, 11, 0.1, "failed"),
    ],
)
def test_failures_are_bad_once_the_stage_has_its_requests(
    requests: int, failures: int, limit: float, expected: str
) -> None:
    found = evidence({"requests": requests, "failures": failures, "median_ms": 10.0})
    assert said(stage(failures_at_most=limit), found)["failures"] == expected


def test_slow_answers_are_bad_once_there_are_enough() -> None:
    assert said(stage(), evidence({"requests": 20, "median_ms": 40.0}))["latency"] == "undecided"
    assert said(stage(), evidence({"requests": 50, "median_ms": 40.0}))["latency"] == "failed"
    assert said(stage(slower_at_most=5), evidence({"requests": 50, "median_ms": 40.0}))["latency"] == "passed"


def test_a_few_milliseconds_more_are_no_loss_whatever_the_times() -> None:
    quick = evidence({"requests": 50, "median_ms": 5.5}, {"requests": 50, "median_ms": 1.0})
    assert said(stage(), quick)["latency"] == "passed"
    (found,) = (one for one in judge(stage(), quick) if one.gate == "latency")
    assert "at most 3 times is allowed, or 5 ms more" in found.reason
    assert said(stage(slack_ms=4), quick)["latency"] == "failed"


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
    early = [{**one, "requests": 40} for one in arms]
    assert said(stage(wrong_at_most=1.2), evidence(*early))["feedback"] in {"passed", "undecided"}


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((0, 0), (90, 10), "passed"),  # nobody judges it, and nobody asked that they do
        ((0, 9), (900, 100), "passed"),  # too few to compare
        ((9, 1), (9, 1), "passed"),
        ((40, 10), (45, 5), "passed"),  # twice as many, but it may be chance
        ((30, 20), (90, 10), "failed"),
        ((0, 10), (9, 1), "failed"),
        ((90, 10), (30, 20), "passed"),  # better
    ],
)
def test_without_a_rule_feedback_that_is_surely_worse_than_the_champion_s_is_bad(
    ours: tuple[int, int], theirs: tuple[int, int], expected: str
) -> None:
    arms = [{"requests": 100, "median_ms": 10.0, "right": right, "wrong": wrong} for right, wrong in (ours, theirs)]
    assert said(stage(), evidence(*arms))["feedback"] == expected
    assert said(stage(requests=200), evidence(*arms))["feedback"] == expected.replace("failed", "undecided")


def test_of_models_that_are_called_wrong_equally_often_feedback_refuses_few() -> None:
    dice = np.random.default_rng(0)
    refused = 0
    for theirs, ours in dice.binomial((200, 30), 0.15, (500, 2)).tolist():
        arms = {"requests": 100, "right": 30 - ours, "wrong": ours}, {"right": 200 - theirs, "wrong": theirs}
        refused += said(stage(), evidence(*arms))["feedback"] == "failed"
    assert refused < 0.05 * 500  # 2.5 % of 500 are expected


def call(batch: int, slower: float = 1.0) -> dict[str, Any]:
    """An arm whose calls have so many questions: 2 ms, and 1 ms for each."""
    ms = slower * (2.0 + batch)
    return {"requests": 100, "median_ms": ms, "each_ms": ms / batch}


@pytest.mark.parametrize(("ours", "theirs"), [(1, 16), (2, 16), (16, 1), (4, 4)])
def test_an_equal_model_is_not_slow_however_large_the_calls_of_the_two_are(ours: int, theirs: int) -> None:
    assert said(stage(slower_at_most=1.0), evidence(call(ours), call(theirs)))["latency"] == "passed"


def test_a_slow_model_is_slow_by_the_call_and_by_the_answer() -> None:
    assert said(stage(), evidence(call(4, slower=3.5), call(4)))["latency"] == "failed"
    found = next(one for one in judge(stage(), evidence(call(2, slower=6.0), call(4))) if one.gate == "latency")
    assert found.verdict == "failed" and found.value == pytest.approx(4.0)
    assert "for each answer in a call 8.00 times as long" in found.reason


def test_a_stage_that_no_unit_falls_into_says_so() -> None:
    found = evidence({}, {"requests": 40, "median_ms": 10.0}).model_copy(update={"units": 3})
    reason = ready(stage(), found).reasons[0]
    assert "3 units asked 40 times, and none of them is in the 10% canary. Raise the share" in reason
    assert "wait, or send" in ready(stage(), found.model_copy(update={"units": 300})).reasons[0]
    assert "wait, or send" in ready(stage(stage="shadow"), found).reasons[0]
