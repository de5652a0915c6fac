"""Zip and tar archives read in place: nothing is unpacked into a folder, and no member leads out of one.

Refused one by one: absolute names, `..`, links, devices, encrypted members. Refused as a whole: more unpacked bytes
than allowed, or a rate of compression that only a bomb has. A zip member never yields more than its directory says,
so the sum over the directory is a true bound, and so is the size of each. A compressed tar is unpacked once into one
temporary file without a name, since it cannot be read at random; the bound holds while it is written.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

from sabbatical.core.errors import BadFile
from sabbatical.stages.ingest.formats.files import check_item, inner, is_junk
from sabbatical.stages.ingest.records import Refusal

MAX_RATIO = 200
"""Most unpacked bytes for one packed byte; JSON of labels stays under 40, the densest bombs reach 1,000."""
RATIO_FROM = 16 << 20
"""Smaller archives do no harm at any ratio."""
_BLOCK = 1 << 20
_AT_ONCE = {zipfile.ZIP_BZIP2: 64, zipfile.ZIP_LZMA: 512}
"""Packed bytes of a member taken at once where Python unpacks all of them at once: a bzip2 block of 45 bytes may hold
46 MB of zeros, and LZMA packs up to 7,000 times."""
_DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    MemoryError,
)
"""What the standard library raises on damaged archives; a dictionary of terabytes asked for is damage too."""


def check_size(source: Path, unpacked: int, max_bytes: int) -> None:
    """Raises BadFile if `unpacked` bytes are more than allowed, or suspiciously many for the archive's own size."""
    if unpacked > max_bytes:
        message = f"It unpacks to {unpacked:,} bytes; at most {max_bytes:,} are allowed."
        raise BadFile(message, where=str(source), hint="Split it, or raise max_archive_bytes in the settings.")
    packed = max(source.stat().st_size, 1)
    if unpacked > RATIO_FROM and unpacked / packed > MAX_RATIO:
        message = f"It unpacks to {unpacked // packed:,} times its size, as only a zip bomb does."
        raise BadFile(message, where=str(source), hint="Unpack it yourself if you trust it, and send the folder.")


def _refusal(source: Path, name: str, reason: str) -> Refusal:
    return Refusal(f"{source.name}: {name}", None, None, f"This member was not read: {reason}.")


class ZipFiles:
    """The members of a zip archive. Raises BadFile for one that is damaged or too large."""

    def __init__(self, source: Path, max_bytes: int, max_item_bytes: int) -> None:
        self.label = str(source)
        self.main: str | None = None
        self.max_item_bytes = max_item_bytes
        self.refused: list[Refusal] = []
        try:
            self._zip = zipfile.ZipFile(source)
        except _DAMAGE as error:
            raise BadFile(f"This zip archive cannot be read: {error}.", where=str(source)) from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        check_size(source, sum(member.file_size for member in self._zip.infolist()), max_bytes)
        for member in self._zip.infolist():
            if member.is_dir():
                continue
            name, reason = inner(member.orig_filename), self._why_not(member)
            if reason is None and name is not None:
                self._members[name] = member
            else:
                self.refused.append(_refusal(source, member.orig_filename, reason or "its name leads out of it"))

    @staticmethod
    def _why_not(member: zipfile.ZipInfo) -> str | None:
        kind = member.external_attr >> 16 & 0o170000
        if kind not in (0, 0o100000):
            return "it is a link or a device"
        return "it is encrypted" if member.flag_bits & 1 else None

    def names(self) -> Iterator[str]:
        return (name for name in self._members if not any(is_junk(part) for part in name.split("/")))

    def has(self, name: str) -> bool:
        return inner(name) in self._members

    def read(self, name: str) -> bytes:
        with self.open_item(name) as stream:
            return stream.read(self._member(name).file_size)

    def open_item(self, name: str) -> BinaryIO:
        check_item(name, self._member(name).file_size, self.max_item_bytes)
        return self.open(name)

    def open(self, name: str) -> BinaryIO:
        member = self._member(name)
        return cast(BinaryIO, io.BufferedReader(_Member(self._zip, member, f"{self.label}: {name}"), _BLOCK))

    def _member(self, name: str) -> zipfile.ZipInfo:
        member = self._members.get(inner(name) or "")
        if member is None:
            raise BadFile("The archive has no such member.", where=f"{self.label}: {name}")
        return member


