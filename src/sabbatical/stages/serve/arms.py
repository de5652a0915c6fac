"""Which model a request goes to: all requests of a unit to the same one, by a hash."""

from __future__ import annotations

import hashlib

from sabbatical.schemas.release import Routing
from sabbatical.schemas.serve import Arm


def place_of(salt: str, unit: str) -> float:
    """Where a unit lies in 0..1, uniform over units; another salt shuffles them anew."""
    digest = hashlib.blake2b(unit.encode(), digest_size=8, key=salt.encode()[:64]).digest()
    return int.from_bytes(digest, "big") / 2**64


def arm_of(routing: Routing, unit: str) -> Arm:
    """The arm whose model answers this unit. A unit that has a challenger at one share keeps it at a larger one."""
    release = routing.release
    if release is None or release.stage == "shadow" or place_of(release.salt, unit) >= release.share:
        return "champion"
    return release.stage
