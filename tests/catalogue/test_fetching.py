"""Getting a data set: every file is checked, work goes on where it stopped, and what cannot be had is said."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from sabbatical.catalogue import DataSet, describe, fetching, get, list_sets, sets
from sabbatical.core.errors import BadFile, BadInput, Interrupted, NotFound, Unavailable

FILES = {"a.csv": b"text,tag\n" * 3, "images/1.jpg": bytes(range(256)) * 40, "LICENSE": b"free"}


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror that holds one small data set, which the catalogue knows."""
    folder = tmp_path / "mirror" / "small"
    for name, data in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in FILES.items()).encode()
    (folder / "SHA256SUMS").write_bytes(sums)
    entry = DataSet(
        name="small",
        title="Small",
        task="text",
        size=sum(map(len, FILES.values())),
        licence="MIT",
        sums=hashlib.sha256(sums).hexdigest(),
        about="A few.",
    )
    monkeypatch.setattr(sets, "_sets", lambda: {"small": entry})
    return tmp_path / "mirror"


class Handler(SimpleHTTPRequestHandler):
    """A web server of a folder that knows ranges, and notes what was asked."""

    asked: list[tuple[str, str | None]]
    ranges = True

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.asked.append((self.path, wanted))
        path = Path(self.translate_path(self.path))
        if not (wanted and self.ranges and path.is_file()):
            return super().do_GET()
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        data = path.read_bytes()[start:]
        self.send_response(206 if data else 416)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        return None

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture(params=[True, False], ids=["with ranges", "without ranges"])
def web(small: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    asked: list[tuple[str, str | None]] = []
    kind = type("Handler", (Handler,), {"asked": asked, "ranges": request.param})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(kind, directory=str(small)))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def whole(folder: Path) -> bool:
    return all((folder / name).read_bytes() == data for name, data in FILES.items())


def test_a_mirror_folder_is_copied_and_nothing_is_copied_twice(small: Path, tmp_path: Path) -> None:
    folder = get("small", tmp_path / "data", str(small))
    assert folder == tmp_path / "data" / "small" and whole(folder)
    times = {name: (folder / name).stat().st_mtime_ns for name in FILES}
    (folder / "a.csv").write_bytes(b"spoilt")
    get("small", tmp_path / "data", small.as_uri())
    assert whole(folder) and (folder / "LICENSE").stat().st_mtime_ns == times["LICENSE"]


def test_an_address_is_downloaded_and_goes_on_in_the_middle_of_a_file(
    web: tuple[str, list[tuple[str, str | None]]], tmp_path: Path
) -> None:
    address, asked = web
    part = tmp_path / "data" / "small" / "images" / "1.jpg.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(FILES["images/1.jpg"][:5000])
    assert whole(get("small", tmp_path / "data", address)) and not part.exists()
    assert ("/small/images/1.jpg", "bytes=5000-") in asked
    asked.clear()
    get("small", tmp_path / "data", address + "/")
    assert [path for path, _ in asked] == ["/small/SHA256SUMS"]


def test_a_part_that_was_spoilt_is_fetched_again(web: tuple[str, list[tuple[str, str | None]]], tmp_path: Path) -> None:
    for junk in (b"junk" * 10, bytes(20_000)):
        part = tmp_path / "data" / "small" / "images" / "1.jpg.part"
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(junk)
        (tmp_path / "data" / "small" / "images" / "1.jpg").unlink(missing_ok=True)
        assert whole(get("small", tmp_path / "data", web[0]))


def test_a_wrong_checksum_is_refused_and_said(small: Path, tmp_path: Path) -> None:
    (small / "small" / "images" / "1.jpg").write_bytes(b"another picture")
    with pytest.raises(BadFile, match=r"small/images/1\.jpg: The checksum is .* not kept"):
        get("small", tmp_path / "data", str(small))
    assert not (tmp_path / "data" / "small" / "images" / "1.jpg").exists()
    assert (tmp_path / "data" / "small" / "a.csv").exists()


