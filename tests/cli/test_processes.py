"""The command as a process of its own: Ctrl-C, the server, what is loaded."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Call
from tests.durable.conftest import until
from tests.sdk import street

SABBATICAL = [sys.executable, "-c", "from sabbatical.cli import main; main()"]
ENDLESS = street.TINY | {"steps": 1_000_000, "save_every": 0}


def start(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """Start a command in a process group of its own, as a shell does."""
    return subprocess.Popen(
        [*SABBATICAL, *arguments, "--home", str(home)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def test_ctrl_c_cancels_the_run_and_says_how_to_go_on(home: Path, sabbatical: Call) -> None:
    settings = [f"--set={name}={value}" for name, value in ENDLESS.items()]
    process = start(home, "train", *settings)
    assert process.stderr is not None
    until(lambda: "step" in (process.stderr.readline() if process.stderr else ""), "a step", 120)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    run = sabbatical("run", "list", "--json").document["runs"][0]
    assert (run["state"], run["message"]) == ("cancelled", "Cancelled: owner stopped it (Ctrl-C at a command line).")
    assert f"sabbatical run resume {run['id']}" in " ".join(err.split())


def test_the_server_tells_its_address_and_ctrl_c_ends_it(home: Path) -> None:
    process = start(home, "up", "--port", "0")
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://127\.0\.0\.1:\d+", line)
    assert found is not None
    children = psutil.Process(process.pid).children(recursive=True)
    answer = subprocess.run(
        [*SABBATICAL, "project", "list", "--url", found[0], "--json"], capture_output=True, text=True, check=True
    )
    assert [one["name"] for one in json.loads(answer.stdout)["projects"]] == ["street"]
    os.killpg(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "long work goes on" in out
    assert [child for child in children if child.is_running()] == []


def test_both_processes_end_when_the_command_is_killed(home: Path) -> None:
    process = start(home, "up", "--port", "0")
    assert process.stdout is not None
    assert "http://" in process.stdout.readline()
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    until(lambda: not any(child.is_running() for child in children), "the end of both")


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"]])
def test_help_loads_neither_web_nor_database(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom sabbatical.cli.app import application\n"
        f"application()({arguments}, standalone_mode=False)\nprint(*sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"fastapi", "sqlalchemy", "httpx", "torch", "numpy"}.isdisjoint(answer.stdout.split())
