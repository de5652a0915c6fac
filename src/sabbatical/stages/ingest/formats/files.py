"""The files of a source under names relative to it, whether it is a folder, one file, or an archive."""

from __future__ import annotations

import os
import posixpath
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Protocol

from sabbatical.core.errors import BadFile, BadInput
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Refusal

JUNK = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
"""What operating systems leave behind; hidden files (a leading dot) count as well."""


class Files(Protocol):
    """A read-only tree of files. Names are relative, with `/`, and never leave the tree."""

    label: str
    """What to call the whole in messages."""
    main: str | None
    """The one file that was named, when the source is not a folder or an archive."""
    refused: list[Refusal]
    """Members that were not let in, such as links in an archive."""

    def names(self) -> Iterator[str]:
        """Every file, in a fixed order, without hidden ones and what operating systems leave behind."""

    def has(self, name: str) -> bool:
        """Whether there is such a file."""

    def read(self, name: str) -> bytes:
        """The bytes of one file. Raises BadFile if they cannot be had, or are more than one item may have."""

    def open(self, name: str) -> BinaryIO:
        """One file as a stream. Raises BadFile if it cannot be had, also at the first byte that cannot be read."""

    def open_item(self, name: str) -> BinaryIO:
        """One file as a stream that may be read whole. Raises BadFile as `read` does."""


def open_files(source: Path, options: ReadOptions) -> Files:
    """The files of a folder, an archive, or one file with the folder it lies in.

    Raises:
        BadInput: there is no such file or folder.
        BadFile: an archive that cannot be read, or that unpacks to more than is allowed.
    """
    from sabbatical.stages.ingest.formats.archives import TarFiles, ZipFiles  # noqa: PLC0415  they build on this file

    if source.is_dir():
        return Folder(source, options.max_item_bytes)
    if not source.exists():
        raise BadInput("There is no such file or folder.", where=str(source), hint="Check the path.")
    if zipfile.is_zipfile(source):
        return ZipFiles(source, options.max_archive_bytes, options.max_item_bytes)
    if is_tar(source):
        return TarFiles(source, options.max_archive_bytes, options.max_item_bytes)
    if source.suffix.lower() in (".zip", ".tar", ".tgz"):
        hint = "Was it copied to its end? Make it again."
        raise BadFile(f"This is no whole {source.suffix[1:]} archive.", where=str(source), hint=hint)
    source = source.absolute()
    root = source.parent if options.confined else source.parent.parent
    return Folder(root, options.max_item_bytes, main=source)


def is_tar(source: Path) -> bool:
    """Whether this is a tar archive, compressed or not; a text file that only looks like one is none."""
    if not any(source.name.lower().endswith(end) for end in (".tar", ".tgz", ".tbz2", ".txz", ".gz", ".bz2", ".xz")):
        return False
    try:
        return tarfile.is_tarfile(source)
    except (OSError, EOFError):
        return False


def check_item(name: str, size: int, max_bytes: int) -> int:
    """The size of one file, in bytes. Raises BadFile, before a byte is read, if it is more than is allowed."""
    if size > max_bytes:
        message = f"'{name}' has {size:,} bytes; at most {max_bytes:,} are allowed for one item."
        raise BadFile(message, where=name, hint="Make it smaller, or raise max_item_bytes in the settings.")
    return size


class Folder:
    """A folder of this machine. With `main` only that file is listed, and others are found beside it."""

    def __init__(self, root: Path, max_item_bytes: int, main: Path | None = None) -> None:
        self.root = root
        self.max_item_bytes = max_item_bytes
        self.main = main.relative_to(root).as_posix() if main else None
        self.label = str(main or root)
        self.refused: list[Refusal] = []

    def names(self) -> Iterator[str]:
        if self.main is not None:
            yield self.main
            return
        seen: set[tuple[int, int]] = set()
        for folder, folders, files in os.walk(self.root, followlinks=True):
            status = Path(folder).stat()
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = sorted(name for name in folders if not is_junk(name))
            inside = Path(folder).relative_to(self.root).as_posix()
            for name in sorted(files):
                if not is_junk(name):
                    yield name if inside == "." else f"{inside}/{name}"

    def has(self, name: str) -> bool:
        safe = inner(name)
        return safe is not None and (self.root / safe).is_file()

    def read(self, name: str) -> bytes:
        with self.open_item(name) as stream:
            return stream.read(os.fstat(stream.fileno()).st_size)

    def open_item(self, name: str) -> BinaryIO:
        stream = self.open(name)
        try:
            check_item(name, os.fstat(stream.fileno()).st_size, self.max_item_bytes)
        except BadFile:
            stream.close()
            raise
        return stream

    def open(self, name: str) -> BinaryIO:
        safe = inner(name)
        if safe is None:
            raise BadFile("The name leads out of the source.", where=name, hint="Use names below its folder.")
        try:
            return (self.root / safe).open("rb")
        except OSError as error:
            raise BadFile(
                f"It cannot be read: {error.strerror}.", where=name, hint="Check that it is there."
            ) from error


def is_junk(name: str) -> bool:
    return name.startswith(".") or name in JUNK


def inner(name: str) -> str | None:
    """The name in its shortest form; None if it is absolute or leads out of its tree."""
    clean = posixpath.normpath(name.replace("\\", "/"))
    outside = clean.startswith("/") or clean == ".." or clean.startswith("../") or clean[1:2] == ":"
    return None if outside or clean == "." or "\0" in clean else clean
