"""The demo's own server, as `sabbatical up` starts it: one process answers, one does the long work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sabbatical.core.settings import load
from sabbatical.sdk.serving import Server
from sabbatical.sdk.workspace import Workspace, connect


@contextmanager
def served(home: Path) -> Iterator[tuple[Workspace, Server]]:
    """A server on the workspace folder `home` at any free port, and a client of it; both end with the block."""
    with Server(load(home=home, port=0)).running() as server, joined(server) as workspace:
        yield workspace, server


def joined(server: Server) -> Workspace:
    """Another client of the server, for a thread of its own."""
    settings = server.settings.model_copy(update={"url": server.url, "token": server.token})
    return Workspace(connect(settings, remote=True))
