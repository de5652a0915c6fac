"""Which files of this machine a request may name: any in process, else only what the workspace keeps for clients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sabbatical.api import uploads
from sabbatical.core.errors import BadRequest, NotAllowed, NotFound
from sabbatical.storage.workspace import Workspace

OPEN_FOLDERS = ("uploads", "data")
UPLOAD = "upload:"
DATA = "data:"


class Paths:
    """Turns what a request says into paths that a run may use."""

    def __init__(self, workspace: Workspace, free: bool) -> None:
        self._workspace = workspace
        self.free = free

    def source(self, given: str) -> str:
        """Something to read: `upload:<id>`, `data:<path>` beneath the public data sets that were fetched, or a path.

        Raises:
            NotAllowed: the path is not the client's to name.
            BadRequest: nothing is there.
        """
        if given.startswith(UPLOAD):
            return str(uploads.find(self._workspace, given.removeprefix(UPLOAD)))
        if given.startswith(DATA):
            given = str(self._workspace.home / "data" / given.removeprefix(DATA))
        path = self._checked(given)
        if not path.exists():
            raise BadRequest(f"There is no file or folder '{given}'.", where="field source")
        return str(path)

    def options(self, given: dict[str, Any]) -> dict[str, Any]:
        """Options of reading, of which one names a folder of images.

        Raises:
            NotAllowed: that folder is not the client's to name.
        """
        root = given.get("image_root")
        if not self.free and isinstance(root, str) and Path(root).is_absolute():
            return {**given, "image_root": str(self._checked(root))}
        return given

    def settings(self, given: dict[str, Any]) -> dict[str, Any]:
        """Settings of a recipe, of which one names a folder of weights to begin with.

        Raises:
            NotAllowed: that folder is not the client's to name.
        """
        folder = given.get("pretrained")
        return {**given, "pretrained": str(self._checked(folder))} if folder and isinstance(folder, str) else given

    def target(self, given: str | None) -> str | None:
        """Somewhere to write; None is the run's own folder, from which a client fetches what was written.

        Raises:
            NotAllowed: the path is not the client's to name.
        """
        return None if given is None else str(self._checked(given))

    def output(self, run_id: str, result: dict[str, Any] | None) -> Path:
        """What a run wrote, to be fetched.

        Raises:
            NotFound: it wrote nothing (yet).
            NotAllowed: it wrote to a path that is not the client's to read.
        """
        written = (result or {}).get("output") or (result or {}).get("folder")
        path = Path(str(written)).resolve()
        if written is None or not path.exists():
            raise NotFound(f"Run {run_id} has no files to fetch.", hint="Wait for its end.")
        if not self.free and not path.is_relative_to(self._workspace.home / "runs" / run_id):
            raise NotAllowed("This server does not let clients read files of its machine.", where=f"run {run_id}")
        return path

    def _checked(self, given: str) -> Path:
        if "\0" in given:
            raise BadRequest("A path cannot hold a zero byte.", where="field source")
        path = Path(given).expanduser().resolve()
        if not self.free and not any(path.is_relative_to(self._workspace.home / name) for name in OPEN_FOLDERS):
            raise NotAllowed(
                "This server does not let clients name files of its machine.",
                hint="Upload the file, or start the server with --allow-paths.",
            )
        return path
