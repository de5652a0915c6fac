"""Files that clients send: kept whole, under a name that leads nowhere else."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import httpx
import pytest

from sabbatical.api import uploads
from sabbatical.api.uploads import safe_name
from sabbatical.core.errors import BadInput
from sabbatical.storage.workspace import Workspace


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\system.ini", "system.ini"),
        ("/absolute/name.zip", "name.zip"),
        (".hidden", "hidden"),
        ("a\nb\x00c.txt", "abc.txt"),
        ('we"ird<>|?*:.csv', "weird.csv"),
        ("u\u0308ber.txt", "über.txt"),
    ],
)
def test_a_name_keeps_its_last_part_and_no_trick(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.parametrize("name", ["", "..", "/", ".", "a/..", "\x00\x01", " . "])
def test_a_name_of_which_nothing_is_left_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="no file name"):
        safe_name(name)


def test_a_long_name_is_cut_but_keeps_its_ending() -> None:
    kept = safe_name("ü" * 500 + ".jsonl")
    assert kept.endswith(".jsonl")
    assert len(kept.encode()) <= 120


def test_bytes_are_kept_as_they_came(client: httpx.Client, empty: Workspace) -> None:
    sent = bytes(range(256)) * 20
    answer = client.post("/v1/uploads", params={"name": "../../data.bin"}, content=sent)
    assert answer.status_code == 201
    body = answer.json()
    assert (body["name"], body["bytes"], body["source"]) == ("data.bin", len(sent), f"upload:{body['id']}")
    [folder] = (empty.home / "uploads").iterdir()
    assert (folder / "data.bin").read_bytes() == sent


def test_the_same_key_again_keeps_one_upload(client: httpx.Client, empty: Workspace) -> None:
    send = {"params": {"name": "a.txt"}, "headers": {"Idempotency-Key": "once"}}
    first = client.post("/v1/uploads", content=b"1", **send).json()  # type: ignore[arg-type]
    second = client.post("/v1/uploads", content=b"1", **send).json()  # type: ignore[arg-type]
    assert first == second
    assert len(list((empty.home / "uploads").iterdir())) == 1


def test_an_upload_can_be_forgotten_once(client: httpx.Client, empty: Workspace) -> None:
    made = client.post("/v1/uploads", params={"name": "a.txt"}, content=b"1").json()
    assert client.delete(f"/v1/uploads/{made['id']}").status_code == 204
    assert list((empty.home / "uploads").iterdir()) == []
    assert client.delete(f"/v1/uploads/{made['id']}").status_code == 404


@pytest.mark.parametrize("upload", ["..", "%2e%2e", "upl_..%2f..%2f..%2fetc", "token", "upl_x"])
def test_only_an_upload_can_be_forgotten(client: httpx.Client, empty: Workspace, upload: str) -> None:
    (empty.home / "token").write_text("kept")
    assert client.delete(f"/v1/uploads/{upload}").status_code in {404, 405}
    assert (empty.home / "token").exists()


@pytest.mark.parametrize("fails", ["mkdir", "open", "rename"])
def test_a_full_disk_is_said_whenever_it_shows_and_nothing_is_left(
    client: httpx.Client, empty: Workspace, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    real = getattr(Path, fails)

    def full(path: Path, *given: Any, **named: Any) -> Any:
        if ".upl_" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *given, **named)

    monkeypatch.setattr(Path, fails, full)
    answer = client.post("/v1/uploads", params={"name": "a.txt"}, content=b"1" * 20_000)
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    assert list((empty.home / "uploads").glob("*")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full of Linux")
@pytest.mark.parametrize("count", [100, 40_000])
def test_a_disk_that_fills_while_bytes_come_is_said(
    client: httpx.Client, empty: Workspace, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    real = Path.open

    def opened(path: Path, *given: Any, **named: Any) -> Any:
        return real(Path("/dev/full") if ".upl_" in str(path) else path, *given, **named)

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(uploads, "BUFFER", 10_000)
    answer = client.post("/v1/uploads", params={"name": "a.txt"}, content=iter([b"1" * count]))
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_full")
    assert list((empty.home / "uploads").glob("*")) == []
