"""How to read a source. Every field has a value that works: nothing is asked that can be found out."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from sabbatical.core.errors import BadInput


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a person may say about a source when what was found out is not what they want."""

    format: str | None = None
    """The name of a format, where several would fit."""
    text_columns: tuple[str, ...] = ()
    """Columns that make up the text, in this order, joined by a blank line."""
    label_column: str | None = None
    id_column: str | None = None
    time_column: str | None = None
    image_column: str | None = None
    group_key: str | None = None
    """The column, extra key or attribute (`folder` too) whose value names the group."""
    image_root: str | None = None
    """Folder of the images, from the folder of the label file, or absolute for a source on this machine."""
    encoding: str | None = None
    delimiter: str | None = None
    labels_only: bool = False
    """Images are not looked for: labels for items that are here already, matched by name."""
    max_archive_bytes: int = 64 << 30
    """Largest sum of unpacked bytes of one archive."""
    max_item_bytes: int = 256 << 20
    """Largest file that is read as a whole: an image, a text, the labels of one image."""
    confined: bool = False
    """Nothing beside the source's own folder is read: for what came over the network."""

    @classmethod
    def of(cls, values: dict[str, Any], **settings: Any) -> ReadOptions:
        """Options from a request's dictionary and from the settings.

        Raises:
            BadInput: an option that does not exist, or whose value is of the wrong kind.
        """
        known = {field.name for field in fields(cls)} - {"max_archive_bytes", "max_item_bytes", "confined"}
        for name, value in values.items():
            if name not in known:
                hint = f"The options are: {', '.join(sorted(known))}."
                raise BadInput(f"There is no option '{name}'.", where=f"option {name}", hint=hint)
            _check(name, value)
        given: dict[str, Any] = {**values, **settings}
        if "text_columns" in given:
            given["text_columns"] = tuple(_texts(given["text_columns"]))
        return replace(cls(), **given)


def _check(name: str, value: Any) -> None:
    wanted: type | tuple[type, ...] = str
    if name == "labels_only":
        wanted = bool
    elif name == "text_columns":
        wanted = (str, list, tuple)
    if value is not None and not isinstance(value, wanted):
        raise BadInput(f"The option '{name}' cannot be {value!r}.", where=f"option {name}")


def _texts(value: str | list[str] | tuple[str, ...] | None) -> list[str]:
    if value is None:
        return []
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else [str(part) for part in value]


def absolute(root: str | None) -> Path | None:
    """The image root as a folder of this machine; None if it is relative to the label file or not given."""
    return Path(root) if root and Path(root).is_absolute() else None
