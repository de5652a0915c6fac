"""The application in this process: the same contract, whole streams, no thread left behind."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

import sabbatical as sb
from sabbatical.core.errors import NewerWorkspace
from sabbatical.sdk.in_process import AppTransport
from sabbatical.storage.database import Database

MEGABYTE = 1 << 20


async def echo(request: Request) -> Response:
    """Count what arrives, chunk by chunk."""
    sizes = [len(chunk) async for chunk in request.stream() if chunk]
    return PlainTextResponse(f"{len(sizes)} {sum(sizes)} {request.url.path} {request.query_params.get('q', '')}")


async def endless(_request: Request) -> Response:
    async def chunks() -> Iterator[bytes]:  # type: ignore[misc]
        while True:
            yield b"x" * MEGABYTE

    return StreamingResponse(chunks())  # type: ignore[arg-type]


def fail(_request: Request) -> Response:
    raise ZeroDivisionError("inside")


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    app = Starlette(
        routes=[Route("/echo/{x}", echo, methods=["POST"]), Route("/endless", endless), Route("/fail", fail)]
    )
    with httpx.Client(transport=AppTransport(app), base_url="http://here") as opened:
        yield opened


def test_a_body_is_sent_in_the_pieces_in_which_it_is_made(client: httpx.Client) -> None:
    answer = client.post("/echo/a%20b?q=%C3%BC", content=(b"y" * 1000 for _ in range(50)))
    assert answer.text == "50 50000 /echo/a b ü"


def test_an_answer_is_read_as_it_is_made_and_may_be_left(client: httpx.Client) -> None:
    with client.stream("GET", "/endless") as answer:
        chunks = answer.iter_bytes()
        assert sum(len(next(chunks)) for _ in range(5)) >= 5
    assert client.post("/echo/after").text == "0 0 /echo/after "


def test_a_fault_of_the_application_is_an_answer_not_an_exception(client: httpx.Client) -> None:
    assert client.get("/fail").status_code == 500


def test_many_threads_may_ask_at_once(client: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda n: client.post(f"/echo/{n}", content=b"z" * n).text, range(40))
    assert list(answers) == [f"{min(n, 1)} {n} /echo/{n} " for n in range(40)]


def test_it_works_inside_of_a_running_event_loop_as_in_a_notebook(tmp_path: Path) -> None:
    async def cell() -> list[str]:
        with sb.open(home=tmp_path) as workspace:
            workspace.create_project("street", "boxes")
            return [project.name for project in workspace.projects()]

    assert asyncio.run(cell()) == ["street"]


def test_closing_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with sb.open(home=tmp_path) as workspace:
        list(workspace.projects())
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before


def test_a_script_that_forgets_to_close_ends_all_the_same(tmp_path: Path) -> None:
    code = "import sys, sabbatical as sb\nws = sb.open(home=sys.argv[1])\nprint(list(ws.projects()))"
    answer = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=120, check=True
    )
    assert (answer.stdout, answer.stderr) == ("[]\n", "")


def test_a_workspace_that_nobody_uses_any_more_leaves_no_thread(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    workspace = sb.open(home=tmp_path)
    list(workspace.projects())
    del workspace
    gc.collect()
    assert set(threading.enumerate()) == before


def test_a_workspace_that_cannot_be_opened_leaves_no_thread(tmp_path: Path) -> None:
    sb.open(home=tmp_path).close()
    database = Database(f"sqlite:///{tmp_path / 'sabbatical.db'}")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    before = set(threading.enumerate())
    with pytest.raises(NewerWorkspace, match="newer version"):
        sb.open(home=tmp_path)
    assert set(threading.enumerate()) == before
