"""Get a data set from a mirror, file by file, every one checked against SHA256SUMS; what is there already stays."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import httpx

from sabbatical.catalogue.sets import DataSet, describe
from sabbatical.core.errors import BadFile, BadInput, StorageFull, Unavailable
from sabbatical.core.progress import Part, Progress, Quiet, check
from sabbatical.storage.files import FULL

SUMS = "SHA256SUMS"
SETTING = "SABBATICAL_DATA_MIRROR"
_BLOCK = 1 << 20
_MAX_SUMS = 64 << 20


class Mirror(Protocol):
    """A place that holds copies: NAME/SHA256SUMS and the files it lists."""

    def open(self, path: str, start: int) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes of a file from `start` on, in blocks. Raises Unavailable; OSError and httpx errors pass."""


def get(name: str, into: Path, mirror: str | None, progress: Progress | None = None) -> Path:
    """The folder with every file of the data set, sound: `into`/`name`, or `into` for one that is made of others.

    Args:
        name: of the catalogue.
        into: the folder of all data sets.
        mirror: a folder, or an address that begins with http:// or https://.
        progress: told by bytes; may stop the work, which goes on where it stopped when run again.

    Raises:
        NotFound: no such data set.
        BadInput: it is built in.
        Unavailable: there is no mirror, or it cannot be reached, or it lacks a file.
        BadFile: a file of the mirror is not what it should be.
        StorageFull: the disk is full; what is there already stays.
        Interrupted: it was stopped.
    """
    entry = describe(name)
    if entry.built_in:
        raise BadInput(f"'{name}' is built in: there is nothing to get.", hint="Use it by its name.")
    told = progress or Quiet()
    if entry.made_of:
        for number, part in enumerate(entry.made_of):
            get(part, into, mirror, Part(told, number / len(entry.made_of), (number + 1) / len(entry.made_of)))
        return into
    if not mirror:
        hint = f"Set {SETTING} to a folder or an address that holds '{name}'."
        raise Unavailable(f"No mirror is set to get '{name}' from.", where=f"data set {name}", hint=hint)
    with _said(entry, mirror):
        _fetch_all(entry, into / name, _mirror(mirror), told)
    return into / name


def _fetch_all(entry: DataSet, folder: Path, mirror: Mirror, progress: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sums = _sums(entry, mirror)
    for number, (path, digest) in enumerate(sums.items()):
        check(progress)
        if number % 20 == 0:
            progress.tell(number / len(sums), f"getting {entry.name}: {number:,} of {len(sums):,} files")
        target = folder / path
        if not (target.is_file() and _digest(target) == digest):
            _fetch(mirror, f"{entry.name}/{path}", target, digest, entry.size)
    progress.tell(1.0, f"{entry.name} is complete: {len(sums):,} files")


def _sums(entry: DataSet, mirror: Mirror) -> dict[str, str]:
    """Digest by path. Raises BadFile if the list is not the one that the catalogue knows."""
    with mirror.open(f"{entry.name}/{SUMS}", 0) as blocks:
        data = bytearray()
        for block in blocks:
            data += block
            if len(data) > _MAX_SUMS:
                break
    if hashlib.sha256(data).hexdigest() != entry.sums:
        message = f"{SUMS} of the mirror is not the one of the catalogue."
        raise BadFile(message, where=f"{entry.name}/{SUMS}", hint="The mirror holds another version of the data set.")
    lines = [line.split(maxsplit=1) for line in data.decode().splitlines() if line.strip()]
    return {posixpath.normpath(path.lstrip("*")): digest for digest, path in lines}


def _fetch(mirror: Mirror, path: str, target: Path, digest: str, most: int) -> None:
    """Downloads beside the target and moves it there once it is known to be right; a part left before is gone on.

    A file of more than `most` bytes, those of the whole data set, is refused before it fills the disk.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    for start in (part.stat().st_size if part.exists() else 0, 0):
        with part.open("r+b" if start else "wb") as file, mirror.open(path, start) as blocks:
            file.seek(start)
            whole = _copy(blocks, file, most)
        if whole and _digest(part) == digest:
            part.replace(target)
            return
        if start == 0:
            break
    found = _digest(part)
    part.unlink()
    if not whole:
        message = f"The mirror sends more than the {most:,} bytes of the whole data set; the file was not kept."
        raise BadFile(message, where=path, hint="The mirror is damaged; try another.")
    message = f"The checksum is {found[:12]}..., not {digest[:12]}...; the file was not kept."
    raise BadFile(message, where=path, hint="The mirror is damaged, or the download was; try again.")


def _copy(blocks: Iterator[bytes], file: BinaryIO, most: int) -> bool:
    """Write blocks from where the file stands on, and end it there; answers whether all fitted into `most` bytes."""
    for block in blocks:
        if file.tell() + len(block) > most:
            return False
        file.write(block)
    file.truncate()
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _FolderMirror:
    def __init__(self, root: Path) -> None:
        self.root = root

    @contextmanager
    def open(self, path: str, start: int) -> Iterator[Iterator[bytes]]:
        with (self.root / path).open("rb") as file:
            file.seek(start)
            yield _blocks(file)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


class _WebMirror:
    def __init__(self, address: str, transport: httpx.BaseTransport | None = None) -> None:
        self.address = address.rstrip("/")
        self.client = httpx.Client(timeout=60, follow_redirects=True, transport=transport)

    @contextmanager
    def open(self, path: str, start: int) -> Iterator[Iterator[bytes]]:
        headers = {"Range": f"bytes={start}-"} if start else {}
        with self.client.stream("GET", f"{self.address}/{path}", headers=headers) as response:
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                yield iter(())
                return
            response.raise_for_status()
            blocks = response.iter_bytes(_BLOCK)
            yield _without_first(blocks, start) if start and response.status_code == httpx.codes.OK else blocks


def _without_first(blocks: Iterator[bytes], count: int) -> Iterator[bytes]:
    """What follows the first `count` bytes, from a server that does not know ranges."""
    for block in blocks:
        yield block[count:]
        count = max(0, count - len(block))


def _mirror(place: str) -> Mirror:
    if place.startswith(("http://", "https://")):
        return _WebMirror(place)
    root = Path(place.removeprefix("file://")).expanduser()
    if not root.is_dir():
        raise Unavailable("The mirror is no folder.", where=place, hint=f"Set {SETTING} to a folder or an address.")
    return _FolderMirror(root)


@contextmanager
def _said(entry: DataSet, mirror: str) -> Iterator[None]:
    """What a mirror and a disk may do wrong, as errors of ours."""
    where = f"data set {entry.name}, mirror {mirror}"
    hint = f"Set {SETTING} to a place that holds '{entry.name}'; it was made from {entry.source}."
    try:
        yield
    except httpx.HTTPStatusError as error:
        path = error.request.url.path
        message = f"The mirror answers {error.response.status_code} for {path}."
        raise Unavailable(message, where=where, hint=hint) from error
    except httpx.HTTPError as error:
        raise Unavailable(f"The mirror cannot be reached: {error}.", where=where, hint=hint) from error
    except FileNotFoundError as error:
        lacking = os.path.relpath(str(error.filename), mirror)
        raise Unavailable(f"The mirror does not hold {lacking}.", where=where, hint=hint) from error
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull("The disk is full.", where=where, hint="Free some space and run it again.") from error
        raise Unavailable(f"A file cannot be read or written: {error}.", where=where, hint=hint) from error
