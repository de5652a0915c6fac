"""What every reader shares: it looks at the files of a source, and says what it found in them."""

from __future__ import annotations

import errno
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from sabbatical.core.errors import BadFile, StorageFull
from sabbatical.stages.ingest.formats.files import Files, open_files
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Entry


@dataclass(frozen=True)
class FilesReader(ABC):
    """A reader of one format, in a folder, an archive, or one file."""

    options: ReadOptions = field(default_factory=ReadOptions)
    format: ClassVar[str]

    def recognises(self, source: Path) -> str | None:
        """Why this source is of this format, in words; None if it is not."""
        return self.claims(open_files(source, self.options))

    def read(self, source: Path) -> Iterator[Entry]:
        """Everything in the source; first what an archive did not let in.

        Raises BadFile for a fault of the whole source, before any record; faults of a part become refusals.
        """
        try:
            files = open_files(source, self.options)
            yield from files.refused
            yield from self.entries(files)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise BadFile(f"It cannot be read: {error}.", where=str(source)) from error
            hint = "Free some space in the folder for temporary files (TMPDIR) and run it again."
            raise StorageFull("The disk is full.", where=tempfile.gettempdir(), hint=hint) from error

    @abstractmethod
    def claims(self, files: Files) -> str | None:
        """`recognises` for files that are open already."""

    @abstractmethod
    def entries(self, files: Files) -> Iterator[Entry]:
        """`read` for files that are open already, without what was not let in."""
