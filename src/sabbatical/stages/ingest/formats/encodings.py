"""How the bytes of a text file stand for characters."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass

from sabbatical.core.errors import BadInput
from sabbatical.stages.ingest.formats.files import Files

_BLOCK = 1 << 20
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Encoding:
    """How the bytes of a text file stand for characters, and in words where it is not UTF-8."""

    name: str
    said: str | None = None
    line: int | None = None
    """The first line that is not UTF-8."""


def encoding_of(files: Files, name: str) -> Encoding:
    """The encoding: by its mark; else UTF-8 if every byte fits; else Latin-1 (as Windows uses it, where that fits)."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with files.open(name) as stream:
        block = stream.read(_BLOCK)
        for mark, encoding in _BOMS:
            if block.startswith(mark):
                return Encoding(encoding, "UTF-16" if encoding == "utf-16" else None)
        while block:
            try:
                decoder.decode(block)
            except UnicodeDecodeError as error:
                line += error.object[: error.start].count(b"\n")
                return Encoding(*_latin(files, name), line)
            line += block.count(b"\n")
            block = stream.read(_BLOCK)
    return Encoding("utf-8")


def _latin(files: Files, name: str) -> tuple[str, str]:
    decoder = codecs.getincrementaldecoder("cp1252")()
    windows = False
    with files.open(name) as stream:
        while block := stream.read(_BLOCK):
            windows = windows or any(0x80 <= byte < 0xA0 for byte in set(block))
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                return "latin-1", "Latin-1"
    return ("cp1252", "Latin-1 (Windows-1252)") if windows else ("latin-1", "Latin-1")


def open_text(files: Files, name: str, encoding: str) -> io.TextIOWrapper:
    """The file as characters, line ends untouched. Raises BadInput for an encoding that does not exist."""
    try:
        return io.TextIOWrapper(files.open(name), encoding, "replace", newline="")
    except LookupError as error:
        raise BadInput(f"The encoding '{encoding}' is not known.", where="option encoding") from error
