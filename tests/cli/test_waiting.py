"""A log that is no terminal shows that long work goes on, and how long it still takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast, get_args

import pytest

from sabbatical.cli import demo, waiting
from sabbatical.demo import ready
from sabbatical.demo.telling import Teller


def record(fraction: float, message: str = "Learning", **more: Any) -> Any:
    found = {"kind": "train", "fraction": fraction, "message": message, "ended": False, "error": None}
    return cast("Any", SimpleNamespace(**found | more))


def test_lines_come_now_and_then_with_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(100, 10_000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    lines = waiting.Lines()
    for second in range(101):
        lines(record(second / 100, ended=second == 100))
    said = capsys.readouterr().err.splitlines()
    assert 15 <= len(said) <= 22
    assert "left" not in said[0] and said[-1].startswith("train 100%") and "left" not in said[-1]
    assert any(line.startswith("train  50%  Learning, about 50 s left") for line in said)


def test_what_stands_still_is_not_repeated(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    lines = waiting.Lines()
    for _ in range(20):
        lines(record(0.3))
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_pace_begins_anew_where_another_run_begins(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(100, 10_000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
    lines = waiting.Lines()
    for total in (20, 100):
        for second in range(total):
            lines(record(second / total, f"of {total} s"))
    said = capsys.readouterr().err.splitlines()
    assert any(line.startswith("train  50%  of 100 s, about 50 s left") for line in said)


def test_the_demo_too_tells_a_log_how_long_a_step_still_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(100, 10_000))
    monkeypatch.setattr("time.monotonic", lambda: float(next(clock)))
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
