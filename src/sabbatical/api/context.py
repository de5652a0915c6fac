"""What a route works with: the workspace, who does long work, and which paths a client may name."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.api.paths import Paths
from sabbatical.durable.dispatch import Dispatcher
from sabbatical.storage.workspace import Workspace


@dataclass(frozen=True)
class Context:
    """Made once for an application; passed to every route by `allow`."""

    workspace: Workspace
    dispatcher: Dispatcher
    paths: Paths

    def transaction(self) -> AbstractContextManager[Session]:
        """One request is one transaction."""
        return self.workspace.database.transaction()

    def reading(self) -> AbstractContextManager[Session]:
        return self.workspace.database.reading()

    def now(self) -> datetime:
        return self.workspace.clock()
