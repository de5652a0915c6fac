"""What the writers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from sabbatical.schemas.label import DECIMALS, Payload
from sabbatical.stages.label.formats.items import ExportItem, Losses
from sabbatical.stages.label.formats.places import Places, put


class Writer(ABC):
    """Writes items one by one into a folder that is its own until it is done."""

    format: ClassVar[str]
    images_in: ClassVar[str] = ""
    """The folder that images are written into, below the writer's own."""
    by_stem: ClassVar[bool] = False
    tells_partial: ClassVar[bool] = False
    """Whether the format can say that only a part of an image is labeled."""

    def __init__(self, folder: Path, classes: Sequence[str] = ()) -> None:
        self.folder = folder
        self.losses = Losses()
        self.places = Places(self.losses)
        self.classes: dict[str, int] = {name: number for number, name in enumerate(dict.fromkeys(classes))}

    @abstractmethod
    def add(self, item: ExportItem) -> None:
        """Writes one item."""

    @abstractmethod
    def close(self) -> None:
        """Writes what comes at the end."""

    def class_of(self, label: str) -> int:
        """The number of a class, from 0, in the order given or first seen."""
        return self.classes.setdefault(label, len(self.classes))

    def place_image(self, item: ExportItem) -> str:
        """Writes the image, if there is one, and answers its name below `images_in`; else the item's own name."""
        if item.read is None and not self.by_stem:
            return item.name
        name = self.places.of(item, by_stem=self.by_stem)
        if item.read is not None:
            put(self.folder / self.images_in / name, item.read())
        return name


def corners(payload: Payload) -> list[list[float]]:
    """Boxes as rounded numbers, the precision that a payload is stored in."""
    return [[round(value, DECIMALS) for value in box] for box in payload.boxes_n4.tolist()]
