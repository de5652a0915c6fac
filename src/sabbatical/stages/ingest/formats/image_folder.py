"""Images without labels: a folder, an archive, or one file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

from sabbatical.stages.ingest.formats.files import Files
from sabbatical.stages.ingest.formats.image_finder import SUFFIXES, is_image_name
from sabbatical.stages.ingest.formats.metadata import Metadata
from sabbatical.stages.ingest.formats.reader import FilesReader
from sabbatical.stages.ingest.records import Entry, Record, Refusal

PAPERS = frozenset({"readme", "license", "licence", "copying", "notice", "sha256sums", "md5sums"})
"""Names (without their ending) of what lies beside data and is none."""


class ImageFolderReader(FilesReader):
    format: ClassVar[str] = "images"

    def claims(self, files: Files) -> str | None:
        first = next((name for name in files.names() if is_image_name(name)), None)
        return f"it holds images such as {first}" if first else None

    def entries(self, files: Files) -> Iterator[Entry]:
        metadata = Metadata(self.options)
        for name in files.names():
            if is_paper(name):
                continue
            if not is_image_name(name):
                endings = ", ".join(sorted(SUFFIXES))
                yield Refusal(name, None, None, f"This is no image by its name (images end in {endings}).")
                continue
            record = Record(name, name, read=partial(files.read, name))
            yield from metadata.fill(record, folder_of(name))
            yield record


def is_paper(name: str) -> bool:
    return posixpath.basename(name).partition(".")[0].casefold() in PAPERS


def folder_of(name: str) -> dict[str, Any]:
    """The folder of a file as an attribute, so that options can name it as the group or the label."""
    folder = posixpath.dirname(name)
    return {"folder": folder} if folder else {}
