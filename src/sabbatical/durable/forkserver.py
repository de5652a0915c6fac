"""A process that has imported what runs need, and forks one for each of them, which then begins at once.

An interpreter of its own would cost every run a second or two of imports, and four where it needs torch. The server is
started anew (never forked from a process that has threads), holds no connection and no lock, and starts no thread.
Its end of each run's line carries the number of the process, then how it ended.
"""

from __future__ import annotations

import gc
import json
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

MESSAGE_BYTES = 4096
ATTEMPTS = 2
AVAILABLE = sys.platform == "linux"
"""Elsewhere system libraries do not outlive a fork, or sockets keep no bounds of messages."""
LOST = -signal.SIGKILL
"""What a run is said to have ended with when the server was killed; it sees that and hands itself on."""


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
            except TimeoutError:
                assert timeout is not None
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout) from None
            self._code = int(told) if told else LOST
            self._line.close()
        return self._code

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)


class ForkServer:
    """The server as its parent sees it: started when it is first needed, and again when it is gone."""

    def __init__(self, command: Callable[[], Sequence[str]], environment: dict[str, str], log: Path) -> None:
        """`command` starts the server with the number of its socket as one more argument; it prints to `log`."""
        self._command = command
        self._environment = environment
        self._log = log
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def fork(self, run_id: str, kind: str, log: Path) -> Forked:
        """Begin a run in a process of its own, which prints to `log`.

        Raises:
            Broken: the server does not live, nor does another in its place.
        """
        asked = json.dumps({"run": run_id, "kind": kind, "log": str(log)}).encode()
        for _ in range(ATTEMPTS):
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs, suppress(OSError):
                self._send(asked, theirs)
            if told := ours.recv(MESSAGE_BYTES):
                return Forked(int(told), ours)
            ours.close()
            code = self.close()
        raise Broken(f"The process that starts runs ended with code {code}.", where=str(self._log))

    def _send(self, message: bytes, line: socket.socket) -> None:
        with self._lock:
            if self._control is None:
                self._start()
            assert self._control is not None
            socket.send_fds(self._control, [message], [line.fileno()])

    def _start(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self._log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*self._command(), str(theirs.fileno())],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def close(self) -> int | None:
        """Let it end, and answer its exit code; runs that still go on see it and hand themselves on."""
        with self._lock:
            if self._control is None or self._process is None:
                return None
            self._control.close()
            self._control = None
            return self._process.wait()


@dataclass(frozen=True)
class _Asked:
    run: str
    kind: str
    log: str


def serve(descriptor: int, prepare: Callable[[str], None]) -> str | None:
    """Fork a process for each request that comes by the socket `descriptor`, until the one that asks is gone.

    Returns twice, as fork does: None in the server at its end, and the id of its run in each process that it forked.
    `prepare` is given the kind of a run before the fork: what it imports, all later ones have.
    """
    control = socket.socket(fileno=descriptor)
    woken, waker = socket.socketpair()
    for end in (woken, waker):
        end.setblocking(False)
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
                with suppress(Exception):  # what cannot be had here the run itself will miss, and say so
                    prepare(asked.kind)
                gc.freeze()  # what is there now stays shared between all processes
                pid = os.fork()
                if not pid:
                    _become(asked, [control, woken, waker, line, *lines.values()])
                    return asked.run
                lines[pid] = line
                _tell(line, pid)


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
            _tell(line, os.waitstatus_to_exitcode(status))
            line.close()


def _tell(line: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError):  # nobody asks any more
        line.send(str(number).encode())
