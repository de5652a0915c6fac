"""When a turn is due."""

from __future__ import annotations

from datetime import datetime

from sabbatical.storage.workspace import Workspace


def tick(workspace: Workspace, moment: datetime) -> None:
    """Ask for the turns that are due."""
