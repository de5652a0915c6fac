"""`sabbatical up` killed with signal 9, all of it at once and under traffic, then started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.autopilot import desk
from tests.autopilot.conftest import Office
from tests.durable.conftest import until

UP = [sys.executable, "-c", "from sabbatical.cli import main; main()", "up", "--port", "0", "--json"]


@contextmanager
def up(home: Path) -> Iterator[tuple[psutil.Process, httpx.Client]]:
    """The server as its command starts it, and a client of it; all of its processes are killed in the end."""
    with ExitStack() as ends:
        process = subprocess.Popen(
            [*UP, "--home", str(home)], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        ends.callback(process.wait)
        ends.callback(kill, psutil.Process(process.pid))
        assert process.stdout is not None
        ends.callback(process.stdout.close)
        url = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")["url"]
        headers = {"Authorization": f"Bearer {(home / 'token').read_text().strip()}"}
        client = ends.enter_context(httpx.Client(base_url=url, headers=headers, timeout=30))
        yield psutil.Process(process.pid), client


def kill(server: psutil.Process) -> list[psutil.Process]:
    """As a power cut: the process that watches first, so that nothing is started again."""
    with suppress(psutil.NoSuchProcess):
        family = [server, *server.children(recursive=True)]
        for one in family:
            with suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
        psutil.wait_procs(family[1:], 30)
        return family
    return []


def ask(client: httpx.Client, letter: desk.Letter) -> dict[str, Any] | None:
    """The answer to a letter; None from a server that is not there, or not there yet."""
    asked = {"text": letter.text, "attributes": {"time": letter.time}, "customer": "desk-a", "unit": letter.text}
    with suppress(httpx.TransportError):
        answer = client.post("/v1/projects/desk/predict", json=asked)
        if answer.status_code == 200:
            found: dict[str, Any] = answer.json()
            return found
    return None


@pytest.mark.timeout(300)
def test_killed_whole_under_traffic_it_answers_from_the_same_champion_and_has_lost_no_answer(office: Office) -> None:
    answers: list[dict[str, Any]] = []
    over = threading.Event()
    with up(office.home) as (server, client):

        def go_on_asking() -> None:
            letters = desk.letters(200, "day", 3)
            while not over.is_set():
                if (answer := ask(client, letters[len(answers) % len(letters)])) is not None:
                    answers.append(answer)

        askers = [threading.Thread(target=go_on_asking) for _ in range(3)]
        for one in askers:
            one.start()
        until(lambda: len(answers) > 60, "some traffic")
        modules = {word for one in server.children(recursive=True) for word in one.cmdline()}
        assert {"sabbatical.api", "sabbatical.worker"} <= modules
        family = kill(server)
        over.set()
        for one in askers:
            one.join()
        assert len(family) >= 3 and not any(one.is_running() for one in family[1:])
    with up(office.home) as (_server, client):
        again = until(lambda: ask(client, desk.letters(1, "day", 3)[0]), "an answer")
        assert {one["model"] for one in [*answers, again]} == {"v1"}
        for one in answers:
            kept = client.get(f"/v1/projects/desk/served/{one['id']}")
            assert (kept.status_code, kept.json()["found"]) == (200, one["found"]), one
