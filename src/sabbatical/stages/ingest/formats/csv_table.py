"""CSV tables of texts or of boxes: any column names, any usual separator, UTF-8, UTF-16 or Latin-1."""

from __future__ import annotations

import csv
import io
import posixpath
from collections.abc import Iterator
from typing import Any, ClassVar

from sabbatical.core.errors import BadFile, BadInput
from sabbatical.stages.ingest.formats.csv_boxes import BoxRows
from sabbatical.stages.ingest.formats.encodings import Encoding, encoding_of, open_text
from sabbatical.stages.ingest.formats.files import Files
from sabbatical.stages.ingest.formats.image_finder import ImageFinder
from sabbatical.stages.ingest.formats.reader import FilesReader
from sabbatical.stages.ingest.formats.roles import Roles, no_text, roles_of
from sabbatical.stages.ingest.formats.rows import TextRows
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Entry, Refusal

SUFFIXES = (".csv", ".tsv")
DELIMITERS = (",", ";", "\t", "|")
MAX_FIELD = 16 << 20
"""Characters of the longest field; a quote that never closes ends here."""
_SAMPLE_ROWS = 200

Row = dict[str, Any]


class CsvReader(FilesReader):
    format: ClassVar[str] = "csv"

    def claims(self, files: Files) -> str | None:
        found = _tables(files)
        if len(found) != 1:
            names = ", ".join(found[:5])
            return f"it holds {len(found)} tables ({names})" if found else None
        table = _Table(files, found[0], self.options)
        roles = table.roles()
        said = f" in {table.encoding.said}" if table.encoding.said else ""
        return f"{found[0]} is a table{said}: {roles.words}" if roles else f"{found[0]} is a table{said}"

    def entries(self, files: Files) -> Iterator[Entry]:
        found = _tables(files)
        if len(found) != 1:
            message = f"One table is needed, but there are {len(found)}: {', '.join(found[:5]) or 'none'}."
            raise BadInput(message, where=files.label, hint="Name the one that is meant as the source.")
        table = _Table(files, found[0], self.options)
        roles = table.roles()
        if roles is None:
            raise no_text(table.columns, table.file)
        if table.encoding.line is not None:
            reason = f"This line is not UTF-8; the file was read as {table.encoding.said}."
            yield Refusal(table.file, table.encoding.line, None, reason, kept=True)
        if roles.kind == "text":
            rows = TextRows(roles, self.options, table.file)
            for entry in table.rows():
                if isinstance(entry, Refusal):
                    yield entry
                else:
                    yield from rows.entries(*entry)
        else:
            finder = ImageFinder(files, found[0], self.options)
            yield from BoxRows(roles, self.options, table.file, finder).entries(table.rows())


def _tables(files: Files) -> list[str]:
    return [name for name in files.names() if name.lower().endswith(SUFFIXES)]


class _Table:
    """One CSV file: its columns and its rows."""

    def __init__(self, files: Files, name: str, options: ReadOptions) -> None:
        csv.field_size_limit(MAX_FIELD)
        self.files = files
        self.name = name
        self.file = posixpath.basename(name)
        self.options = options
        self.encoding = Encoding(options.encoding) if options.encoding else encoding_of(files, name)
        self.delimiter = options.delimiter or self._delimiter()
        self.columns = self._columns()

    def roles(self) -> Roles | None:
        sample = []
        for entry in self.rows():
            if not isinstance(entry, Refusal):
                sample.append(entry[0])
            if len(sample) >= _SAMPLE_ROWS:
                break
        return roles_of(self.columns, sample, self.options)

    def rows(self) -> Iterator[tuple[Row, int] | Refusal]:
        """Every row with its first line; a row that does not fit the header is refused."""
        with self._open() as text:
            reader = csv.reader(text, delimiter=self.delimiter, strict=True)
            next(reader, None)
            while True:
                line = reader.line_num + 1
                try:
                    values = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Refusal(self.file, line, None, f"The row cannot be read: {error}.")
                    continue
                if len(values) == len(self.columns):
                    yield dict(zip(self.columns, values, strict=True)), line
                elif values:
                    reason = f"The row has {len(values)} columns, the header {len(self.columns)}."
                    yield Refusal(self.file, line, None, reason)

    def _open(self) -> io.TextIOWrapper:
        return open_text(self.files, self.name, self.encoding.name)

    def _columns(self) -> list[str]:
        with self._open() as text:
            try:
                header = next(csv.reader(text, delimiter=self.delimiter, strict=True), [])
            except csv.Error as error:
                raise BadFile(f"The header cannot be read: {error}.", where=f"{self.file}, line 1") from error
        columns = [name.strip() for name in header]
        twice = sorted({name for name in columns if columns.count(name) > 1})
        if twice or not columns or any("\0" in name for name in columns):
            fault = f"'{twice[0]}' stands twice in the header" if twice else "there is no header"
            hint = "The first line names the columns, each once."
            raise BadFile(f"This is no table: {fault}.", where=f"{self.file}, line 1", hint=hint)
        return columns

    def _delimiter(self) -> str:
        """The separator that cuts the first lines into the most columns, all into as many as the header."""
        with self._open() as text:
            sample = text.read(1 << 16)
        best, columns = DELIMITERS[0], 1
        for delimiter in DELIMITERS:
            try:
                counts = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
            except csv.Error:
                continue
            fitting = sum(count == counts[0] for count in counts)
            if counts and counts[0] > columns and fitting * 2 > len(counts):
                best, columns = delimiter, counts[0]
        return best
