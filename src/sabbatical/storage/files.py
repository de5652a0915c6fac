"""Files that appear whole or not at all, and a full disk said as one error everywhere."""

from __future__ import annotations

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sabbatical.core.errors import StorageFull

PART = ".part"
"""What a file that is being written ends with; its name begins with a dot."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def room(what: str = "The disk is full; nothing was half written.") -> Iterator[None]:
    """Say that the disk is full as an error of ours, in the words `what`.

    Raises:
        StorageFull: there is no room, or none that this user may fill.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(what, where=error.filename, hint="Free some space, run it again.") from error
        raise


@contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """A file to write into beside `path`, moved there at the end; after an error nothing of it is left.

    Raises:
        StorageFull: the disk is full.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PART}")
    with room():
        try:
            with part.open("xb") as handle:
                yield handle
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
