"""How much time and memory the process of a run may take, as its parent sees it.

A limit on the address space (RLIMIT_AS) would be simpler, but PyTorch and ONNX Runtime reserve far more than they use;
so the resident memory of the process and of those that it started is looked at, as often as it costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from sabbatical.core.errors import OverLimit
from sabbatical.core.settings import Settings

LOOK_SECONDS = 0.3
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Over:
    """What was exceeded; a process that eats memory is ended at once, a slow one may save what it has."""

    error: OverLimit
    at_once: bool


class Limits:
    """The limits of one process, from its start on."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.run_seconds
        self._megabytes = settings.run_memory_mb
        self._began = time.monotonic()
        self._looked = self._began

    def exceeded(self, pid: int) -> Over | None:
        """Which limit the process exceeds now, if any."""
        now = time.monotonic()
        if self._seconds is not None and now - self._began > self._seconds:
            return Over(_took_long(self._seconds), at_once=False)
        if self._megabytes is None or now - self._looked < LOOK_SECONDS:
            return None
        self._looked = now
        used = resident(pid) // MEGABYTE
        if used > self._megabytes:  # which counts what it shares with other runs, and costs less to ask
            used = own(pid) // MEGABYTE
        return Over(_took_memory(used, self._megabytes), at_once=True) if used > self._megabytes else None


def resident(pid: int) -> int:
    """Bytes of memory that a process and those that it started hold; 0 if it is gone."""
    return _sum(pid, lambda process: process.memory_info().rss)


def own(pid: int) -> int:
    """The same without what is shared with others: a run shares with all of them what it was forked with."""
    return _sum(pid, lambda process: process.memory_full_info().uss)


def _sum(pid: int, held: Callable[[psutil.Process], int]) -> int:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for one in family:
        try:
            total += held(one)
        except psutil.NoSuchProcess:
            continue
    return total


def _took_long(seconds: float) -> OverLimit:
    return OverLimit(
        f"It took longer than the {seconds:g} s that one run may take; what it has finished is kept.",
        where="settings field run_seconds",
        hint="Raise the limit, then go on with `sabbatical run resume`.",
    )


def _took_memory(used: int, limit: int) -> OverLimit:
    return OverLimit(
        f"It held {used:,} MB of memory; one run may hold {limit:,}.",
        where="settings field run_memory_mb",
        hint="Give it a smaller batch or smaller pictures, or raise the limit; then `sabbatical run resume`.",
    )
