"""Which format a source is in: found out, and said in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sabbatical.core.errors import BadInput
from sabbatical.stages.ingest.formats.coco import CocoReader
from sabbatical.stages.ingest.formats.csv_table import CsvReader
from sabbatical.stages.ingest.formats.files import Files, open_files
from sabbatical.stages.ingest.formats.image_folder import ImageFolderReader
from sabbatical.stages.ingest.formats.jsonl import JsonLinesReader
from sabbatical.stages.ingest.formats.reader import FilesReader
from sabbatical.stages.ingest.formats.text_folder import TextFolderReader
from sabbatical.stages.ingest.formats.voc import VocReader
from sabbatical.stages.ingest.formats.yolo import YoloReader
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Reader

LABELED: tuple[type[FilesReader], ...] = (CocoReader, VocReader, YoloReader)
TABLES: tuple[type[FilesReader], ...] = (CsvReader, JsonLinesReader)
PLAIN: tuple[type[FilesReader], ...] = (ImageFolderReader, TextFolderReader)
READERS = {reader.format: reader for reader in (*LABELED, *TABLES, *PLAIN)}
LOOKED_FOR = (
    "COCO JSON, Pascal VOC XML, YOLO folders, CSV or JSON Lines tables, images, and texts; in a folder, a zip or a tar"
)


@dataclass(frozen=True, slots=True)
class Recognition:
    """The format, why in words, and what reads it."""

    format: str
    why: str
    reader: Reader


def recognise(source: Path, options: ReadOptions | None = None) -> Recognition:
    """The one format of a source.

    Label files come before tables, and tables before plain images and texts, since they name those. Where two of the
    same rank fit, nothing is guessed.

    Raises:
        BadInput: nothing was found, two formats fit, or the format asked for does not exist or does not fit.
        BadFile: an archive that cannot be read.
    """
    options = options or ReadOptions()
    files = open_files(source, options)
    if options.format is not None:
        return _asked(options.format, files, options)
    for rank in (LABELED, TABLES, PLAIN):
        found = [claim for claim in (_claim(kind, files, options) for kind in rank) if claim is not None]
        if len(found) == 1:
            return found[0]
        if found:
            return _choose(found, files)
    raise BadInput(
        f"Nothing here can be read: {_contents(files)}. Looked for {LOOKED_FOR}.",
        where=files.label,
        hint="Name a file or folder that holds one of these.",
    )


def _claim(kind: type[FilesReader], files: Files, options: ReadOptions) -> Recognition | None:
    reader = kind(options)
    why = reader.claims(files)
    return None if why is None else Recognition(reader.format, f"{kind.format}: {why}.", reader)


def _asked(name: str, files: Files, options: ReadOptions) -> Recognition:
    kind = READERS.get(name)
    if kind is None:
        raise BadInput(f"There is no format '{name}'.", where="option format", hint=f"One of {', '.join(READERS)}.")
    found = _claim(kind, files, options)
    if found is None:
        raise BadInput(f"This is not {name}: {_contents(files)}.", where=files.label, hint="Leave the format out.")
    return found


def _choose(found: list[Recognition], files: Files) -> Recognition:
    """Several of one rank: images win over texts that lie beside them; all else is for a person to say."""
    formats = [claim.format for claim in found]
    if formats == [ImageFolderReader.format, TextFolderReader.format]:
        return found[0]
    raise BadInput(
        f"Several formats fit: {' '.join(claim.why for claim in found)}",
        where=files.label,
        hint=f"Name one file, or say the format ({' or '.join(formats)}).",
    )


def _contents(files: Files) -> str:
    names = []
    for name in files.names():
        names.append(name)
        if len(names) > 3:
            break
    return f"it holds {', '.join(names[:3])}{' and more' if len(names) > 3 else ''}" if names else "it is empty"
