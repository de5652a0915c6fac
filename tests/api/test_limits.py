"""No body is larger than its limit, announced or not."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from sabbatical.storage.workspace import Workspace


def chunks(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield b" " * 1000


def test_an_announced_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    answer = client.post("/v1/projects", content=b" " * 10_001, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "10,000 bytes" in answer.json()["error"]["message"]


def test_a_body_without_a_length_is_cut_off_at_the_limit(client: httpx.Client) -> None:
    answer = client.post("/v1/projects", content=chunks(11), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413


def test_uploads_have_a_limit_of_their_own(client: httpx.Client) -> None:
    assert client.post("/v1/uploads?name=a.bin", content=chunks(40)).json()["bytes"] == 40_000
    assert client.post("/v1/uploads?name=a.bin", content=chunks(51)).status_code == 413


def test_nothing_is_left_of_an_upload_that_was_too_large(client: httpx.Client, empty: Workspace) -> None:
    client.post("/v1/uploads?name=a.bin", content=chunks(51))
    assert list((empty.home / "uploads").iterdir()) == []
