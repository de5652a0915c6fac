"""Rows of a table or lines of JSON as records: one text a row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest.formats.metadata import Metadata
from sabbatical.stages.ingest.formats.roles import Roles
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Entry, Record, Refusal

JOINT = "\n\n"


@dataclass(slots=True)
class SeenIds:
    """Notices an id that comes again; keeps 8 bytes of each, in a set."""

    file: str
    _seen: set[int] = field(default_factory=set)

    def again(self, value: str, line: int | None, column: str) -> Refusal | None:
        """The refusal if this id stood in the file before."""
        key = hash(value)
        if key in self._seen:
            return Refusal(self.file, line, column, f"The id '{value}' stands in the file before.")
        self._seen.add(key)
        return None


class TextRows:
    """Makes records of the rows of one file."""

    def __init__(self, roles: Roles, options: ReadOptions, file: str) -> None:
        self.roles = roles
        self.file = file
        self.metadata = Metadata(options)
        self.seen = SeenIds(file)
        self.count = 0

    def entries(self, row: Mapping[str, Any], line: int | None) -> Iterator[Entry]:
        """The record of one row, or why there is none. An empty label says nothing."""
        text = JOINT.join(part for name in self.roles.texts if (part := as_text(row.get(name)).strip()))
        if not text:
            yield Refusal(self.file, line, self.roles.texts[0], "The text is empty.")
            return
        name = as_text(row.get(self.roles.id)) if self.roles.id else ""
        if name and self.roles.id and (again := self.seen.again(name, line, self.roles.id)):
            yield again
            return
        labels, fault = labels_of(row.get(self.roles.label)) if self.roles.label else ((), None)
        if fault:
            yield Refusal(self.file, line, self.roles.label, f"{fault}; the text was taken without.", kept=True)
        self.count += 1
        record = Record(name or f"{self.file}:{line or self.count}", self.file, line, text=text)
        record.payload = Payload(labels) if labels else None
        yield from self.metadata.fill(record, self.roles.rest(row))
        yield record


def as_text(value: Any) -> str:
    return "" if value is None else str(value)


def labels_of(value: Any) -> tuple[tuple[str, ...], str | None]:
    """The label of a text, none where it is empty; second, why it cannot be used."""
    values = value if isinstance(value, list) else [value]
    labels = tuple(label for each in values if (label := as_text(each).strip()))
    if len(labels) > 1:
        return (), f"A text has one label, but here are {len(labels)}"
    return labels, None
