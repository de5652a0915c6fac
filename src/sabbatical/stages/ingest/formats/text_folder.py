"""Plain texts: every `.txt` (or `.md`) file of a folder or archive is one text; in a single file, every line is one."""

from __future__ import annotations

import codecs
import posixpath
from collections.abc import Iterator
from typing import ClassVar

from sabbatical.core.errors import BadFile
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.formats.encodings import encoding_of, open_text
from sabbatical.stages.ingest.formats.files import Files
from sabbatical.stages.ingest.formats.image_folder import folder_of, is_paper
from sabbatical.stages.ingest.formats.metadata import Metadata
from sabbatical.stages.ingest.formats.reader import FilesReader
from sabbatical.stages.ingest.records import Entry, Record, Refusal

SUFFIXES = (".txt", ".md")
MAX_TEXT = 4 << 20
"""Bytes of the longest text."""


class TextFolderReader(FilesReader):
    """With `label_column` "folder" the name of a text's folder is its label."""

    format: ClassVar[str] = "texts"

    def claims(self, files: Files) -> str | None:
        first = next((name for name in files.names() if is_text_name(name)), None)
        if first is None:
            return None
        return f"every line of {first} is a text" if files.main else f"it holds texts such as {first}"

    def entries(self, files: Files) -> Iterator[Entry]:
        if files.main is not None:
            yield from _lines(files, files.main)
            return
        metadata = Metadata(self.options)
        for name in files.names():
            if is_paper(name):
                continue
            if not is_text_name(name):
                yield Refusal(name, None, None, f"This is no text by its name (texts end in {' or '.join(SUFFIXES)}).")
                continue
            yield from self._text(files, name, metadata)

    def _text(self, files: Files, name: str, metadata: Metadata) -> Iterator[Entry]:
        try:
            data = files.read(name)
            text = decode(data, name)
        except BadFile as error:
            yield Refusal(name, None, None, error.message)
            return
        if not text.strip():
            yield Refusal(name, None, None, "The text is empty.")
            return
        record = Record(name, name, text=text.strip())
        folder = folder_of(name)
        if self.options.label_column == "folder" and folder:
            record.payload = Payload((posixpath.basename(folder["folder"]),))
        yield from metadata.fill(record, folder)
        yield record


def is_text_name(name: str) -> bool:
    return name.lower().endswith(SUFFIXES) and not is_paper(name)


def decode(data: bytes, name: str) -> str:
    """The characters of a text file. Raises BadFile for one that is too long or no text."""
    if len(data) > MAX_TEXT:
        raise BadFile(f"The text has {len(data):,} bytes; at most {MAX_TEXT:,} are allowed.", where=name)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise BadFile("This is no text: it holds zero bytes.", where=name)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _lines(files: Files, name: str) -> Iterator[Entry]:
    file = posixpath.basename(name)
    encoding = encoding_of(files, name)
    if encoding.line is not None:
        reason = f"This line is not UTF-8; the file was read as {encoding.said}."
        yield Refusal(file, encoding.line, None, reason, kept=True)
    with open_text(files, name, encoding.name) as lines:
        for line, text in enumerate(lines, 1):
            if text.strip():
                yield Record(f"{file}:{line}", file, line, text=text.strip())
