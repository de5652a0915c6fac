"""Under which name an image is written: its own, made safe and unique."""

from __future__ import annotations

import posixpath
from pathlib import Path

from sabbatical.stages.label.formats.items import ExportItem, Losses

_SUFFIXES = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/webp": (".webp",),
    "image/bmp": (".bmp",),
    "image/tiff": (".tif", ".tiff"),
    "image/gif": (".gif",),
}


class Places:
    """Gives names below one folder; keeps 8 bytes of each in a set."""

    def __init__(self, losses: Losses) -> None:
        self.losses = losses
        self._taken: set[int] = set()

    def of(self, item: ExportItem, *, by_stem: bool = False) -> str:
        """A relative name that leads nowhere else, ends as its kind of image does, and was not given before.

        With `by_stem` two images may not share a name without its ending either, since their labels would.
        """
        parts = [part for part in item.name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        name = "/".join(part.replace(":", "_") for part in parts) or "image"
        endings = _SUFFIXES.get(item.media_type, (".jpg",))
        if item.read is not None and not name.lower().endswith(endings):
            name += endings[0]
        stem, ending = posixpath.splitext(name)
        number = 1
        while self._key(name, by_stem) in self._taken:
            number += 1
            name = f"{stem}-{number}{ending}"
        self._taken.add(self._key(name, by_stem))
        if name != item.name:
            self.losses.add("the name (another one was given)", item.name)
        return name

    @staticmethod
    def _key(name: str, by_stem: bool) -> int:
        return hash(posixpath.splitext(name)[0] if by_stem else name)


def put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
