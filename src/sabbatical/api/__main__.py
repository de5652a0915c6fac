"""The web process: the application on a socket of this machine. `python -m sabbatical.api`, started by `sabbatical up`."""

from __future__ import annotations

import socket
import sys

import uvicorn

from sabbatical.api.access import LOCAL_NAMES, LocalOwner, owner_token
from sabbatical.api.app import create_app
from sabbatical.core.errors import Conflict, NotAllowed, SabbaticalError
from sabbatical.core.settings import Settings, load
from sabbatical.durable.queue import DbosDispatcher
from sabbatical.storage.workspace import open_workspace

BACKLOG = 2048
STOP_SECONDS = 5


def listen(settings: Settings) -> socket.socket:
    """The socket that the settings name.

    Raises:
        NotAllowed: it is no address of this machine alone.
        Conflict: somebody listens there already.
    """
    if settings.host not in LOCAL_NAMES:
        raise NotAllowed(
            f"Sabbatical does not listen on {settings.host} yet: there are no accounts, so only this machine may ask.",
            where="settings field host",
            hint="Use 127.0.0.1; from elsewhere, come through a tunnel such as `ssh -L 8400:127.0.0.1:8400`.",
        )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((settings.host, settings.port))
    except OSError as error:
        found.close()
        raise Conflict(
            f"Port {settings.port} cannot be listened on: {error.strerror}.",
            where="settings field port",
            hint="Another server may run there already; choose a port with --port.",
        ) from error
    return found


def serve(settings: Settings) -> None:
    """Answer requests until a signal comes."""
    with listen(settings) as opened:
        workspace = open_workspace(settings)
        dispatcher = DbosDispatcher(settings)
        access = LocalOwner(owner_token(workspace.home))
        app = create_app(workspace, dispatcher, access, free_paths=settings.allow_paths)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        try:
            uvicorn.Server(config).run(sockets=[opened])
        finally:
            dispatcher.close()
            workspace.close()


def main() -> int:
    try:
        serve(load())
    except SabbaticalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
