"""The server as two processes: used by HTTP only, and it survives what is killed."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

import sabbatical as sb
from sabbatical.core.errors import Conflict, NotAllowed, Unavailable
from sabbatical.core.settings import load
from sabbatical.sdk import sources
from sabbatical.sdk.serving import Server
from sabbatical.sdk.workspace import Workspace
from tests.durable.conftest import until
from tests.sdk import street

LONG = street.TINY | {"steps": 60, "save_every": 0}


@pytest.fixture(scope="module")
def server(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests here use, and some of them hurt."""
    home = Path(shutil.copytree(built, tmp_path_factory.mktemp("server") / "home"))
    with Server(load(home=home, port=0)).running() as made:
        yield made


@pytest.fixture
def remote(server: Server) -> Iterator[Workspace]:
    with sb.open(url=server.url) as workspace:
        yield workspace


def process(server: Server, module: str) -> psutil.Process:
    """The process of the server that runs a module, once it is there."""

    def find() -> psutil.Process | None:
        for child in psutil.Process().children():
            if module in child.cmdline() and child.status() != psutil.STATUS_ZOMBIE:
                return child
        return None

    found: psutil.Process = until(find, f"a process of {module}")
    return found


def test_everything_goes_through_http(remote: Workspace, tmp_path: Path) -> None:
    more = street.draw(tmp_path / "rainy", 4, seed=1)
    project = remote.project()
    report = project.ingest(more, taxonomy="a")
    assert (report.added, report.labels.added) == (4, 4)
    assert {item.source for item in project.items()} == {"cameras", "rainy"}
    snapshot = project.snapshot()
    assert snapshot.counts["items"] == street.ITEMS + 4
    assert snapshot.diff("s1").removed == 4
    export = snapshot.export(tmp_path / "out", "coco", splits=["test"])
    assert any(path.suffix == ".json" for path in export.folder.rglob("*"))
    predictions = project.model().predict(more / "1-000.png")
    assert [one.name for one in predictions] == ["1-000.png"]


def test_a_file_is_sent_as_it_is(server: Server, remote: Workspace, tmp_path: Path) -> None:
    sent = os.urandom(3 << 20)
    (tmp_path / "a.bin").write_bytes(sent)
    upload = sources.send(remote._client, tmp_path / "a.bin")
    assert (server.settings.home / "uploads" / upload.id / "a.bin").read_bytes() == sent


def test_a_run_survives_the_kill_of_the_worker_and_of_its_child(server: Server, remote: Workspace) -> None:
    before = [one.name for one in remote.project().models()]
    run = remote.project().start_train(settings=LONG, seed=4)
    until(lambda: "step" in run.refresh().message, "a step", 120)
    worker = process(server, "sabbatical.worker")
    for child in worker.children():
        child.send_signal(signal.SIGKILL)
    worker.send_signal(signal.SIGKILL)
    model = run.wait()
    assert model.record.seed == 4
    assert [one.name for one in remote.project().models()] == [model.name, *before]


def test_requests_are_answered_again_after_the_kill_of_the_web_process(server: Server, remote: Workspace) -> None:
    web = process(server, "sabbatical.api")
    web.send_signal(signal.SIGKILL)
    web.wait(10)
    assert remote.project().name == "street"
    assert process(server, "sabbatical.api").pid != web.pid


def test_a_page_of_another_site_gets_nothing(server: Server) -> None:
    assert httpx.get(f"{server.url}/v1/projects").status_code == 200
    assert httpx.get(f"{server.url}/v1/projects", headers={"Host": "evil.example"}).status_code == 403
    assert httpx.get(f"{server.url}/v1/projects", headers={"Origin": "http://evil.example"}).status_code == 403
    token = {"Authorization": f"Bearer {server.token}", "Host": "evil.example"}
    assert httpx.get(f"{server.url}/v1/projects", headers=token).status_code == 200


def test_the_token_is_for_the_owner_only(server: Server) -> None:
    assert (server.settings.home / "token").stat().st_mode & 0o077 == 0
    assert len(server.token) > 30


def test_stopping_ends_both_processes_and_long_work_waits(home: Path) -> None:
    others = set(psutil.Process().children(recursive=True))
    server = Server(load(home=home, port=0))
    server.start()
    with sb.open(url=server.url) as remote:
        run = remote.project().start_train(settings=street.TINY | {"steps": 100_000}, seed=5)
        until(lambda: "step" in run.refresh().message, "a step", 120)
    processes = set(psutil.Process().children(recursive=True)) - others
    assert len(processes) >= 3  # the web process, the worker, the run, and what forks runs
    server.stop()
    assert [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []
    with sb.open(home=home) as local:
        assert local.run(run.id).state == "queued"


def test_an_address_of_the_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotAllowed, match=r"0\.0\.0\.0") as caught:
        Server(load(home=tmp_path, host="0.0.0.0"))
    assert "127.0.0.1" in str(caught.value.hint)
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_named(server: Server, tmp_path: Path) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(Conflict, match=str(port)) as caught:
        Server(load(home=tmp_path, port=port))
    assert "--port" in str(caught.value.hint)


def test_a_second_server_on_one_workspace_is_refused(server: Server) -> None:
    second = Server(load(home=server.settings.home, port=0))
    with pytest.raises(Conflict, match="Another server"):
        second.start()
        second.watch(threading.Event())
    second.stop()


def test_why_it_cannot_start_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "sabbatical.toml").write_text('database = "sqlite:////nowhere/at/all.db"\n')
    server = Server(load(home=tmp_path / "home", port=0))
    with pytest.raises(Unavailable, match="unable to open"):
        server.start()
    server.stop()
