"""Files that clients send: each in a folder of its own under `uploads/` of the workspace, whole or not at all."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

from anyio import to_thread

from sabbatical.core.errors import BadRequest, NotFound
from sabbatical.core.ids import content_id, new_id
from sabbatical.schemas.upload import Upload
from sabbatical.storage.files import room
from sabbatical.storage.workspace import Workspace

ID = re.compile(r"^upl_[0-9a-z]{20,32}$")
LONGEST_NAME = 120
BUFFER = 1 << 20


def safe_name(name: str) -> str:
    """The last part of a file name as a client gives it, without what could lead elsewhere or confuse a shell.

    Raises:
        BadRequest: nothing is left of it.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(" .")
    if not kept:
        raise BadRequest(f"'{name[:80]}' is no file name.", where="query name")
    stem, dot, ending = kept.rpartition(".")
    if len(kept.encode()) > LONGEST_NAME:
        kept = (stem or ending).encode()[: LONGEST_NAME - 20].decode(errors="ignore") + dot + ending[-15:]
    return kept


async def keep(workspace: Workspace, name: str, chunks: AsyncIterator[bytes], key: str | None) -> Upload:
    """Keep a stream of bytes. The same `key` again keeps it under the same id.

    Raises:
        BadRequest: the name is none.
        StorageFull: the disk is full; nothing is left of the upload.
    """
    kept = safe_name(name)
    upload_id = f"upl_{content_id(key.encode())}" if key else new_id("upl")
    part = workspace.home / "uploads" / f".{upload_id}.{new_id('part')}"
    with room("The server's disk is full; nothing was kept."):
        try:
            part.mkdir(parents=True)
            count = await _write(part / kept, chunks)
            await to_thread.run_sync(_replace, part, workspace.uploads / upload_id)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return Upload(id=upload_id, source=f"upload:{upload_id}", name=kept, bytes=count)


def find(workspace: Workspace, upload_id: str) -> Path:
    """The file of an upload.

    Raises:
        NotFound: there is none of this id.
    """
    folder = workspace.uploads / upload_id
    if not ID.match(upload_id) or not folder.is_dir():
        raise NotFound(f"There is no upload '{upload_id[:60]}'.", hint="Send the file again.")
    return next(folder.iterdir())


def remove(workspace: Workspace, upload_id: str) -> None:
    """Forget an upload; what was made of it stays."""
    shutil.rmtree(find(workspace, upload_id).parent)


async def _write(path: Path, chunks: AsyncIterator[bytes]) -> int:
    count = 0
    with path.open("wb") as handle:
        waiting = bytearray()
        async for chunk in chunks:
            waiting += chunk
            count += len(chunk)
            if len(waiting) >= BUFFER:
                await to_thread.run_sync(handle.write, bytes(waiting))
                waiting.clear()
        handle.write(waiting)
    return count


def _replace(part: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    part.rename(place)
