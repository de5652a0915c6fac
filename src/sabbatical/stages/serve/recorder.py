"""Answers become rows: one thread writes all that wait in one transaction, and those who asked wait for its commit.

So an answer that somebody got is never lost, and a hundred answers at once cost hardly more than one.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy.orm import Session

from sabbatical.core.errors import StorageFull, Unavailable
from sabbatical.schemas.project import Project
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.ingest.actions import Intake, Prepared
from sabbatical.stages.serve import queries
from sabbatical.stages.serve.inputs import SOURCE
from sabbatical.storage.workspace import Workspace

AT_ONCE = 256  # requests in one transaction
CLOSE_SECONDS = 10.0
CATCH_UP_SECONDS = 1.0  # without a write, each of which catches up too: others may have added many items


@dataclass(frozen=True)
class Entry:
    """What one request leaves: new items with their customers, and rows of `ServedRow`.

    `names`: the ids that answers to the same request have, if it has a key. `done` ends with the commit, and tells
    whether one of them was on record before; then nothing more is kept.
    """

    project: Project
    items: list[tuple[str | None, Prepared]]
    rows: list[dict[str, Any]]
    names: frozenset[str] = frozenset()
    done: Future[bool] = field(default_factory=Future)

    def __post_init__(self) -> None:
        self.done.set_running_or_notify_cancel()  # a client that goes away cancels its waiting, not the record


class Recorder:
    """Started with the first entry; `close` writes what waits."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._waiting: SimpleQueue[Entry | None] = SimpleQueue()
        self._intakes: dict[str, Future[Intake]] = {}
        self._caught_up: dict[str, float] = {}
        self._loader = ThreadPoolExecutor(1, "sabbatical-prints")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def add(self, entry: Entry) -> Future[bool]:
        """Hand an entry over; the future ends when it is committed, or raises why it cannot be.

        Raises:
            Unavailable: the recorder was closed.
        """
        with self._lock:
            if self._closed:
                raise Unavailable("The server is stopping.", hint="Ask again in a moment.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sabbatical-record", daemon=True)
                self._thread.start()
            self._waiting.put(entry)
        return entry.done

    def expect(self, project: Project) -> None:
        """Inputs of a project will be kept: begin to learn the fingerprints of its items, unless they are known."""
        with self._lock:
            if not self._closed and project.id not in self._intakes:
                self._intakes[project.id] = self._loader.submit(self._learn, project)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)
        self._loader.shutdown(cancel_futures=True)

    def _run(self) -> None:
        while True:
            entries, more = self._take()
            if entries:
                self._write_all(entries)
            if not more:
                return

    def _take(self) -> tuple[list[Entry], bool]:
        """All that wait now, at least one; and whether more may come."""
        entries: list[Entry] = []
        try:
            while len(entries) < AT_ONCE:
                entry = self._waiting.get(block=not entries)
                if entry is None:
                    return entries, False
                entries.append(entry)
        except Empty:
            pass
        return entries, True

    def _write_all(self, entries: list[Entry]) -> None:
        """Together; where that fails each alone, so that one cannot take others with it.

        A database that is busy, full or gone is so for all: to try each would let them wait for hours.
        """
        try:
            late = self._write(entries)
        except BaseException as error:
            if len(entries) == 1 or isinstance(error, (Unavailable, StorageFull)):
                for entry in entries:
                    entry.done.set_exception(error)
                return
            for entry in entries:
                self._write_all([entry])
            return
        for entry, was_there in zip(entries, late, strict=True):
            entry.done.set_result(was_there)

    def _write(self, entries: list[Entry]) -> list[bool]:
        """One transaction; whether each entry's request was answered on record before."""
        now = self._workspace.clock()
        projects = {entry.project.id: entry.project for entry in entries if entry.items}
        intakes = {key: self._intake(project) for key, project in projects.items()}
        before = {key: intake.known_now() for key, intake in intakes.items()}
        try:
            with self._workspace.database.transaction() as session:
                late = _late(session, entries)
                first = [entry for entry, was_there in zip(entries, late, strict=True) if not was_there]
                by_project = sorted(first, key=lambda entry: entry.project.id)
                for key, some in groupby(by_project, key=lambda entry: entry.project.id):
                    together = list(some)
                    if key in intakes:
                        _take_in(session, intakes[key], together, now)
                    queries.add(session, [row for entry in together for row in entry.rows])
        except BaseException:
            for key, intake in intakes.items():
                intake.rewind(before[key])  # it may know items that were not kept
            raise
        return late

    def _intake(self, project: Project) -> Intake:
        """What takes in a project's inputs, nearly up to date, so that the transaction has little to learn."""
        future = self._intakes.get(project.id)
        if future is None:
            future = Future()
            future.set_result(self._learn(project))
            self._intakes[project.id] = future
        try:
            intake = future.result()
        except BaseException:
            self._intakes.pop(project.id)  # the next one tries again
            raise
        now = time.monotonic()
        if now - self._caught_up.get(project.id, -math.inf) > CATCH_UP_SECONDS:
            with self._workspace.database.reading() as session:
                intake.catch_up(session)
        self._caught_up[project.id] = now
        return intake

    def _learn(self, project: Project) -> Intake:
        with self._workspace.database.reading() as session:
            return ingest.intake(session, project, SOURCE, None, None, SOURCE)


def _late(session: Session, entries: Sequence[Entry]) -> list[bool]:
    """Whether an answer to each request is on record already, or comes with an entry before it."""
    asked = {name for entry in entries for name in entry.names}
    there = queries.ids_there(session, asked) if asked else set()
    late = []
    for entry in entries:
        late.append(not there.isdisjoint(entry.names))
        there.update(row["id"] for row in entry.rows if not late[-1])
    return late


def _take_in(session: Session, intake: Intake, entries: list[Entry], now: datetime) -> None:
    """The inputs as items of the source `traffic`: near duplicates share a split, as with any other source."""
    items = sorted((item for entry in entries for item in entry.items), key=lambda item: item[0] or "")
    for customer, some in groupby(items, key=lambda item: item[0]):
        intake.customer = customer
        intake.store(session, [prepared for _, prepared in some], now)
