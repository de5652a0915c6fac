"""The web process: `python -m sabbatical.api FD PARENT_PID [serving]` answers requests on a socket it was given."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence

import orjson
import uvicorn
from fastapi import APIRouter

from sabbatical.api.access import LocalOwner
from sabbatical.api.app import ROUTERS, SERVING, create_app
from sabbatical.core.errors import SabbaticalError
from sabbatical.core.settings import load
from sabbatical.durable.queue import DbosDispatcher
from sabbatical.storage.workspace import open_workspace

STOP_SECONDS = 5
WATCH_SECONDS = 1.0


def serve(opened: socket.socket, parent: int, token: str, routers: Sequence[APIRouter]) -> None:
    """Answer requests until a signal comes, or the process that started this one is gone."""
    workspace = open_workspace(load())
    settings = workspace.settings
    dispatcher = DbosDispatcher(settings)
    app = create_app(workspace, dispatcher, LocalOwner(token), free_paths=settings.allow_paths, routers=routers)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=STOP_SECONDS
    )
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    try:
        uvicorn.Server(config).run(sockets=[opened])
    finally:
        app.state.context.online.close()
        dispatcher.close()
        workspace.close()


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)


def main(descriptor: str, parent: str, what: str = "all") -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    token = os.environ.pop("SABBATICAL_TOKEN")
    try:
        with socket.socket(fileno=int(descriptor)) as opened:
            serve(opened, int(parent), token, SERVING if what == "serving" else ROUTERS)
    except SabbaticalError as error:
        sys.stderr.write(orjson.dumps({"error": error.to_dict()}).decode() + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
