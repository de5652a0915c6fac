from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from sabbatical.core.settings import load
from sabbatical.durable import children, runs
from sabbatical.storage.tables import RunRow
from sabbatical.storage.workspace import Workspace, open_workspace
from tests.durable import napping


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setattr(children, "MODULE", napping.__name__)
    opened = open_workspace(load(home=tmp_path / "home", workers=2))
    yield opened
    opened.close()


Ask = Callable[..., str]


@pytest.fixture
def ask(workspace: Workspace) -> Ask:
    """Record a nap and answer its id."""

    def record(key: str | None = None, **params: Any) -> str:
        with workspace.database.transaction() as session:
            row = runs.ask(session, project_id=None, kind="nap", params=params, now=workspace.clock(), key=key)
            return row.id

    return record


def look(workspace: Workspace, run_id: str) -> RunRow:
    with workspace.database.reading() as session:
        return runs.get(session, run_id)


def until(happens: Callable[[], Any], what: str, seconds: float = 60.0) -> Any:
    """Wait until something is true; how long it takes is not the promise, that it comes is."""
    end, pause = time.monotonic() + seconds, 0.02
    while time.monotonic() < end:
        found = happens()
        if found:
            return found
        time.sleep(pause)
        pause = min(1.2 * pause, 0.2)
    raise AssertionError(f"{what} did not happen")


@contextmanager
def full(workspace: Workspace) -> Iterator[threading.Event]:
    """While the event is set, the database of this process gets no further page."""
    none_left = threading.Event()

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {1 if none_left.is_set() else 1 << 30}")

    event.listen(workspace.database.engine, "begin", limit)
    yield none_left
    event.remove(workspace.database.engine, "begin", limit)
    workspace.database.engine.dispose()  # the limit is of a connection


def ticks(workspace: Workspace, run_id: str) -> list[int]:
    """The process ids of a nap's ticks so far."""
    file = workspace.home / "runs" / run_id / "ticks.txt"
    return [int(line) for line in file.read_text().split()] if file.exists() else []
