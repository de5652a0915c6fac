"""The released model through the SDK, and a server that is killed under traffic."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

import sabbatical as sb
from sabbatical.core.errors import BadFile, BadRequest
from sabbatical.core.settings import load
from sabbatical.schemas.serve import Served
from sabbatical.sdk.project import Project
from sabbatical.sdk.serving import Server
from tests.durable.conftest import until
from tests.stages.serve.conftest import Served as Hand
from tests.stages.serve.conftest import picture


@pytest.fixture
def project(texts: Hand) -> Iterator[Project]:
    """The project of texts, opened by the SDK."""
    with sb.open(home=texts.made.workspace.home) as workspace:
        yield workspace.project()


def serving(home: Path) -> AbstractContextManager[Server]:
    """A server that does nothing but serve, and is started again when it dies."""
    return Server(load(home=home, port=0), only_serving=True).running()


def web() -> psutil.Process:
    """The process that answers."""

    def find() -> psutil.Process | None:
        for child in psutil.Process().children():
            with suppress(psutil.ZombieProcess):
                if "sabbatical.api" in child.cmdline():
                    return child
        return None

    found: psutil.Process = until(find, "the web process")
    return found


def test_texts_are_asked_judged_and_listed(project: Project) -> None:
    online = project.online
    found = online.ask("the sea is wide", unit="anna", attributes={"from": "mail"})
    assert (found.model, found.arm, found.found[0].label) == ("v1", "champion", "sea")
    both = online.ask_many(["the sky", "the sea"], unit="bert")
    assert [one.found[0].label for one in both] == ["sky", "sea"]
    assert [one.id for one in online.answers()] == [both[1].id, both[0].id, found.id]
    assert online.answer(str(found.id)).unit == "anna"
    given = online.judge(found, "wrong", label="sky", author="anna")
    assert [one.id for one in online.feedback()] == [given.id]
    assert online.status().champion == "v1"
    with pytest.raises(BadRequest, match="was not recorded"):
        online.judge(online.ask("the sea", record=False), "right")


def test_images_are_asked_by_file_bytes_and_item(images: Hand, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    with sb.open(home=images.made.workspace.home) as workspace:
        project = workspace.project()
        found = project.online.ask(tmp_path / "a.jpg", attributes={"weather": "rain"}, unit="camera 1")
        assert found.found and project.item(found.item).name == "a.jpg"
        assert project.item(found.item).attributes == {"weather": "rain"}
        others: list[Served] = [project.online.ask(picture(), keep=False), project.online.ask(item=found.item)]
        others += project.online.ask_many([tmp_path / "a.jpg"])
        assert all(one.found == found.found and one.item == found.item for one in others)
        with pytest.raises(BadFile, match="cannot be read"):
            project.online.ask(tmp_path / "none.jpg")


def test_a_server_killed_under_traffic_answers_from_the_same_champion_and_has_lost_nothing(texts: Hand) -> None:
    home = texts.made.workspace.home
    texts.release(texts.model("v2"), "full", full=True)
    answered: list[Served] = []
    with serving(home) as server, sb.open(url=server.url) as remote:
        online = remote.project().online
        first = web()
        stop = threading.Event()

        def traffic() -> None:
            while not stop.is_set():
                answered.append(online.ask(f"the sea {len(answered)}", unit="anna"))

        asking = threading.Thread(target=traffic)
        asking.start()
        until(lambda: len(answered) > 30, "some answers")
        os.kill(first.pid, signal.SIGKILL)
        before = len(answered)
        until(lambda: len(answered) > before + 30, "answers after the kill", 60)
        stop.set()
        asking.join()
        assert web().pid != first.pid
    assert {one.model for one in answered} == {"v2"}
    ids = [row.id for row in texts.rows()]
    assert {one.id for one in answered} <= set(ids) and len(ids) == len(set(ids))


def test_a_server_that_only_serves_answers_nothing_else_and_holds_no_torch(images: Hand) -> None:
    home = Path(shutil.copytree(images.made.workspace.home, images.made.workspace.home.parent / "copy"))
    with serving(home) as server:
        process = web()
        maps = Path(f"/proc/{process.pid}/maps")
        assert "onnxruntime" not in maps.read_text()
        place, headers = f"{server.url}/v1/projects/shapes", {"Content-Type": "image/jpeg"}
        assert httpx.post(f"{place}/predict", content=picture(), headers=headers).json()["found"]
        assert "onnxruntime" in maps.read_text() and "torch" not in maps.read_text().lower()
        assert httpx.get(place).status_code == 200
        assert httpx.get(f"{place}/models").status_code == 404
        assert httpx.post(f"{server.url}/v1/projects", json={"name": "more", "task": "text"}).status_code == 405
