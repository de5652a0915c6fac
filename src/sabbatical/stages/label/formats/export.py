"""Write items and labels in a format, all or nothing."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from sabbatical.core.errors import BadFile, BadInput, Conflict, StorageFull
from sabbatical.stages.label.formats.coco import CocoWriter
from sabbatical.stages.label.formats.csv_table import CsvWriter
from sabbatical.stages.label.formats.items import ExportItem, ExportReport
from sabbatical.stages.label.formats.jsonl import JsonLinesWriter
from sabbatical.stages.label.formats.voc import VocWriter
from sabbatical.stages.label.formats.writer import Writer
from sabbatical.stages.label.formats.yolo import YoloWriter

_WRITERS: dict[str, type[Writer]] = {
    writer.format: writer for writer in (CocoWriter, YoloWriter, VocWriter, CsvWriter, JsonLinesWriter)
}
FORMATS = tuple(_WRITERS)


def write(format: str, items: Iterable[ExportItem], into: Path, classes: Sequence[str] = ()) -> ExportReport:  # noqa: A002
    """Writes a stream of items into a new folder; memory does not grow with it.

    The folder appears when it is complete. Read back by the reader of the same format it gives the same items and
    labels, but for what the report says is lost.

    Args:
        format: one of FORMATS.
        items: each is written, and its image where `read` is given, before the next is asked for.
        into: a folder that does not exist yet, or is empty.
        classes: names of classes in the order of their numbers; others follow as they are met.

    Raises:
        BadInput: no such format, or an item that it cannot hold at all.
        Conflict: the folder exists and is not empty.
        StorageFull: the disk is full; nothing was left behind.
    """
    kind = _WRITERS.get(format)
    if kind is None:
        hint = f"One of {', '.join(FORMATS)}."
        raise BadInput(f"There is no format '{format}' to write.", where="option format", hint=hint)
    if into.exists() and any(into.iterdir()):
        raise Conflict("The folder is not empty.", where=str(into), hint="Name a new one.")
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{into.name}-", dir=into.parent) as beside:
            folder = Path(beside) / "whole"
            folder.mkdir()
            report = _write(kind(folder, classes), items, into)
            folder.replace(into)
        return report
    except OSError as error:
        if error.errno == errno.ENOSPC:
            hint = "Free some space and run it again."
            raise StorageFull("The disk is full; nothing was written.", where=str(into), hint=hint) from error
        raise BadFile(f"It cannot be written: {error.strerror}.", where=str(into)) from error


def _write(writer: Writer, items: Iterable[ExportItem], into: Path) -> ExportReport:
    count = shapes = 0
    for item in items:
        writer.add(item)
        count += 1
        shapes += len(item.payload or ())
        if item.payload is not None and item.payload.partial and not writer.tells_partial:
            writer.losses.add("that an image is labeled in part only", item.name)
    writer.close()
    return ExportReport(writer.format, into, count, shapes, writer.losses.all())
