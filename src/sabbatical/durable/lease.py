"""Who is at work on a run: an advisory lock on a file, which the kernel gives back when its process dies, however."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from pathlib import Path
from typing import Self

PAUSE_SECONDS = 0.05


class Lease:
    """Held while a process works; `inherited` says that a process of this machine held it before and is gone."""

    def __init__(self, descriptor: int, inherited: bool) -> None:
        self._descriptor = descriptor
        self.inherited = inherited

    @classmethod
    def take(cls, path: Path, patience: float = 0.0) -> Self | None:
        """The lease at `path`, or None while a living process holds it.

        `patience`: seconds to try again, for who only looks (`is_held`) has it for a moment too.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end = time.monotonic() + patience
        while not _lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() >= end:
                os.close(descriptor)
                return None
            time.sleep(PAUSE_SECONDS)
        inherited = os.read(descriptor, 256) == _here()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, _here(), 0)
        return cls(descriptor, inherited)

    @staticmethod
    def is_held(path: Path) -> bool:
        """Whether a living process holds the lease at `path`. Of two who look at once, neither sees the other."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _lock(descriptor, fcntl.LOCK_SH)
        finally:
            os.close(descriptor)

    @staticmethod
    def was_held_here(path: Path) -> bool:
        """Whether a process of this machine held the lease last."""
        return path.exists() and path.read_bytes() == _here()

    def give_back(self) -> None:
        os.close(self._descriptor)


def _lock(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _here() -> bytes:
    return socket.gethostname().encode()
