"""Data on this machine, as a server may name it: a path when the application runs here, else an upload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sabbatical.core.errors import BadInput
from sabbatical.core.tar import CHUNK, tar_of
from sabbatical.schemas.upload import Upload
from sabbatical.sdk.client import Client

UPLOAD = "upload:"
DATA = "data:"


def named(client: Client, source: str | Path) -> str:
    """What to name as the source of a request. A folder is sent as a tar, streamed.

    Raises:
        BadInput: there is nothing at this path.
    """
    if str(source).startswith((UPLOAD, DATA)):
        return str(source)
    path = Path(source).expanduser()
    if not path.exists():
        raise BadInput(f"There is no file or folder '{source}'.", where=str(path.resolve()))
    return str(path.resolve()) if client.local else send(client, path.resolve()).source


def send(client: Client, path: Path) -> Upload:
    """Send a file, or a folder with all beneath it."""
    name = f"{path.name}.tar" if path.is_dir() else path.name
    chunks = tar_of(path) if path.is_dir() else _chunks(path)
    answer = client.post("/v1/uploads", chunks, params={"name": name}, media_type="application/octet-stream")
    return Upload.model_validate(answer)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as handle:
        while chunk := handle.read(CHUNK):
            yield chunk
