"""The file of a model as it was kept: read whole, and compared with its content id."""

from __future__ import annotations

from pathlib import Path

from sabbatical.core.errors import BadFile, NotFound
from sabbatical.core.ids import content_id
from sabbatical.schemas.train import ModelVersion
from sabbatical.storage.workspace import Workspace

HINT = (
    "Train the same again (`sabbatical train --again`), which writes the file anew, or put it back from a backup; or "
    "release another model: `sabbatical release propose`."
)


def checked(workspace: Workspace, model: ModelVersion, content: str) -> tuple[Path, bytes]:
    """A file of a model and its bytes, which are those that were kept.

    Raises:
        BadFile: they are not.
        NotFound: the file is gone.
    """
    cache = workspace.home / "cache"
    file = _local(workspace, model, content)
    data = file.read_bytes()
    if content_id(data) != content and file.parent == cache:  # the copy is damaged: fetch it again
        file.unlink()
        file = _local(workspace, model, content)
        data = file.read_bytes()
    if content_id(data) != content:
        message = f"The file of {model.name} is damaged: its bytes are not those that were kept."
        raise BadFile(message, where=str(file), hint=HINT)
    return file, data


def _local(workspace: Workspace, model: ModelVersion, content: str) -> Path:
    try:
        return workspace.media.local(content, workspace.home / "cache")
    except NotFound as error:
        raise NotFound(f"The file of {model.name} is gone: no media with content id {content}.", hint=HINT) from error
