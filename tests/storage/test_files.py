"""Files appear whole or not at all, and a full disk is said."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from sabbatical.core.errors import StorageFull
from sabbatical.storage.files import room, written


def test_a_file_appears_whole_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"before")
    with written(path) as handle:
        handle.write(b"after")
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after" and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full of Linux")
def test_a_full_disk_is_said() -> None:
    with pytest.raises(StorageFull, match="Free some space"), room(), Path("/dev/full").open("wb") as handle:
        handle.write(b"x" * 100_000)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "no space"), OSError(errno.EDQUOT, "quota")])
def test_after_a_full_disk_nothing_is_left_and_what_was_there_stays(tmp_path: Path, error: OSError) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"before")
    with pytest.raises(StorageFull), written(path) as handle:
        handle.write(b"half")
        raise error
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(PermissionError), room():
        raise PermissionError(errno.EACCES, "denied")