class _Member(io.RawIOBase):
    """A member of a zip as a file. Raises BadFile with its name where it is damaged, at whatever byte."""

    def __init__(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str) -> None:
        self.where, self.size = where, member.file_size
        self.step = _AT_ONCE.get(member.compress_type, _BLOCK)
        with self._explained():
            self._stream = cast(zipfile.ZipExtFile, archive.open(member))
        self._stream.MIN_READ_SIZE = min(self._stream.MIN_READ_SIZE, self.step)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._stream.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Goes there by reading; back from the start again."""
        with self._explained():
            target = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._stream.tell(), os.SEEK_END: self.size}[whence]
            if target < self._stream.tell():
                self._stream.seek(0)
            while (left := target - self._stream.tell()) > 0 and self._stream.read(min(left, self.step)):
                pass
            return self._stream.tell()

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        filled = 0
        with self._explained():
            while data := self._stream.read(min(len(buffer) - filled, self.step)):
                buffer[filled : filled + len(data)] = data
                filled += len(data)
        return filled

    def close(self) -> None:
        if not self.closed and hasattr(self, "_stream"):
            self._stream.close()
        super().close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGE as error:
            why = str(error) or type(error).__name__
            hint = "Make the archive again."
            raise BadFile(f"This member of the archive is damaged: {why}.", where=self.where, hint=hint) from error


class TarFiles:
    """The members of a tar archive. Raises BadFile for one that is damaged or too large."""

    def __init__(self, source: Path, max_bytes: int, max_item_bytes: int) -> None:
        self.label = str(source)
        self.main: str | None = None
        self.max_item_bytes = max_item_bytes
        self.refused: list[Refusal] = []
        self._places: dict[str, tuple[int, int]] = {}
        try:
            self._file = _plain_tar(source, max_bytes)
            self._close = weakref.finalize(self, self._file.close)
            self._index(source)
        except _DAMAGE as error:
            if isinstance(error, OSError) and error.errno is not None:  # the disk's fault, not the archive's
                raise
            raise BadFile(f"This tar archive cannot be read: {error}.", where=str(source)) from error

    def _index(self, source: Path) -> None:
        with tarfile.open(fileobj=self._file, mode="r:") as tar:
            for member in tar:
                tar.members.clear()  # type: ignore[attr-defined]  # else every member is kept
                if member.isdir():
                    continue
                name = inner(member.name)
                if name is None:
                    self.refused.append(_refusal(source, member.name, "its name leads out of it"))
                elif not member.isreg() or member.issparse():
                    self.refused.append(_refusal(source, member.name, "it is a link or a device"))
                else:
                    self._places[name] = (member.offset_data, member.size)

    def names(self) -> Iterator[str]:
        return (name for name in self._places if not any(is_junk(part) for part in name.split("/")))

    def has(self, name: str) -> bool:
        return inner(name) in self._places

    def read(self, name: str) -> bytes:
        start, size = self._place(name)
        return self.span(name, start, check_item(name, size, self.max_item_bytes))

    def open_item(self, name: str) -> BinaryIO:
        check_item(name, self._place(name)[1], self.max_item_bytes)
        return self.open(name)

    def open(self, name: str) -> BinaryIO:
        start, size = self._place(name)
        return cast(BinaryIO, io.BufferedReader(_Span(self, name, start, size), _BLOCK))

    def _place(self, name: str) -> tuple[int, int]:
        place = self._places.get(inner(name) or "")
        if place is None:
            raise BadFile("The archive has no such member.", where=f"{self.label}: {name}")
        return place

    def span(self, name: str, start: int, size: int) -> bytes:
        data = os.pread(self._file.fileno(), size, start)
        if len(data) != size:
            raise BadFile("The archive ends inside this member.", where=f"{self.label}: {name}")
        return data


class _Span(io.RawIOBase):
    """A run of bytes of a tar file as a file of its own."""

    def __init__(self, files: TarFiles, name: str, start: int, size: int) -> None:
        self.files, self.name, self.start, self.size, self.at = files, name, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self.at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        return self.at

    def tell(self) -> int:
        return self.at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        wanted = max(0, min(len(buffer), self.size - self.at))
        data = self.files.span(self.name, self.start + self.at, wanted)
        buffer[: len(data)] = data
        self.at += len(data)
        return len(data)


def _opener(source: Path) -> Callable[[Path], IO[bytes]] | None:
    """How to unpack it, by its first bytes; None for a tar that is not compressed."""
    with source.open("rb") as stream:
        head = stream.read(6)
    if head.startswith(b"\x1f\x8b"):
        return lambda path: cast(IO[bytes], gzip.open(path, "rb"))
    if head.startswith(b"BZh"):
        return lambda path: cast(IO[bytes], bz2.open(path, "rb"))
    return (lambda path: cast(IO[bytes], lzma.open(path, "rb"))) if head.startswith(b"\xfd7zXZ") else None


def _plain_tar(source: Path, max_bytes: int) -> IO[bytes]:
    """The tar itself, or a temporary file with its unpacked bytes; never more of them than allowed."""
    opener = _opener(source)
    if opener is None:
        check_size(source, source.stat().st_size, max_bytes)
        return source.open("rb")
    plain = cast(IO[bytes], tempfile.TemporaryFile())  # noqa: SIM115  closed with its owner
    try:
        with opener(source) as packed:
            while block := packed.read(_BLOCK):
                plain.write(block)
                check_size(source, plain.tell(), max_bytes)
    except BaseException:
        plain.close()
        raise
    plain.seek(0)
    return plain
