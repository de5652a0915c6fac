"""A process that has imported what runs need, and forks one for each of them, which then begins at once.

An interpreter of its own would cost every run a second or two of imports, and four where it needs torch. The server is
started anew (never forked from a process that has threads), holds no connection and no lock, and starts no thread.
Its end of each run's line carries the number of the process, then how it ended.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sabbatical.core.errors import Broken

log = logging.getLogger("sabbatical.runs")
MESSAGE_BYTES = 4096
ATTEMPTS = 2
PATIENCE_SECONDS, GRACE_SECONDS = 60.0, 5.0
"""How long a server may take to import and fork, and to end."""
AVAILABLE = sys.platform == "linux"
"""Elsewhere system libraries do not outlive a fork, or sockets keep no bounds of messages."""
LOST = -255
"""What a run whose server was killed is said to have ended with: it lives, sees that, and hands itself on."""
REFUSED = b"!"
WISHES = {signal.SIGTERM, signal.SIGINT}


class Child(Protocol):
    """The process of a run, as `subprocess.Popen` has it."""

    pid: int

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, minus the signal that killed it; `subprocess.TimeoutExpired` while it lives on."""

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class Forked:
    """A process that the server forked."""

    def __init__(self, pid: int, line: socket.socket) -> None:
        self.pid = pid
        self._line = line
        self._code: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            self._line.settimeout(timeout)
            try:
                told = self._line.recv(MESSAGE_BYTES)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0) from None
            self._code = int(told) if told else LOST
            self._line.close()
        return self._code

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(subprocess.TimeoutExpired):
            self.wait(0.0)  # one that has ended may have given its number to another
        if self._code in (None, LOST):
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


@dataclass(frozen=True)
class _Server:
    """One process of the server, and what it is asked by."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    def end(self) -> int:
        """Its exit code; one that does not end by itself is ended."""
        self.control.close()
        try:
            return self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class ForkServer:
    """The server as its parent sees it: started when it is first needed, and again when it is gone."""

    def __init__(self, command: Callable[[], Sequence[str]], environment: dict[str, str], log_file: Path) -> None:
        """`command` starts the server with the number of its socket as one more argument; it prints to `log_file`."""
        self._command = command
        self._environment = environment
        self._log_file = log_file
        self._lock = threading.Lock()
        self._server: _Server | None = None

    def fork(self, run_id: str, kind: str, log_file: Path) -> Forked:
        """Begin a run in a process of its own, which prints to `log_file`.

        Raises:
            Broken: the server cannot fork, or does not live, nor does another in its place.
        """
        asked = json.dumps({"run": run_id, "kind": kind, "log": str(log_file)}).encode()
        for _ in range(ATTEMPTS):
            server = self._running()
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs, suppress(OSError):
                socket.send_fds(server.control, [asked], [theirs.fileno()])
            told = _heard(ours)
            if told and not told.startswith(REFUSED):
                return Forked(int(told), ours)
            ours.close()
            if told:
                reason = told.removeprefix(REFUSED).decode()
                raise Broken(f"No process could be started for it: {reason}.", hint="Try again when there is room.")
            code = self._drop(server)
        raise Broken(f"The process that starts runs ended with code {code}.", where=str(self._log_file))

    def close(self) -> None:
        """Let it end; runs that still go on see it and hand themselves on."""
        if self._server is not None:
            self._drop(self._server)

    def _running(self) -> _Server:
        with self._lock:
            if self._server is None:
                try:
                    self._server = self._start()
                except OSError as error:
                    where = str(self._log_file)
                    raise Broken(f"The process that starts runs does not start: {error}.", where=where) from error
            return self._server

    def _drop(self, server: _Server) -> int:
        with self._lock:
            if self._server is server:
                self._server = None
        return server.end()

    def _start(self) -> _Server:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self._log_file.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*self._command(), str(theirs.fileno())],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        return _Server(process, ours)


def _heard(line: socket.socket) -> bytes:
    """The first that the server says of a run; nothing where it is gone, or hangs."""
    line.settimeout(PATIENCE_SECONDS)
    try:
        return line.recv(MESSAGE_BYTES)
    except OSError:
        return b""


@dataclass(frozen=True)
class Job:
    """What a forked process is to do, and which process it came from."""

    run: str
    parent: int


@dataclass(frozen=True)
class _Asked:
    run: str
    kind: str
    log: str


def serve(descriptor: int, prepare: Callable[[str], None]) -> Job | None:
    """Fork a process for each request that comes by the socket `descriptor`, until the one that asks is gone.

    Returns twice, as fork does: None in the server at its end, and its job in each process that it forked; there the
    signals that ask it to end wait until they are unblocked. `prepare` is given the kind of a run before the fork: what
    it imports, all later ones have.
    """
    control = socket.socket(fileno=descriptor)
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
    signal.pthread_sigmask(signal.SIG_BLOCK, WISHES)  # it ends with who asks, not before
    signal.signal(signal.SIGCHLD, lambda _signal, _frame: None)
    signal.set_wakeup_fd(waker.fileno())
    lines: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as ready:
        ready.register(control, selectors.EVENT_READ)
        ready.register(woken, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is woken:
                    woken.recv(MESSAGE_BYTES)
                    _reap(lines)
                    continue
                message, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 1)
                if not message:
                    return None
                asked, line = _Asked(**json.loads(message)), socket.socket(fileno=descriptors[0])
                job, pid = Job(asked.run, os.getpid()), _fork(asked, line, prepare)
                if pid == 0:
                    _become(asked, [control, woken, waker, line, *lines.values()])
                    return job
                if pid is not None:
                    lines[pid] = line


def _fork(asked: _Asked, line: socket.socket, prepare: Callable[[str], None]) -> int | None:
    """0 in the new process, its number in the server; None where there is none, which is told."""
    try:
        prepare(asked.kind)
    except Exception as error:
        log.warning("not loaded ahead of a run of kind %s, which will say what it lacks: %s", asked.kind, error)
    gc.freeze()  # what is there now stays shared between all processes
    try:
        pid = os.fork()
    except OSError as error:
        _tell(line, REFUSED + str(error.strerror).encode())
        line.close()
        return None
    if pid:
        _tell(line, str(pid).encode())
    return pid


def _become(asked: _Asked, sockets: Sequence[socket.socket]) -> None:
    """Leave all that is the server's: in a session of its own, Ctrl-C at a terminal reaches only who decides."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for one in sockets:
        one.close()
    os.setsid()
    with Path(asked.log).open("ab") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)


def _reap(lines: dict[int, socket.socket]) -> None:
    for pid in list(lines):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            line = lines.pop(pid)
            _tell(line, str(os.waitstatus_to_exitcode(status)).encode())
            line.close()


def _tell(line: socket.socket, said: bytes) -> None:
    with suppress(OSError):  # nobody asks any more
        line.send(said)
