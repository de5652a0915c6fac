"""Files that are there wholly or not at all."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from sabbatical.core.errors import StorageFull


def write_whole(file: Path, content: bytes) -> None:
    """Write a file under another name, then rename it, so that no reader ever sees a part. Raises StorageFull."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        Path(name).replace(file)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise StorageFull(
                "The disk is full.", where=str(file), hint="Free some space and run the same command again."
            ) from error
        raise
