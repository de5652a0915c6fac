"""Who is at work, and who only looks."""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path

import pytest

from sabbatical.durable.lease import Lease


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    path = tmp_path / "lock"
    path.touch()
    return path


def _look(lock: Path) -> int:
    """A look that has not ended yet."""
    descriptor = os.open(lock, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def test_who_works_is_seen_and_keeps_others_away_until_it_ends(lock: Path) -> None:
    lease = Lease.take(lock)
    assert lease is not None
    assert Lease.is_held(lock)
    assert Lease.take(lock, patience=0.2) is None
    lease.give_back()
    assert not Lease.is_held(lock)


def test_who_looks_is_not_taken_for_one_who_works(lock: Path) -> None:
    descriptor = _look(lock)
    assert not Lease.is_held(lock)
    assert Lease.take(lock) is None
    threading.Timer(0.2, os.close, (descriptor,)).start()
    lease = Lease.take(lock, patience=30)
    assert lease is not None
    lease.give_back()
