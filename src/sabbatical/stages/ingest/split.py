"""Which split a group belongs to: a hash of its name with the project's salt, drawn once.

A new group lands in each split with the same chance whenever it comes, so that train, validation and test grow at
the same rate, and no item ever moves.
"""

from __future__ import annotations

import hashlib

from sabbatical.schemas.item import Split
from sabbatical.schemas.project import Project


def split_of(project: Project, group: str) -> Split:
    """The split that the hash gives a group; uniform over groups, equal for equal names and salts."""
    digest = hashlib.blake2b(group.encode(), digest_size=8, key=project.salt.encode()[:64]).digest()
    place = int.from_bytes(digest, "big") / 2**64
    if place < project.test_share:
        return "test"
    if place < project.test_share + project.validation_share:
        return "validation"
    return "train"
