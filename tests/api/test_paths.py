"""A client names no file of the server's machine, in whatever way it tries."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from sabbatical.api.access import InProcess
from sabbatical.api.app import create_app
from sabbatical.api.paths import Paths
from sabbatical.core.errors import BadInput, NotAllowed, NotFound
from sabbatical.sdk.in_process import AppTransport
from sabbatical.storage.workspace import Workspace
from tests.api.conftest import ADDRESS, Noted


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "/",
        "~/.ssh/id_rsa",
        "relative.csv",
        "{home}/token",
        "{home}/sabbatical.db",
        "{home}/uploads/../token",
        "{home}/data-of-another/x",
        "data:../token",
        "data:/etc/passwd",
        "data:x/../../token",
    ],
)
def test_a_path_of_the_server_is_refused(client: httpx.Client, empty: Workspace, source: str) -> None:
    (empty.home / "token").write_text("secret")
    answer = client.post("/v1/ingests", json={"source": source.format(home=empty.home)})
    assert answer.status_code == 403
    assert answer.json()["error"]["hint"] == "Upload the file, or start the server with --allow-paths."


def test_a_folder_of_images_on_the_server_is_refused(client: httpx.Client, empty: Workspace) -> None:
    (empty.folder("data", "bccd") / "x.json").write_text("{}")
    asked = {"source": "data:bccd/x.json", "options": {"image_root": "/etc"}}
    assert client.post("/v1/ingests", json=asked).status_code == 403
    asked["options"] = {"image_root": "images"}
    assert client.post("/v1/ingests", json=asked).status_code == 202


def test_a_folder_of_weights_on_the_server_is_refused(client: httpx.Client) -> None:
    client.post("/v1/projects", json={"name": "street", "task": "boxes"})
    settings = {"head": "rt-detr-v2", "pretrained": "/etc"}
    for path, asked in (
        ("models", {"settings": settings}),
        ("autopilot/policies", {"policy": {"train": {"settings": settings}}}),
        ("autopilot/on", {"policy": {"train": {"settings": settings}}}),
    ):
        assert client.post(f"/v1/projects/street/{path}", json=asked).status_code == 403
    trial = {"data": "bccd", "method": "tree", "settings": settings}
    assert client.post("/v1/studies/trials", json=trial).status_code == 403


def test_a_link_that_leads_out_of_the_uploads_is_refused(empty: Workspace, tmp_path: Path) -> None:
    (empty.folder("uploads", "upl_x") / "way-out").symlink_to(tmp_path)
    with pytest.raises(NotAllowed):
        Paths(empty, free=False).source(str(empty.home / "uploads/upl_x/way-out"))


@pytest.mark.parametrize("upload", ["", "upl_x", "../token", "upl_00000000000000000000/../.."])
def test_an_upload_that_is_not_there_is_not_found(client: httpx.Client, upload: str) -> None:
    answer = client.post("/v1/ingests", json={"source": f"upload:{upload}"})
    assert answer.status_code == 404


def test_an_upload_and_a_fetched_data_set_may_be_named(empty: Workspace) -> None:
    paths = Paths(empty, free=False)
    (empty.folder("data", "bccd") / "x.json").write_text("{}")
    assert paths.source("data:bccd/x.json") == str(empty.home / "data/bccd/x.json")
    with pytest.raises(BadInput, match="no file or folder"):
        paths.source("data:bccd/y.json")


def test_where_to_write_is_the_clients_choice_only_where_paths_are_free(empty: Workspace, tmp_path: Path) -> None:
    assert Paths(empty, free=False).target(None) is None
    with pytest.raises(NotAllowed):
        Paths(empty, free=False).target(str(tmp_path / "out"))
    assert Paths(empty, free=True).target(str(tmp_path / "out")) == str(tmp_path / "out")


def test_with_free_paths_a_source_is_resolved(empty: Workspace, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    app = create_app(empty, Noted(), InProcess(), free_paths=True)
    with httpx.Client(transport=AppTransport(app), base_url=ADDRESS) as client:
        run = client.post("/v1/ingests", json={"source": str(tmp_path / "sub/../a.csv")}).json()
    assert run["params"]["source"] == str(tmp_path / "a.csv")


def test_files_are_fetched_only_from_the_folder_of_their_run(empty: Workspace, tmp_path: Path) -> None:
    paths = Paths(empty, free=False)
    own = empty.folder("runs", "run_1", "files")
    other = empty.folder("runs", "run_2")
    assert paths.output("run_1", {"folder": str(own)}) == own
    for written in (other, tmp_path, own / ".." / ".." / "run_2"):
        with pytest.raises(NotAllowed):
            paths.output("run_1", {"output": str(written)})
    for nothing in (None, {}, {"output": str(own / "missing")}):
        with pytest.raises(NotFound):
            paths.output("run_1", nothing)
