"""`sabbatical up`: the server on this machine."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from sabbatical.cli.output import say
from sabbatical.cli.session import Session, command

if TYPE_CHECKING:
    from sabbatical.sdk.serving import Server


def register(app: typer.Typer) -> None:
    command(app, "up", example="sabbatical up --port 8400", project=False, url=False)(up)


Host = Annotated[str | None, typer.Option(help="An address of this machine alone.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="8400 unless given; 0 is any that is free.")]


def up(
    session: Session,
    host: Host = None,
    port: Port = None,
    allow_paths: Annotated[bool, typer.Option("--allow-paths", help="Clients may name files of this machine.")] = False,
) -> None:
    """Start the server: the HTTP interface, and the worker that does the long work. Ctrl-C stops both."""
    # A server needs the client and the processes, the other commands not.
    from sabbatical.core.settings import load  # noqa: PLC0415
    from sabbatical.sdk.serving import Server  # noqa: PLC0415

    server = Server(load(home=session.home, host=host, port=port, allow_paths=allow_paths or None))
    stand(session, server, "Sabbatical is at", "Stopping; long work goes on with the next start.")


def stand(session: Session, server: Server, said: str, at_the_end: str) -> None:
    """Start a server, say where it is, and keep it until somebody stops it."""
    stop = threading.Event()

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    try:
        server.start()
        document = {"url": server.url, "home": str(server.settings.home.resolve())}
        session.answer(document, lambda: _tell(said, server.url))
        server.watch(stop)
    finally:
        if not session.as_json:
            say(at_the_end)
        server.stop()


def _tell(said: str, url: str) -> None:
    say(f"{said} [bold]{url}[/], for this machine only. Ctrl-C stops it.")
    say(f"[dim]Use it from another terminal: export SABBATICAL_URL={url}[/]")
