"""What a check has to say about one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]
Code = Literal["unmapped", "ambiguous", "uncovered", "left-out", "exhaustive", "rules", "attributes"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Finding:
    """One thing to know: an error stops training, a warning costs quality, a note says what follows.

    `taxonomy` is None for what concerns the tree, or all customers together. `classes` are those the message speaks of.
    """

    level: Level
    code: Code
    taxonomy: str | None
    classes: tuple[str, ...]
    message: str
