"""`sabbatical up`: the server on this machine."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Annotated

import typer

from sabbatical.cli.output import say
from sabbatical.cli.session import Session, command


def register(app: typer.Typer) -> None:
    command(app, "up", example="sabbatical up --port 8400", project=False, url=False)(up)


def up(
    session: Session,
    host: Annotated[str | None, typer.Option(help="An address of this machine alone.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="8400 unless given; 0 is any that is free.")
    ] = None,
    allow_paths: Annotated[bool, typer.Option("--allow-paths", help="Clients may name files of this machine.")] = False,
) -> None:
    """Start the server: the HTTP interface, and the worker that does the long work. Ctrl-C stops both."""
    # A server needs the client and the processes, the other commands not.
    from sabbatical.core.settings import load  # noqa: PLC0415
    from sabbatical.sdk.serving import Server  # noqa: PLC0415

    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    server = Server(load(home=session.home, host=host, port=port, allow_paths=allow_paths or None))
    try:
        server.start()
        session.answer({"url": server.url, "home": str(server.settings.home.resolve())}, lambda: _tell(server.url))
        server.watch(stop)
    finally:
        if not session.as_json:
            say("Stopping; long work goes on with the next start.")
        server.stop()


def _tell(url: str) -> None:
    say(f"Sabbatical is at [bold]{url}[/], for this machine only. Ctrl-C stops it.")
    say(f"[dim]Use it from another terminal: export SABBATICAL_URL={url}[/]")
