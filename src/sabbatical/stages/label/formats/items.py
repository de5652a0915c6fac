"""What goes into a writer, and what it says about it in the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sabbatical.schemas.label import Payload


@dataclass(slots=True)
class ExportItem:
    """One item on its way out. `payload` None: nobody looked; empty: looked, and nothing is there.

    Images need `width` and `height`; `read` gives their bytes where the images are to be written along.
    """

    name: str
    payload: Payload | None = None
    text: str | None = None
    width: int | None = None
    height: int | None = None
    media_type: str = "image/jpeg"
    group: str | None = None
    captured_at: datetime | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    read: Callable[[], bytes] | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """Something that the format cannot carry: what, on how many items or shapes, and the name of the first."""

    what: str
    count: int
    example: str


@dataclass(slots=True)
class Losses:
    """Counts what is lost while a writer writes."""

    _found: dict[str, tuple[int, str]] = field(default_factory=dict)

    def add(self, what: str, name: str, count: int = 1) -> None:
        if count:
            before, example = self._found.get(what, (0, name))
            self._found[what] = (before + count, example)

    def all(self) -> list[Lost]:
        return [Lost(what, count, example) for what, (count, example) in self._found.items()]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, where, and what could not be."""

    format: str
    path: Path
    items: int
    shapes: int
    lost: list[Lost]