def test_a_mirror_that_sends_without_end_does_not_fill_the_disk(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = 0

    def endless(_file: BinaryIO) -> Iterator[bytes]:
        nonlocal sent
        while True:
            sent += 1 << 20
            assert sent < 100 << 20, "it was taken without end"
            yield bytes(1 << 20)

    sums = (small / "small" / "SHA256SUMS").read_bytes()
    monkeypatch.setattr(fetching, "_blocks", lambda file: iter([sums]) if "SUMS" in file.name else endless(file))
    with pytest.raises(BadFile, match=r"small/a\.csv: The mirror sends more than the 10,271 bytes"):
        get("small", tmp_path / "data", str(small))
    assert sent <= 2 << 20
    assert list((tmp_path / "data" / "small").iterdir()) == []


def test_a_list_of_checksums_that_was_changed_is_refused(small: Path, tmp_path: Path) -> None:
    (small / "small" / "SHA256SUMS").write_text(f"{'0' * 64}  ../../outside\n")
    with pytest.raises(BadFile, match="not the one of the catalogue"):
        get("small", tmp_path / "data", str(small))


@pytest.mark.parametrize("mirror", [None, "", "/nowhere/at/all", "http://127.0.0.1:9"])
def test_without_a_mirror_the_setting_is_named(small: Path, tmp_path: Path, mirror: str | None) -> None:
    with pytest.raises(Unavailable, match="Set SABBATICAL_DATA_MIRROR to a"):
        get("small", tmp_path / "data", mirror)


def test_a_mirror_that_lacks_a_file_says_which(
    small: Path, web: tuple[str, list[tuple[str, str | None]]], tmp_path: Path
) -> None:
    (small / "small" / "a.csv").unlink()
    with pytest.raises(Unavailable, match=r"does not hold small/a\.csv"):
        get("small", tmp_path / "data", str(small))
    with pytest.raises(Unavailable, match=r"answers 404 for /small/a\.csv"):
        get("small", tmp_path / "data", web[0])


def test_work_that_is_stopped_goes_on(small: Path, tmp_path: Path) -> None:
    class Stopping:
        left = 2

        def tell(self, fraction: float, message: str, **numbers: Any) -> None: ...

        def stopping(self) -> bool:
            self.left -= 1
            return self.left < 0

    with pytest.raises(Interrupted):
        get("small", tmp_path / "data", str(small), Stopping())
    assert (tmp_path / "data" / "small" / "a.csv").exists() and not (tmp_path / "data" / "small" / "LICENSE").exists()
    assert whole(get("small", tmp_path / "data", str(small)))


def test_names_that_are_not_in_the_catalogue_or_built_in_are_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"'bcd'.*Did you mean 'bccd'"):
        get("bcd", tmp_path, None)
    with pytest.raises(BadInput, match="built in"):
        get("world", tmp_path, None)


def test_every_entry_says_where_it_is_from_and_under_what_licence() -> None:
    found = list_sets()
    assert len(found) == 12 and found[0].name == "world"
    for entry in found[1:]:
        assert entry.licence and entry.items and describe(entry.name) is entry
        if entry.made_of:
            assert entry.size == sum(describe(part).size for part in entry.made_of)
            continue
        assert entry.source and entry.source.startswith("https://") and entry.commit and len(entry.commit) == 40
        assert entry.size > 0 and len(entry.sums or "") == 64


@pytest.mark.data("intents-hwu64")
@pytest.mark.data("intents-banking77")
@pytest.mark.data("intents-clinc150")
def test_a_set_made_of_others_is_had_part_by_part(mirror: Path, tmp_path: Path) -> None:
    assert get("intents", tmp_path, str(mirror)) == tmp_path
    assert {folder.name for folder in tmp_path.iterdir()} == set(describe("intents").made_of)


@pytest.mark.data("intents-hwu64")
def test_a_real_set_is_had_from_the_mirror(mirror: Path, tmp_path: Path) -> None:
    folder = get("intents-hwu64", tmp_path, str(mirror))
    assert sum(path.stat().st_size for path in folder.iterdir()) == describe("intents-hwu64").size
