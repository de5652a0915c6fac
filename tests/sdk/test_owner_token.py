"""The token of a workspace: made once, whole, and never one that could be guessed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sabbatical.core.errors import Unavailable
from sabbatical.sdk.serving import owner_token


def test_a_token_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    token = owner_token(tmp_path / "home")
    assert len(token) >= 40 and owner_token(tmp_path / "home") == token
    assert (tmp_path / "home" / "token").stat().st_mode & 0o077 == 0
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["token"]


def test_many_that_start_at_once_hold_the_same_token(tmp_path: Path) -> None:
    for turn in range(20):
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(owner_token, [tmp_path / str(turn)] * 8))) == 1


@pytest.mark.parametrize("written", ["", "\n", "cut"])
def test_a_file_that_holds_no_whole_token_is_refused_with_what_to_do(tmp_path: Path, written: str) -> None:
    (tmp_path / "token").write_text(written)
    with pytest.raises(Unavailable, match=r"too few .*Remove it"):
        owner_token(tmp_path)


def test_a_token_that_could_not_be_written_whole_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="No space left"):
        owner_token(tmp_path)
    assert list(tmp_path.iterdir()) == []
