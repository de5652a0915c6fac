"""Which item a label means: the one of its whole name, else the one whose file name, without folders, is the same.

A file name counts where it is unique on both sides. That is known at the end of the source only, so labels whose whole
name no item has wait in a temporary file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import orjson
from sqlalchemy.orm import Session

from sabbatical.core.batches import batched
from sabbatical.schemas.label import Payload
from sabbatical.stages.ingest import actions as ingest
from sabbatical.stages.ingest.actions import Intake, Record, Refusal
from sabbatical.stages.ingest.item_queries import file_name, ids_by_file_name

Matched = tuple[str, str, int | None, Payload]
"""Id of the item, file, line, and what is said of it."""
SHOWN = 3


@dataclass
class Matching:
    """The labels of one source on their way to the items of a project."""

    intake: Intake
    matched_loosely: int = 0
    example: tuple[str, str] | None = None
    """The first label that was matched by its file name, and the name of its item."""
    _waiting: BinaryIO = field(default_factory=tempfile.TemporaryFile)
    _names: dict[int, int] = field(default_factory=dict)
    """Hash of a file name to that of the one whole name that ends so in the source; 0 where several do."""

    def by_name(self, session: Session, records: Sequence[Record], refused: list[Refusal]) -> Iterator[Matched]:
        """Labels whose item has their whole name; the others wait."""
        there = ingest.find_by_name(session, self.intake.project, [record.name for record in records])
        for record in records:
            self._remember(record.name)
            found = there.get(record.name, [])
            if len(found) == 1 and record.payload is not None:
                yield found[0], record.file, record.line, record.payload
            elif found:
                refused.append(_refusal(record.name, record.file, record.line, "several items have"))
            elif record.payload is not None:
                said = record.payload.to_bytes().decode()
                self._waiting.write(orjson.dumps([record.name, record.file, record.line, said]) + b"\n")

    def by_file_name(self, session: Session, size: int) -> Iterator[tuple[list[Matched], list[Refusal]]]:
        """Batches of the labels that waited: those whose item has their file name, and what is refused of them."""
        wanted = {file_name(name) for name, *_ in self._read()}
        there = ids_by_file_name(session, self.intake.project.id, wanted) if wanted else {}
        return self._batches(there, size)

    def _batches(
        self, there: dict[str, list[tuple[str, str]]], size: int
    ) -> Iterator[tuple[list[Matched], list[Refusal]]]:
        for batch in batched(self._read(), size):
            matched, refused = [], []
            for name, file, line, payload in batch:
                items = there.get(file_name(name), [])
                why = self._why_not(name, [item for _, item in items])
                if why is not None:
                    refused.append(_refusal(name, file, line, why))
                    continue
                self.matched_loosely += 1
                self.example = self.example or (name, items[0][1])
                matched.append((items[0][0], file, line, Payload.from_bytes(payload)))
            yield matched, refused

    def _remember(self, name: str) -> None:
        last, whole = hash(file_name(name)), hash(name)
        self._names[last] = whole if self._names.get(last, whole) == whole else 0

    def _why_not(self, name: str, items: list[str]) -> str | None:
        """Why a label cannot be matched by its file name; None if it can."""
        if not items:
            return "no item has"
        if len(items) > 1:
            shown = ", ".join(f"'{item}'" for item in items[:SHOWN])
            return f"no item has, and {len(items)} have its file name ({shown}),"
        if self._names[hash(file_name(name))] != hash(name):
            return f"no item has (and '{items[0]}' may be meant by several names in this source that end so)"
        return None

    def _read(self) -> Iterator[tuple[str, str, int | None, bytes]]:
        self._waiting.seek(0)
        for row in self._waiting:
            name, file, line, said = orjson.loads(row)
            yield name, file, line, said.encode()


def _refusal(name: str, file: str, line: int | None, why: str) -> Refusal:
    return Refusal(file, line, "name", f"In this project {why} the name '{name}', so its labels belong nowhere.")
