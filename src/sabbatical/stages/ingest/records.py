"""What a reader makes of a source: records to store, and refusals with file, line, field and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sabbatical.schemas.label import Payload


@dataclass(frozen=True, slots=True)
class Refusal:
    """One thing that could not be taken; the rest of the source still goes in.

    With `kept` it was taken after all, changed as the reason says, such as a box clipped to its image.
    """

    file: str
    line: int | None
    field: str | None
    reason: str
    kept: bool = False


@dataclass(slots=True)
class Record:
    """One item as a source gives it, with the labels the source holds for it.

    `read` fetches the bytes of an image only when they are asked for. `payload` uses the source's own label
    names; None means the source says nothing about labels, an empty payload that somebody looked and drew nothing.
    """

    name: str
    file: str
    line: int | None = None
    read: Callable[[], bytes] | None = None
    text: str | None = None
    width: int | None = None
    height: int | None = None
    group: str | None = None
    captured_at: datetime | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    payload: Payload | None = None


@dataclass(frozen=True, slots=True)
class Classes:
    """What the source says was looked for, drawn or not: without a box of a class, there is none to see."""

    names: tuple[str, ...]


Entry = Record | Refusal | Classes


class Reader(Protocol):
    """One format. A reader streams: its memory does not grow with the source."""

    @property
    def format(self) -> str:
        """Its name, such as `coco`."""

    def recognises(self, source: Path) -> str | None:
        """Why this source is of this format, in words; None if it is not."""

    def read(self, source: Path) -> Iterator[Entry]:
        """Everything in the source, in its own order."""
