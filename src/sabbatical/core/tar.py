"""A folder as a stream of bytes and back: tar, in bounded memory, never outside of the folder it is unpacked into."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable, Iterator
from io import RawIOBase
from pathlib import Path

from sabbatical.core.errors import BadFile

CHUNK = 1 << 20
BLOCK = tarfile.BLOCKSIZE


def tar_of(folder: Path, files: Iterable[Path] | None = None) -> Iterator[bytes]:
    """Files beneath a folder under their names there: these, or all regular ones in the order of their names, no links.

    Raises:
        BadFile: a file became shorter while it was read.
    """
    for path in sorted(folder.rglob("*")) if files is None else files:
        if files is None and (path.is_symlink() or not path.is_file()):
            continue
        member = tarfile.TarInfo(path.relative_to(folder).as_posix())
        member.size = path.stat().st_size
        member.mtime = int(path.stat().st_mtime)
        yield member.tobuf(tarfile.PAX_FORMAT)
        yield from _content(path, member.size)
    yield bytes(2 * BLOCK)


def _content(path: Path, size: int) -> Iterator[bytes]:
    left = size
    with path.open("rb") as handle:
        while left:
            chunk = handle.read(min(CHUNK, left))
            if not chunk:
                raise BadFile("The file became shorter while it was read.", where=str(path), hint="Try again.")
            left -= len(chunk)
            yield chunk
    yield bytes(-size % BLOCK)


def untar(chunks: Iterable[bytes], folder: Path) -> int:
    """Unpack a stream into a folder, and answer how many files there were.

    Raises:
        BadFile: the stream is cut short, or a member leads out of the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    try:
        with tarfile.open(fileobj=_Reader(chunks), mode="r|") as archive:
            for member in archive:
                archive.extract(member, folder, filter="data")
                count += 1
    except tarfile.TarError as error:
        raise BadFile(f"The archive cannot be unpacked: {error}.", where=str(folder)) from error
    return count


class _Reader(RawIOBase):
    """Chunks as a file to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._waiting = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        parts = []
        while size:
            if not self._waiting:
                self._waiting = next(self._chunks, b"")
                if not self._waiting:
                    break
            part = self._waiting if size < 0 else self._waiting[:size]
            self._waiting = self._waiting[len(part) :]
            size -= len(part) if size > 0 else 0
            parts.append(part)
        return b"".join(parts)
