"""Media: the same bytes once, whole or not at all, and nothing but content ids as names."""

from __future__ import annotations

import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from sabbatical.core.errors import BadInput, NotFound, StorageFull
from sabbatical.core.settings import load
from sabbatical.storage.media import Media
from sabbatical.storage.workspace import open_workspace


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    media = Media(tmp_path.as_uri())
    assert media.put(b"picture") == media.put(b"picture")
    assert media.get(media.put(b"picture")) == b"picture"
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


@pytest.mark.parametrize("url", ["memory://repairing", "folder"])
def test_a_file_with_other_bytes_than_its_name_says_is_written_again(tmp_path: Path, url: str) -> None:
    media = Media(tmp_path.as_uri() if url == "folder" else url)
    key = media.put(b"picture")
    media.files.pipe_file(media.path(key), b"pict")  # cut short: its size tells
    assert not media.whole(key)
    assert media.put(b"picture") == key and media.whole(key)
    media.files.pipe_file(media.path(key), b"pictore")
    assert media.put(b"picture") == key and not media.whole(key)  # no hash of it is taken while data come in
    assert media.put(b"picture", repair=True) == key and media.whole(key)
    media.files.pipe_file(media.path(key), b"pictore")
    (tmp_path / "again").write_bytes(b"picture")
    assert media.put_file(tmp_path / "again", repair=True) == key and media.whole(key)
    media.files.rm(media.path(key))
    assert not media.whole(key)


@pytest.mark.parametrize("key", ["../../etc/passwd", "", "A" * 32, "0" * 31, "0" * 31 + "/", "%2e%2e"])
def test_a_key_that_is_no_content_id_names_no_file(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadInput, match="not a content id"):
        Media(tmp_path.as_uri()).get(key)


def test_what_was_never_kept_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="No media with content id"):
        Media(tmp_path.as_uri()).get("0" * 32)


class FullDisk(LocalFileSystem):  # type: ignore[misc]
    """Files whose bytes go to the kernel's device that is always full."""

    def open(self, path: str, mode: str = "rb", **options: Any) -> Any:
        return Path("/dev/full").open("wb", buffering=0) if "w" in mode else super().open(path, mode, **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device /dev/full of Linux")
def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    media = Media(tmp_path.as_uri())
    kept = media.put(b"before")
    media.files = FullDisk()
    with pytest.raises(StorageFull, match="nothing was half written"):
        media.put(b"x" * 100_000)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [kept]


def test_a_store_elsewhere_is_fetched_once_into_the_cache(tmp_path: Path) -> None:
    media = Media("memory://store")
    key = media.put(b"far away")
    path = media.local(key, tmp_path / "cache")
    assert path.read_bytes() == b"far away"
    assert media.local(key, tmp_path / "cache") == path


def test_a_full_cache_is_said_and_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    media = Media("memory://full-cache")
    key = media.put(b"far away")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageFull, match="disk is full"):
        media.local(key, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def full(_path: Path, _target: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("url", ["memory://parts", "folder"])
def test_parts_that_a_killed_process_left_are_removed_once_they_are_old(tmp_path: Path, url: str) -> None:
    media = Media(tmp_path.as_uri() if url == "folder" else url)
    key = media.put(b"whole")
    left = f"{media.root}/.parts/{key}.0123"
    media.files.pipe_file(left, b"who")
    now = datetime.now(UTC)
    assert media.remove_parts(now - timedelta(hours=1)) == 0 and media.files.exists(left)
    assert media.remove_parts(now + timedelta(hours=1)) == 1 and not media.files.exists(left)
    assert media.get(key) == b"whole"


def test_a_workspace_in_a_folder_of_any_name_keeps_its_media_in_it(tmp_path: Path) -> None:
    home = tmp_path / "my work, 50 % done #1"
    workspace = open_workspace(load(home=home))
    key = workspace.media.put(b"picture")
    workspace.close()
    assert (home / "media" / key[:2] / key[2:4] / key).read_bytes() == b"picture"
    assert [path.name for path in tmp_path.iterdir()] == [home.name]
