"""A folder as a stream and back: the same bytes, and never a file outside of the folder."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sabbatical.core.errors import BadFile
from sabbatical.core.tar import tar_of, untar


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@given(files=st.lists(st.binary(max_size=2000), max_size=5), size=st.integers(1, 3000))
def test_what_goes_in_comes_out_however_it_is_cut(
    tmp_path_factory: pytest.TempPathFactory, files: list[bytes], size: int
) -> None:
    folder = tmp_path_factory.mktemp("in")
    for number, data in enumerate(files):
        (folder / f"d{number}").mkdir()
        (folder / f"d{number}" / "é漢 name.bin").write_bytes(data)
    whole = b"".join(tar_of(folder))
    target = tmp_path_factory.mktemp("out")
    assert untar((whole[i : i + size] for i in range(0, len(whole), size)), target) == len(files)
    assert contents(target) == contents(folder)


def test_other_tools_read_it(tmp_path: Path) -> None:
    (tmp_path / ("long" * 40)).mkdir()
    (tmp_path / ("long" * 40) / ("name" * 40)).write_bytes(b"x" * 513)
    with tarfile.open(fileobj=io.BytesIO(b"".join(tar_of(tmp_path)))) as archive:
        assert archive.getnames() == [f"{'long' * 40}/{'name' * 40}"]


def test_links_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    with tarfile.open(fileobj=io.BytesIO(b"".join(tar_of(folder)))) as archive:
        assert archive.getnames() == []


def test_a_member_that_leads_out_is_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../outside"), io.BytesIO())
    with pytest.raises(BadFile, match="outside"):
        untar([stream.getvalue()], tmp_path / "in")
    assert not (tmp_path / "outside").exists()


def test_a_stream_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 5000)
    whole = b"".join(tar_of(tmp_path))
    with pytest.raises(BadFile, match="cannot be unpacked"):
        untar([whole[:3000]], tmp_path / "out")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as file:
        file.truncate(64 << 20)
    assert max(len(chunk) for chunk in tar_of(tmp_path)) <= 1 << 20
