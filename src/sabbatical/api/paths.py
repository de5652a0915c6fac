"""Which files of this machine a request may name: any in process, else only what the workspace keeps for clients."""

from __future__ import annotations

from pathlib import Path

from sabbatical.api import uploads
from sabbatical.core.errors import BadInput, NotAllowed
from sabbatical.core.ids import new_id
from sabbatical.storage.workspace import Workspace

OPEN_FOLDERS = ("uploads", "exports", "data")
UPLOAD = "upload:"


class Paths:
    """Turns what a request says into paths that a run may use."""

    def __init__(self, workspace: Workspace, free: bool) -> None:
        self._workspace = workspace
        self.free = free

    def source(self, given: str) -> str:
        """Something to read: `upload:<id>`, or a path.

        Raises:
            NotAllowed: the path is not the client's to name.
            BadInput: nothing is there.
        """
        if given.startswith(UPLOAD):
            return str(uploads.find(self._workspace, given.removeprefix(UPLOAD)))
        path = self._checked(given)
        if not path.exists():
            raise BadInput(f"There is no file or folder '{given}'.", where="field source")
        return str(path)

    def target(self, given: str | None) -> str:
        """Somewhere to write: a path, or a fresh folder of the workspace that a client can fetch."""
        if given is None:
            return str(self._workspace.home / "exports" / new_id("exp"))
        return str(self._checked(given))

    def may_fetch(self, path: Path) -> bool:
        """Whether a client may fetch what is under a path that a run wrote to."""
        return self.free or any(path.resolve().is_relative_to(folder) for folder in self._open())

    def _checked(self, given: str) -> Path:
        if "\0" in given:
            raise BadInput("A path cannot hold a zero byte.", where="field source")
        path = Path(given).expanduser().resolve()
        if not self.may_fetch(path):
            raise NotAllowed(
                "This server does not let clients name files of its machine.",
                hint="Upload the file, or start the server with --allow-paths.",
            )
        return path

    def _open(self) -> list[Path]:
        return [self._workspace.home / name for name in OPEN_FOLDERS]
