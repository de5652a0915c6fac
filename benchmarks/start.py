"""Size of an installation without torch, seconds until commands and the server answer, and memory when idle.

    python -m benchmarks.start [--runs 5] [--without-size]

The installation is made with pip in a folder of its own, pinned by constraints.txt; its size is what it takes on the
disk, pip included. `up` works on an empty folder and is asked for /v1/health until it answers; then it is left alone
for a while before memory is read: resident, and PSS, which divides what processes share. That a process does not hold
torch is read from its memory map.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from benchmarks.measuring import publish, row
from sabbatical.sdk.serving import owner_token

ROOT = Path(__file__).parents[1]
COMMAND = str(Path(sys.executable).with_name("sabbatical"))
GOOD = {"size": 250, "up": 1.5, "web": 120}
PATIENCE = 60.0
IDLE_SECONDS = 5.0
PROCESSES = {"web": "sabbatical.api", "worker": "sabbatical.worker"}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--without-size", action="store_true", help="do not install anything")
    asked = options.parse_args()
    figures = []
    if not asked.without_size:
        figures.append(row("installation without torch", "MB", [installed_mb()], good=GOOD["size"]))
    for what, measure in (("sabbatical --help", help_seconds), ("up to first answer", up)):
        measure()  # compiles modules and fills the cache of files
        runs = [measure() for _ in range(asked.runs)]
        facts = {"good": GOOD["up"]} if measure is up else {}
        figures.append(row(what, "s", [run["seconds"] for run in runs], **facts))
        figures.append(row(f"{what}, cpu", "s", [run["cpu"] for run in runs]))
    for name in ("front", *PROCESSES):
        facts = {"good": GOOD[name]} if name in GOOD else {}
        figures.append(row(f"{name}, idle", "MB", [run[name]["rss"] for run in runs], **facts))
        figures.append(row(f"{name}, idle, PSS", "MB", [run[name]["pss"] for run in runs]))
        figures.append(row(f"{name} holds torch", "0 or 1", [run[name]["torch"] for run in runs]))
    publish("start", figures)


def installed_mb() -> float:
    """Megabytes (10^6) of a fresh virtual environment with the project and what it needs at least."""
    with tempfile.TemporaryDirectory(prefix="start-bench-") as name:
        subprocess.run([sys.executable, "-m", "venv", name], check=True)
        pip = [f"{name}/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--constraint", str(ROOT / "constraints.txt"), str(ROOT)], check=True)
        assert not list(Path(name).glob("lib/python*/site-packages/torch"))
        blocks = sum(path.lstat().st_blocks for path in Path(name).rglob("*") if not path.is_dir())
    return blocks * 512 / 1e6


def environment() -> dict[str, str]:
    """Modules are compiled once, as for a person; settings of this shell that forbid it do not count."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def help_seconds() -> dict[str, Any]:
    spent, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([COMMAND, "--help"], check=True, stdout=subprocess.DEVNULL, env=environment())
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"seconds": seconds, "cpu": after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime}


def up() -> dict[str, Any]:
    """Start a server on an empty folder, wait for its first answer, and read what its processes hold when idle."""
    with tempfile.TemporaryDirectory(prefix="start-bench-") as name:
        home = Path(name) / "home"
        began = time.perf_counter()
        command = [COMMAND, "up", "--home", str(home), "--json", "--port", "0"]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment())
        try:
            assert server.stdout is not None
            said = b"".join(iter(server.stdout.readline, b"}\n")) + b"}"
            wait_for_answer(json.loads(said)["url"], owner_token(home))
            seconds = time.perf_counter() - began
            there = processes(server.pid)
            cpu = sum(cpu_seconds(there[name]) for name in ("front", "web"))
            time.sleep(IDLE_SECONDS)
            held = {name: memory(pid) for name, pid in processes(server.pid).items()}
            return {"seconds": seconds, "cpu": cpu, **held}
        finally:
            server.terminate()
            server.wait(PATIENCE)


def wait_for_answer(url: str, token: str) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urlopen(Request(f"{url}/v1/health", headers={"Authorization": f"Bearer {token}"}), timeout=PATIENCE):
                return
        except URLError:
            time.sleep(0.01)
    raise TimeoutError(f"{url} does not answer.")


def processes(pid: int) -> dict[str, int]:
    """The process of the command itself (`front`), and those that it started."""
    found = {"front": pid}
    for started in Path(f"/proc/{pid}/task").glob("*/children"):
        for number in map(int, started.read_text().split()):
            command = Path(f"/proc/{number}/cmdline").read_bytes().decode().split("\0")
            found |= {name: number for name, module in PROCESSES.items() if module in command}
    return found


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> dict[str, float]:
    """Megabytes (2^20), and whether torch is mapped."""
    about = Path(f"/proc/{pid}")
    figures = dict(line.split(":", 1) for line in (about / "smaps_rollup").read_text().splitlines()[1:])
    maps = (about / "maps").read_text()
    rss, pss = (int(figures[name].split()[0]) / 1024 for name in ("Rss", "Pss"))
    return {"rss": rss, "pss": pss, "torch": float(f"{os.sep}torch{os.sep}" in maps)}


if __name__ == "__main__":
    main()
