"""What a route works with: the workspace, who does long work, which paths a client may name, the models online."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from sabbatical.api.paths import Paths
from sabbatical.durable.dispatch import Dispatcher
from sabbatical.stages.serve.online import Online
from sabbatical.storage.workspace import Workspace


@dataclass(frozen=True)
class Context:
    """Made once for an application; passed to every route by `allow`."""

    workspace: Workspace
    dispatcher: Dispatcher
    paths: Paths
    online: Online

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One request is one transaction."""
        with self.workspace.database.transaction() as session:
            yield session

    @contextmanager
    def moving(self) -> Iterator[Session]:
        """A transaction that may change which models answer: the next request sees it."""
        with self.transaction() as session:
            yield session
        self.online.changed()

    def reading(self) -> AbstractContextManager[Session]:
        return self.workspace.database.reading()

    def now(self) -> datetime:
        return self.workspace.clock()
