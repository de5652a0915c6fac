"""A server of a workspace folder as processes of this machine: one answers requests, one does the long work."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import orjson

from sabbatical.core.errors import Broken, Conflict, NotAllowed, SabbaticalError, Unavailable, from_dict
from sabbatical.core.settings import LOCAL_NAMES, Settings
from sabbatical.durable import BUSY, WORKER_LOCK
from sabbatical.durable.lease import Lease

BACKLOG = 2048
START_SECONDS = 60.0
STOP_SECONDS = 30.0
ALONE_SECONDS = 5.0
LOOK_SECONDS = 0.1
SHORTEST_TOKEN = 20
ASK_SECONDS = 1.0
CALM_SECONDS = 60.0
"""A process that lived so long is started again at once; one that keeps dying waits longer and longer."""


@dataclass
class _Process:
    name: str
    command: list[str]
    log: Path
    running: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started_at: float = field(default=0.0)
    wait_until: float = field(default=0.0)


class Server:
    """Started, watched and stopped; a process that dies is started again. The socket outlives both.

    With `only_serving` there is no worker, and nothing is answered but requests to released models.
    """

    def __init__(self, settings: Settings, *, only_serving: bool = False) -> None:
        self._socket = listen(settings)
        self.settings = settings
        self.token = owner_token(settings.home)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        self.url = f"http://{host}:{self._socket.getsockname()[1]}"
        logs = settings.home.resolve() / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        python, me = [sys.executable, "-m"], str(os.getpid())
        web = [*python, "sabbatical.api", str(self._socket.fileno()), me]
        if only_serving:
            self._processes = [_Process("serving", [*web, "serving"], logs / "serving.log")]
        else:
            worker = _Process("worker", [*python, "sabbatical.worker", "serve", me], logs / "worker.log")
            self._processes = [_Process("web", web, logs / "web.log"), worker]

    def start(self) -> None:
        """Start answering requests, then the long work.

        Raises:
            SabbaticalError: why it cannot be.
        """
        web, *others = self._processes
        if others:
            self._alone()
        self._start(web)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if web.running is not None and web.running.poll() is not None:
                raise _last_words(web)
            if time.monotonic() > end:
                raise Unavailable("The server does not answer.", where=str(web.log))
            time.sleep(LOOK_SECONDS / 4)
        for other in others:
            self._start(other)

    def _alone(self) -> None:
        """Wait until no worker is at work on the workspace; one whose server was killed ends by itself, and soon.

        Raises:
            Conflict: one still is.
        """
        lock, end = self.settings.home / WORKER_LOCK, time.monotonic() + ALONE_SECONDS
        while Lease.is_held(lock):
            if time.monotonic() > end:
                raise Conflict(
                    "Another server is at work on this workspace.",
                    where=str(self.settings.home),
                    hint="Use that one, or stop it first. If it was killed, its long work is being saved: try again.",
                )
            time.sleep(LOOK_SECONDS)

    def watch(self, stop: threading.Event) -> None:
        """Start again what dies, until `stop` is set.

        Raises:
            Conflict: another server is at work on this workspace.
        """
        while not stop.wait(LOOK_SECONDS):
            for process in self._processes:
                code = process.running.poll() if process.running else 0
                if code == BUSY:
                    raise Conflict("Another server is at work on this workspace.", where=str(self.settings.home))
                if code is not None:
                    self._restart(process)

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Started, and started again where it dies, until the end of the block.

        Raises:
            SabbaticalError: why it cannot be started.
        """
        stop = threading.Event()
        watching = threading.Thread(target=self.watch, args=(stop,), name="watching the server", daemon=True)
        try:
            self.start()
            watching.start()
            yield self
        finally:
            stop.set()
            if watching.is_alive():
                watching.join()
            self.stop()

    def stop(self) -> None:
        """End both; long work saves what it has, and goes on with the next start."""
        self._socket.close()
        running = [process.running for process in self._processes if process.running is not None]
        for one in running:
            one.terminate()
        for one in running:
            try:
                one.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()

    def _start(self, process: _Process) -> None:
        given = self.settings.environment() | {"SABBATICAL_TOKEN": self.token}
        given.pop("SABBATICAL_URL", None)
        with process.log.open("ab") as log:
            process.running = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                process.command,
                env=given,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[self._socket.fileno()],
                start_new_session=True,
            )
        process.started_at = time.monotonic()

    def _restart(self, process: _Process) -> None:
        """Start a process again, at once the first time, later with pauses that grow."""
        now = time.monotonic()
        if process.running is not None:
            process.running = None
            process.deaths = process.deaths + 1 if now - process.started_at < CALM_SECONDS else 0
            process.wait_until = now + min(2.0**process.deaths - 1, CALM_SECONDS)
        if now >= process.wait_until:
            self._start(process)

    def _answers(self) -> bool:
        host, port = self._socket.getsockname()[:2]
        connection = HTTPConnection(host, port, timeout=ASK_SECONDS)
        try:
            connection.request("GET", "/v1/health", headers={"Authorization": f"Bearer {self.token}"})
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


def listen(settings: Settings) -> socket.socket:
    """The socket that the settings name; nobody is answered yet.

    Raises:
        NotAllowed: it is no address of this machine alone.
        Conflict: somebody listens there already.
    """
    if settings.host not in LOCAL_NAMES:
        raise NotAllowed(
            f"Sabbatical does not listen on {settings.host}: without accounts, only this machine may ask.",
            where="settings field host",
            hint="Use 127.0.0.1; from elsewhere, come through a tunnel such as `ssh -L 8400:127.0.0.1:8400`.",
        )
    opened = socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((settings.host, settings.port))
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise Conflict(
            f"Port {settings.port} cannot be listened on: {error.strerror}.",
            where="settings field port",
            hint="Another server may be there already; choose a port with --port.",
        ) from error
    return opened


def owner_token(home: Path) -> str:
    """The token of a workspace, made once; only its owner can read the file, and whoever reads it reads all of it.

    Raises:
        Unavailable: the folder cannot be written, or the file does not hold a token.
    """
    path = home / "token"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_token(path)
        token = path.read_text().strip()
    except OSError as error:
        raise Unavailable(f"The workspace cannot be used: {error.strerror}.", where=str(path)) from error
    if len(token) < SHORTEST_TOKEN:
        raise Unavailable(
            f"The file of the owner's token holds {len(token)} characters, too few to keep others out.",
            where=str(path),
            hint="Remove it; the next `sabbatical up` makes a new one.",
        )
    return token


def _make_token(path: Path) -> None:
    """Write beside the place and link it there: it appears whole, and of two processes one is first."""
    part = path.with_name(f".token.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, path)
    finally:
        part.unlink(missing_ok=True)


def _last_words(process: _Process) -> SabbaticalError:
    """Why a process ended, by the last line of its log."""
    lines = process.log.read_bytes().splitlines() or [b""]
    try:
        return from_dict(orjson.loads(lines[-1])["error"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        words = lines[-1].decode(errors="replace")
        return Broken(f"The {process.name} process ended: {words}", where=str(process.log))
