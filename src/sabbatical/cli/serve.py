"""`sabbatical serve`: the released models alone, without the worker."""

from __future__ import annotations

import typer

from sabbatical.cli.session import Session, command
from sabbatical.cli.up import Host, Port, stand


def register(app: typer.Typer) -> None:
    command(app, "serve", example="sabbatical serve --port 8401", project=False, url=False)(serve)


def serve(session: Session, host: Host = None, port: Port = None) -> None:
    """Start a server that only answers with the released models; `sabbatical up` does that too. Ctrl-C stops it."""
    # A server needs the client and the processes, the other commands not.
    from sabbatical.core.settings import load  # noqa: PLC0415
    from sabbatical.sdk.serving import Server  # noqa: PLC0415

    server = Server(load(home=session.home, host=host, port=port), only_serving=True)
    stand(session, server, "Released models answer at", "Stopping; what was answered is on record.")
