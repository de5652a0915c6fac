"""Processes of workers and of runs, forked from one that has imported what they need.

What they do is the product's; only its imports are saved, a second or more in each of hundreds of processes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from sabbatical.core.settings import Settings
from sabbatical.durable import children
from sabbatical.durable.children import log_of
from sabbatical.durable.forkserver import AVAILABLE, Child, ForkServer, serve
from sabbatical.storage.tables import RunRow

ROOT = Path(__file__).parents[1]
PREFIX = "SABBATICAL_"
SERVE = "serve"
SERVER = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from tests.forks import main
sys.exit(main(int(sys.argv[1])))
"""
_servers: list[tuple[ForkServer, tempfile.TemporaryDirectory[str]]] = []


def begin(
    settings: Settings, arguments: Sequence[str], log_file: Path, *, kind: str = SERVE, module: str | None = None
) -> Child:
    """A process that does what `python -m module arguments` does (the worker's module, unless given)."""
    name = module or children.MODULE
    if not AVAILABLE:
        with log_file.open("ab") as log:
            command = [sys.executable, "-m", name, *arguments]
            return subprocess.Popen(command, env=settings.environment(), stdout=log, stderr=log)
    if not _servers:
        folder = tempfile.TemporaryDirectory(prefix="sabbatical-tests-")
        server = ForkServer(lambda: [sys.executable, "-c", SERVER], dict(os.environ), Path(folder.name) / "forks.txt")
        _servers.append((server, folder))
    variables = {name: value for name, value in settings.environment().items() if name.startswith(PREFIX)}
    asked = {"module": name, "arguments": list(arguments), "variables": variables, "at": str(Path.cwd())}
    return _servers[0][0].fork(json.dumps(asked), kind, log_file)


def close() -> None:
    while _servers:
        server, folder = _servers.pop()
        server.close()
        folder.cleanup()


class Spawner:
    """As that of the product, which would have a server of its own for each workspace."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, row: RunRow) -> Child:
        return begin(self._settings, ["run", row.id], log_of(self._settings, row.id), kind=row.kind)

    def close(self) -> None:
        """The server stays for other tests."""


def main(descriptor: int) -> int:
    """The server; and in a process that it forked, what that is to do."""
    job = serve(descriptor, _prepare)
    if job is None:
        return 0
    asked = json.loads(job.run)
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(asked["variables"])
    os.chdir(asked["at"])
    parent = [] if asked["arguments"] == [SERVE] else [str(job.parent)]
    code: int = import_module(asked["module"]).main([*asked["arguments"], *parent])
    return code


def _prepare(kind: str) -> None:
    from sabbatical.stages import kinds  # noqa: PLC0415 - the process of the tests need not have it

    for name in ("sabbatical.worker", *(("dbos", "sabbatical.autopilot.schedules") if kind == SERVE else ())):
        import_module(name)
    kinds.prepare(kind)
