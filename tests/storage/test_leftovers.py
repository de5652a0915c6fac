"""What a killed process left half written goes; what is whole, young, or to be gone on with stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sabbatical.storage import leftovers
from sabbatical.storage.workspace import Workspace

LEFT = ["uploads/.upl_1.part_2/big.zip", "runs/run_1/.out.jsonl.ab.part", "cache/.0123.ab.part", ".token.ab.part"]
KEPT = ["uploads/upl_1/my.part", "runs/run_1/log.txt", "runs/run_1/files/.a.part", "cache/0123", "data/bccd/1.jpg.part"]


@pytest.fixture
def home(workspace: Workspace) -> Path:
    for name in LEFT + KEPT:
        path = workspace.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    return workspace.home


def age(home: Path) -> None:
    for path in home.rglob("*"):
        os.utime(path, (0, 0))


def there(home: Path, names: list[str]) -> list[str]:
    return [name for name in names if (home / name).exists()]


def test_what_is_young_is_being_written_and_stays(workspace: Workspace, home: Path) -> None:
    assert leftovers.remove(workspace) == 0
    assert there(home, LEFT + KEPT) == LEFT + KEPT


def test_what_is_old_goes_and_what_is_whole_stays(workspace: Workspace, home: Path) -> None:
    key = workspace.media.put(b"whole")
    workspace.media.files.pipe_file(f"{workspace.media.root}/.parts/{key}.ab", b"who")
    age(home)
    assert leftovers.remove(workspace) == len(LEFT) + 1
    assert there(home, LEFT) == [] and there(home, KEPT) == KEPT
    assert workspace.media.get(key) == b"whole"
    assert leftovers.remove(workspace) == 0
