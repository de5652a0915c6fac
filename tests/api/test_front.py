"""Who opens the printed address in a browser sees what this is and where all else is, and nothing of the data."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from sabbatical import __version__
from sabbatical.storage.workspace import Workspace
from tests.api.test_access import ELSEWHERE, ask


def test_the_front_page_says_what_this_is_and_how_to_begin(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert answer.text.startswith("<!doctype html><html") and answer.text.endswith("</html>")
    assert f"Sabbatical {__version__}" in answer.text
    assert "export SABBATICAL_URL=http://127.0.0.1:8400<" in answer.text
    for line in ("sabbatical ingest", "sabbatical train", "/v1/openapi.json"):
        assert line in answer.text


def test_the_front_page_names_every_route_of_the_contract(client: httpx.Client) -> None:
    paths = client.get("/v1/openapi.json").json()["paths"]
    shown = html.unescape(client.get("/").text)
    assert len(paths) > 20
    assert [path for path in paths if f"<code>{path}</code>" not in shown] == []


def test_the_front_page_loads_nothing_from_anywhere(client: httpx.Client) -> None:
    answer = client.get("/")
    assert re.findall(r"(?:src|href)=\"(?!/)[^\"]*\"|url\([^)]*\)|@import|<script", answer.text) == []
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")


def test_the_front_page_tells_nothing_of_the_data(client: httpx.Client, empty: Workspace) -> None:
    before = client.get("/").text
    assert client.post("/v1/projects", json={"name": "very-secret", "task": "text"}).is_success
    assert client.get("/").text == before and str(empty.home) not in before


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}])
def test_the_front_page_is_for_the_owner_too(empty: Workspace, headers: dict[str, str]) -> None:
    assert ask(empty, "/").status_code == 200
    assert ask(empty, "/", **headers).status_code == 403
    assert ask(empty, "/", who=ELSEWHERE).status_code == 403
