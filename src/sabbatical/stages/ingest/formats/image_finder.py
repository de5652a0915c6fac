"""Where the images lie that a label file names."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from functools import partial

from sabbatical.stages.ingest.formats.files import Files, Folder
from sabbatical.stages.ingest.options import ReadOptions, absolute

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"})


def is_image_name(name: str) -> bool:
    return posixpath.splitext(name)[1].lower() in SUFFIXES


class ImageFinder:
    """Finds images by the names in one label file.

    A name counts from the folder of the label file, from `images` in it, or the same in the folder above; a name with
    folders in it also without them. The place that the last image was found in is tried first.
    """

    def __init__(self, files: Files, label_file: str, options: ReadOptions) -> None:
        root = None if options.confined else absolute(options.image_root)
        self.files = files if root is None else Folder(root, options.max_item_bytes)
        self._places = [""] if root is not None else list(dict.fromkeys(_places(label_file, options)))

    def find(self, name: str) -> str | None:
        """The image's name in the source; None if it is not there."""
        plain = name.replace("\\", "/")
        for short in dict.fromkeys((plain, posixpath.basename(plain))):
            for number, place in enumerate(self._places):
                full = posixpath.normpath(posixpath.join(place, short.lstrip("/")))
                if self.files.has(full):
                    if number:
                        self._places.insert(0, self._places.pop(number))
                    return full
        return None

    def reader(self, name: str) -> Callable[[], bytes] | None:
        """How to read the image; None if it is not there."""
        found = self.find(name)
        return None if found is None else partial(self.files.read, found)

    @property
    def looked_in(self) -> str:
        return ", ".join(f"'{place or '.'}'" for place in sorted(self._places))


def _places(label_file: str, options: ReadOptions) -> Iterator[str]:
    folder, stem = posixpath.dirname(label_file), posixpath.splitext(posixpath.basename(label_file))[0]
    root = options.image_root
    if root is not None:
        yield posixpath.join(folder, root)
        return
    split = stem.rpartition("_")[2]
    for base in (folder, posixpath.dirname(folder)):
        for inside in ("", "images", "JPEGImages", "img", split, posixpath.join("images", split)):
            yield posixpath.join(base, inside) if inside else base
