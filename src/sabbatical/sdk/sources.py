"""Data on this machine, as a server may name it: a path when the application runs here, else an upload."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sabbatical.core.errors import BadRequest, SabbaticalError
from sabbatical.core.tar import CHUNK, tar_of
from sabbatical.schemas.upload import Upload
from sabbatical.sdk.client import Client

UPLOAD = "upload:"
DATA = "data:"
LABEL_FILES = ("coco", "csv", "jsonl")
"""Formats of which one file may name images that lie elsewhere."""

Tell = Callable[[str], None]


def named(
    client: Client,
    source: str | Path,
    *,
    options: Mapping[str, Any] | None = None,
    alone: bool = False,
    tell: Tell | None = None,
) -> str:
    """What to name as the source of a request. A folder is sent as a tar, streamed.

    A label file is sent with the images that it names, found as a reader with these `options` finds them, unless it
    is to go `alone`. `tell` hears what is sent, and how much it is.

    Raises:
        BadRequest: there is nothing at this path.
    """
    if str(source).startswith((UPLOAD, DATA)):
        return str(source)
    path = Path(source).expanduser()
    if not path.exists():
        raise BadRequest(f"There is no file or folder '{source}'.", where=str(path.resolve()))
    if client.local:
        return str(path.resolve())
    return send(client, path.resolve(), options=options, alone=alone, tell=tell).source


def send(
    client: Client,
    path: Path,
    *,
    options: Mapping[str, Any] | None = None,
    alone: bool = True,
    tell: Tell | None = None,
) -> Upload:
    """Send a file, alone or with the images that it names, or a folder with all beneath it."""
    images = [] if alone or path.is_dir() else images_of(path, options or {})
    if tell is not None:
        tell(_said(path, images))
    if images:
        chunks, name = tar_of(path.parent.parent, [path, *images]), f"{path.stem}.tar"
    elif path.is_dir():
        chunks, name = tar_of(path), f"{path.name}.tar"
    else:
        chunks, name = _content(path), path.name
    answer = client.post("/v1/uploads", chunks, params={"name": name}, media_type="application/octet-stream")
    return Upload.model_validate(answer)


def images_of(path: Path, options: Mapping[str, Any]) -> list[Path]:
    """The images that a label file names, where a reader on this machine finds them; none if it is no such file.

    Images below a root of their own, named by an absolute path, stay here: a server reads them where they lie.
    What is wrong with the file is left for the server to say.
    """
    # Only a client of a server needs readers, and they are slow to load.
    from sabbatical.stages.ingest.actions import ReadOptions, Record, recognise  # noqa: PLC0415
    from sabbatical.stages.ingest.formats.files import Folder  # noqa: PLC0415
    from sabbatical.stages.ingest.formats.image_finder import ImageFinder  # noqa: PLC0415

    root = path.parent.parent
    found: dict[str, None] = {}
    try:
        reading = ReadOptions.of({**options, "labels_only": True})
        recognised = recognise(path, reading)
        if recognised.format not in LABEL_FILES or Path(reading.image_root or "").is_absolute():
            return []
        finder = ImageFinder(Folder(root, reading.max_item_bytes), path.relative_to(root).as_posix(), reading)
        for entry in recognised.reader.read(path):
            if isinstance(entry, Record) and entry.text is not None:
                return []
            if isinstance(entry, Record) and (name := finder.find(entry.name)) is not None:
                found[name] = None
    except SabbaticalError:
        return []
    return [root / name for name in found]


def _said(path: Path, images: list[Path]) -> str:
    files = [one for one in path.rglob("*") if one.is_file() and not one.is_symlink()] if path.is_dir() else [path]
    size = sum(one.stat().st_size for one in (*files, *images))
    what = f" with {len(images):,} images" if images else f", {len(files):,} files" if path.is_dir() else ""
    return f"Sending {path.name}{what}: {f'{size / 1e6:,.1f} MB' if size >= 1e6 else f'{size / 1e3:,.1f} kB'}"


def _content(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            yield chunk
