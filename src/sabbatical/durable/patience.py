"""Records that must not be lost: on a full disk they are written again and again, until there is room."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from sabbatical.core.errors import StorageFull, Unavailable
from sabbatical.storage.workspace import Workspace

log = logging.getLogger("sabbatical.runs")
T = TypeVar("T")
SHORTEST_SECONDS, LONGEST_SECONDS = 0.2, 5.0
CANNOT_WRITE = (StorageFull, Unavailable, OperationalError)
"""What a database says that has no room, or is away for a while; SQLite calls some of it an I/O error of the disk."""


def recorded(workspace: Workspace, write: Callable[[Session], T], stopping: Callable[[], bool]) -> T:
    """What `write` answers, once its transaction could be written.

    Raises:
        StorageFull, Unavailable, OperationalError: it still could not when `stopping` said that this process is to end.
    """
    pause = SHORTEST_SECONDS
    while True:
        try:
            with workspace.database.transaction() as session:
                return write(session)
        except CANNOT_WRITE as error:
            if stopping() or not _may_pass(error):
                raise
            log.warning("what became of a run is recorded as soon as the database can be written: %s", error)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_SECONDS)


def _may_pass(error: Exception) -> bool:
    return not isinstance(error, OperationalError) or "disk i/o error" in str(error.orig).lower()
