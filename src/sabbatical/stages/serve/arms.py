"""Which model a request goes to, by a hash: all requests of a unit to the same one, unless there are too few units."""

from __future__ import annotations

import hashlib

from sabbatical.schemas.release import Routing
from sabbatical.schemas.serve import Arm


def place_of(salt: str, unit: str) -> float:
    """Where a unit lies in 0..1, uniform over units; another salt shuffles them anew."""
    digest = hashlib.blake2b(unit.encode(), digest_size=8, key=salt.encode()[:64]).digest()
    return int.from_bytes(digest, "big") / 2**64


def arm_of(routing: Routing, unit: str, item_id: str) -> Arm:
    """The arm whose model answers this item of a unit.

    A unit that has a challenger at one share keeps it at a larger one. Where units are too few to be shared out
    (`by_item`), each item goes its own way, and the same item the same way again.
    """
    release = routing.release
    if release is None or release.stage == "shadow":
        return "champion"
    place = place_of(release.salt, f"{unit}\n{item_id}" if release.by_item else unit)
    return release.stage if place < release.share else "champion"
