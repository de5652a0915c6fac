"""A log that is no terminal shows that long work goes on, and how long it still takes."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest

from sabbatical.cli import autopilot, demo, waiting
from sabbatical.demo import ready
from sabbatical.demo.telling import Teller
from sabbatical.schemas.autopilot import Turn
from tests.stages.conftest import NOW

Ticking = Callable[[int], None]
TURN: dict[str, Any] = {
    "run": "run_1",
    "state": "running",
    "why": "",
    "steps": [],
    "seconds": 1,
    "created_at": NOW,
    "ended_at": None,
}


def step(name: str, state: str, message: str) -> dict[str, Any]:
    return {"name": name, "state": state, "message": message, "seconds": 1, "started_at": NOW, "ended_at": None}


@pytest.fixture
def ticking(monkeypatch: pytest.MonkeyPatch) -> Ticking:
    """Sets the clock to go on by so many seconds each time it is looked at; by one unless told."""

    def tick(seconds: int) -> None:
        clock = itertools.count(100, seconds)
        monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))

    tick(1)
    return tick


def record(fraction: float, message: str = "Learning", **more: Any) -> Any:
    found = {"kind": "train", "fraction": fraction, "message": message, "ended": False, "error": None}
    return cast("Any", SimpleNamespace(**found | more))


@pytest.mark.usefixtures("ticking")
def test_lines_come_now_and_then_with_the_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    lines = waiting.Lines()
    for second in range(101):
        lines(record(second / 100, ended=second == 100))
    said = capsys.readouterr().err.splitlines()
    assert 15 <= len(said) <= 22
    assert "left" not in said[0] and said[-1].startswith("train 100%") and "left" not in said[-1]
    assert any(line.startswith("train  50%  Learning, about 50 s left") for line in said)


def test_what_stands_still_is_not_repeated(capsys: pytest.CaptureFixture[str], ticking: Ticking) -> None:
    ticking(10)
    lines = waiting.Lines()
    for _ in range(20):
        lines(record(0.3))
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.usefixtures("ticking")
def test_the_pace_begins_anew_where_another_run_begins(capsys: pytest.CaptureFixture[str]) -> None:
    lines = waiting.Lines()
    for total in (20, 100):
        for second in range(total):
            lines(record(second / total, f"of {total} s"))
    said = capsys.readouterr().err.splitlines()
    assert any(line.startswith("train  50%  of 100 s, about 50 s left") for line in said)


@pytest.mark.usefixtures("ticking")
def test_the_demo_too_tells_a_log_how_long_a_step_still_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with demo.Spoken() as spoken:
        teller = Teller(spoken)
        for name in ("Ingest", "Train"):
            with teller.step(name, "Because.") as told:
                for second in range(100):
                    teller.watch(record(second / 100, name))
                told.summary = "Done."
    said = capsys.readouterr().err.splitlines()
    assert any(line.endswith("50%  Train, about 50 s left") for line in said)
    assert said[0] == "1. Ingest  Because." and said[-1].startswith("   Done.") and len(said) < 50


def test_the_demo_offers_all_that_it_is_ready_for() -> None:
    assert get_args(demo.Data) == ready.NAMES


@pytest.mark.usefixtures("ticking")
def test_of_a_turn_that_waits_for_people_no_time_left_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    lines = waiting.Lines()
    for second in range(100):
        lines(record(second / 100, kind="turn"))
    said = capsys.readouterr().err
    assert "turn  50%" in said and "left" not in said


@pytest.mark.usefixtures("ticking")
def test_what_a_run_made_is_not_said_by_its_progress_too(capsys: pytest.CaptureFixture[str]) -> None:
    lines = waiting.Lines()
    lines(record(0.5))
    lines(record(1.0, "v2 is the champion (r2).", ended=True))
    assert capsys.readouterr().err.splitlines()[-1] == "train 100%  Done"


def test_a_turn_says_each_sentence_once(capsys: pytest.CaptureFixture[str]) -> None:
    how = "v2 is the champion (r2)."
    turn = Turn.model_validate(
        TURN | {"state": "done", "message": how, "ended_at": NOW, "steps": [step("end", "done", how)]}
    )
    autopilot._say_turn(turn)
    waits = Turn.model_validate(TURN | {"message": "labels: 0 of 5", "steps": [step("labels", "waiting", "0 of 5")]})
    autopilot._say_turn(waits)
    said = capsys.readouterr().out
    assert said.count(how) == 1 and said.count("0 of 5") == 1
