"""What processes that were killed left half written; nobody goes on with it, so a worker removes it when it starts."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sabbatical.storage.files import PART
from sabbatical.storage.workspace import Workspace

OLD = timedelta(hours=6)
"""Nobody writes one file for so long."""
FILES = ("", "cache", "runs/*")


def remove(workspace: Workspace) -> int:
    """Remove what was left more than `OLD` ago, in the workspace and in its media store; answers how many there were.

    Parts of public data sets stay: `data get` goes on with them.
    """
    before = workspace.clock() - OLD
    count = workspace.media.remove_parts(before)
    for path in _candidates(workspace.home):
        try:
            if path.lstat().st_mtime > before.timestamp():
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            count += 1
        except FileNotFoundError:  # it was finished meanwhile
            continue
    return count


def _candidates(home: Path) -> Iterator[Path]:
    for folder in FILES:
        yield from home.glob(f"{folder}/.*{PART}" if folder else f".*{PART}")
    yield from (home / "uploads").glob(".upl_*")
