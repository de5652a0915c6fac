"""Opening a workspace, and finding one's project in it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

import sabbatical as sb
from sabbatical.core.errors import BadInput, Broken, Conflict, NotFound, Unavailable
from sabbatical.sdk import client as client_module


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[sb.Workspace]:
    with sb.open(home=tmp_path / "home") as opened:
        yield opened


def test_the_only_project_need_not_be_named(workspace: sb.Workspace) -> None:
    with pytest.raises(NotFound, match="no project yet"):
        workspace.project()
    made = workspace.create_project("street", "boxes")
    assert workspace.project().record == made.record == workspace.project("street").record


def test_of_several_projects_one_must_be_named(workspace: sb.Workspace) -> None:
    workspace.create_project("a", "boxes")
    workspace.create_project("b", "text")
    with pytest.raises(NotFound, match="2 projects") as caught:
        workspace.project()
    assert "a, b" in str(caught.value.hint)


def test_errors_of_the_server_are_the_same_classes_here(workspace: sb.Workspace) -> None:
    workspace.create_project("a", "boxes")
    with pytest.raises(Conflict, match="exists already"):
        workspace.create_project("a", "text")
    with pytest.raises(BadInput) as caught:
        workspace.create_project("A b", "boxes")
    assert caught.value.where == "field name"


def test_projects_of_one_salt_split_alike_and_a_salt_is_not_changed(workspace: sb.Workspace, tmp_path: Path) -> None:
    (tmp_path / "notes.csv").write_text("\n".join(["text,label", *(f"note {i} of {i * i},Sea" for i in range(40))]))
    splits = []
    for name in ("a", "b"):
        project = workspace.create_project(name, "text", salt="one")
        workspace.ingest(tmp_path / "notes.csv", project=name)
        splits.append({item.id: item.split for item in project.items()})
    assert splits[0] == splits[1] and len(set(splits[0].values())) == 3
    assert workspace.create_project("a", "text").record.salt == "one"
    with pytest.raises(Conflict, match="exists already, with salt one"):
        workspace.create_project("a", "text", salt="two")


def test_a_field_that_does_not_exist_is_named_before_anything_is_sent(workspace: sb.Workspace) -> None:
    project = workspace.create_project("a", "boxes")
    with pytest.raises(BadInput) as caught:
        project.start_snapshot(colour="red")
    assert caught.value.where == "field colour"
    assert "customers" in str(caught.value.hint)


def test_a_source_that_is_not_there_is_said_here(workspace: sb.Workspace) -> None:
    with pytest.raises(BadInput, match="no file or folder"):
        workspace.start_ingest("nowhere.csv")


def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "PAUSES", (0.0,))
    with sb.open(url="http://127.0.0.1:1") as workspace, pytest.raises(Unavailable, match=r"127\.0\.0\.1:1") as caught:
        workspace.project("a")
    assert "sabbatical up" in str(caught.value.hint)


def test_a_command_does_not_wait_for_a_server_that_never_answered_but_for_one_that_restarts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        tried.append(request.url.path)
        if len(tried) in {1, 3}:
            raise httpx.ConnectError("Connection refused")
        return httpx.Response(200, json={"version": "1"})

    monkeypatch.setattr(client_module, "PAUSES", (0.0,))
    http = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://there")
    client = client_module.Client(http, local=False, patient=False)
    with pytest.raises(Unavailable, match="Connection refused"):
        client.get("/v1/health")
    assert len(tried) == 1
    client.get("/v1/health")
    client.get("/v1/health")
    assert len(tried) == 4


def test_a_server_of_somebody_else_is_recognised() -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            return None

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with (
            sb.open(url=f"http://127.0.0.1:{server.server_port}") as workspace,
            pytest.raises(Broken, match="not ours"),
        ):
            workspace.project("a")
        server.shutdown()


def test_naming_a_folder_wins_over_a_server_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SABBATICAL_URL", "http://127.0.0.1:1")
    with sb.open(home=tmp_path) as workspace:
        assert list(workspace.projects()) == []
