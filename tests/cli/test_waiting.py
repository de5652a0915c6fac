"""A log that is no terminal shows that long work goes on, and how long it still takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from sabbatical.cli import waiting


def record(fraction: float, message: str = "Learning", **more: Any) -> Any:
    found = {"kind": "train", "fraction": fraction, "message": message, "ended": False, "error": None}
    return cast("Any", SimpleNamespace(**found | more))


def test_lines_come_now_and_then_with_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter(range(100, 10_000))
    monkeypatch.setattr(waiting.time, "monotonic", lambda: float(next(clock)))
    lines = waiting._Lines()
    for second in range(101):
        lines(record(second / 100, ended=second == 100))
    said = capsys.readouterr().err.splitlines()
    assert 15 <= len(said) <= 22
    assert "left" not in said[0] and said[-1].startswith("train 100%") and "left" not in said[-1]
    assert any(line.startswith("train  50%  Learning, about 50 s left") for line in said)


def test_what_stands_still_is_not_repeated(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 10))
    monkeypatch.setattr(waiting.time, "monotonic", lambda: float(next(clock)))
    lines = waiting._Lines()
    for _ in range(20):
        lines(record(0.3))
    assert len(capsys.readouterr().err.splitlines()) == 1
