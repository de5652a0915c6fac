"""Archives: read in place, and nothing in one can reach outside of it or blow up."""

from __future__ import annotations

import io
import tarfile
import tempfile
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sabbatical.core.errors import BadFile, StorageFull
from sabbatical.stages.ingest.formats import archives
from sabbatical.stages.ingest.formats.coco import CocoReader
from sabbatical.stages.ingest.formats.files import open_files
from sabbatical.stages.ingest.formats.image_folder import ImageFolderReader
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.recognise import recognise
from sabbatical.stages.ingest.records import Record
from tests.stages.ingest.making import box, coco, picture, pictures, read, write

FILES = {"set/labels.json": coco([box(1), box(2)]).encode(), **pictures("set/images/1.jpg", "set/images/2.jpg")}


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, files: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_labels_and_images_are_read_from_inside(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"set.{kind}"
    files = {name: bytes(data) for name, data in FILES.items()}
    path = zipped(path, files) if kind == "zip" else tarred(path, files, f"w:{kind[4:]}")
    records, refusals = read(path)  # the readers are gone now; what they opened is not
    assert recognise(path).format == "coco" and not refusals
    assert [record.read() for record in records if record.read] == list(files.values())[1:]
    assert list(tmp_path.iterdir()) == [path]


BAD_NAMES = ["../up.jpg", "/etc/absolute.jpg", "a/../../up.jpg", "..\\up.jpg", "C:\\up.jpg"]


@pytest.mark.parametrize("name", BAD_NAMES)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_member_that_leads_out_is_refused_and_the_rest_goes_in(tmp_path: Path, kind: str, name: str) -> None:
    files = {"good.jpg": picture(), name: picture(seed=1)}
    path = zipped(tmp_path / "a.zip", files) if kind == "zip" else tarred(tmp_path / "a.tar", files)
    records, refusals = read(path)
    assert [record.name for record in records] == ["good.jpg"]
    (refusal,) = refusals
    assert name in refusal.file and "leads out of it" in refusal.reason


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {"good.jpg": picture()})
    with tarfile.open(path, "a") as archive:
        for name, kind in (
            ("soft.jpg", tarfile.SYMTYPE),
            ("hard.jpg", tarfile.LNKTYPE),
            ("pipe.jpg", tarfile.FIFOTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    linked = tmp_path / "b.zip"
    with zipfile.ZipFile(linked, "w") as archive:
        info = zipfile.ZipInfo("soft.jpg")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("good.jpg", picture())
    for source, count in ((path, 3), (linked, 1)):
        records, refusals = read(source)
        assert len(records) == 1 and len(refusals) == count
        assert all("link or a device" in refusal.reason for refusal in refusals)


def test_more_bytes_than_allowed_are_refused(tmp_path: Path) -> None:
    files = {f"{number}.jpg": picture(seed=number) for number in range(3)}
    limit = len(files["0.jpg"]) * 2
    for path in (zipped(tmp_path / "a.zip", files), tarred(tmp_path / "a.tar.gz", files, "w:gz")):
        with pytest.raises(BadFile, match=r"at most .* are allowed"):
            open_files(path, ReadOptions(max_archive_bytes=limit))


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 20)
    files = {"bomb.txt": bytes(4 << 20)}
    for path in (zipped(tmp_path / "a.zip", files), tarred(tmp_path / "a.tar.gz", files, "w:gz")):
        with pytest.raises(BadFile, match="zip bomb"):
            open_files(path, ReadOptions())


def test_a_member_that_is_longer_than_it_says_is_cut_and_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"long.txt": bytes(range(256)) * 4096})
    data = path.read_bytes()
    real, said = (1 << 20).to_bytes(4, "little"), (1 << 10).to_bytes(4, "little")
    path.write_bytes(data.replace(real, said))
    files = open_files(path, ReadOptions())
    with pytest.raises(BadFile, match="damaged"):
        files.read("long.txt")


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_truncated_archive_is_refused_as_a_whole(tmp_path: Path, kind: str) -> None:
    files = {name: bytes(data) for name, data in FILES.items()}
    path = tmp_path / f"set.{kind}"
    path = zipped(path, files) if kind == "zip" else tarred(path, files, "w:gz")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(BadFile, match="no whole zip" if kind == "zip" else "cannot be read"):
        read(path)


def test_a_damaged_member_does_not_keep_the_others_out(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"1.jpg": picture(), "2.jpg": picture(seed=1)})
    data = bytearray(path.read_bytes())
    place = data.index(b"1.jpg") + 100
    data[place : place + 40] = bytes(40)
    path.write_bytes(data)
    records, _ = read(path)
    first, second = records
    assert first.read is not None and second.read is not None and second.read() == picture(seed=1)
    with pytest.raises(BadFile, match=r"1\.jpg.*damaged"):
        first.read()


def spoilt(path: Path, kind: str, name: str, data: bytes) -> Path:
    """An archive with one member whose packed bytes are damaged in the middle."""
    if kind == "tar.gz":
        path = tarred(path, {name: data}, "w:gz")
        return overwritten(path, path.stat().st_size // 2)
    with zipfile.ZipFile(path, "w", METHODS[kind]) as archive:
        archive.writestr(name, data)
        size = archive.getinfo(name).compress_size
    return overwritten(path, 30 + len(name) + size // 2)


def overwritten(path: Path, place: int) -> Path:
    packed = bytearray(path.read_bytes())
    packed[place : place + 64] = b"\xff" * 64
    path.write_bytes(packed)
    return path


METHODS = {"deflate": zipfile.ZIP_DEFLATED, "bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}
NOISE = np.random.default_rng(0).integers(0, 256, 1 << 20, np.uint8).tobytes()


@pytest.mark.parametrize("kind", METHODS)
def test_damage_behind_the_first_bytes_of_a_member_is_said_with_its_name(tmp_path: Path, kind: str) -> None:
    files = open_files(spoilt(tmp_path / "a.zip", kind, "labels.json", NOISE), ReadOptions())
    with pytest.raises(BadFile, match=r"a\.zip: labels\.json: .*damaged"), files.open("labels.json") as stream:
        while stream.read(1000):
            pass
    with pytest.raises(BadFile, match=r"labels\.json: .*damaged"):
        files.read("labels.json")


@pytest.mark.parametrize("kind", [*METHODS, "tar.gz"])
def test_damaged_labels_in_an_archive_are_a_bad_file(tmp_path: Path, kind: str) -> None:
    labels = coco([box(1, bbox=(n % 7 + n / 100_000, 2, 10, 20)) for n in range(20_000)]).encode()
    path = spoilt(tmp_path / ("a.tar.gz" if kind == "tar.gz" else "a.zip"), kind, "labels.json", labels)
    with pytest.raises(BadFile, match="cannot be read" if kind == "tar.gz" else r"labels\.json"):
        list(CocoReader(ReadOptions(labels_only=True)).read(path))


def test_a_tar_that_ends_inside_a_member_is_said_by_its_stream(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {"labels.json": NOISE})
    files = open_files(path, ReadOptions())
    path.write_bytes(path.read_bytes()[:500_000])
    with pytest.raises(BadFile, match=r"labels\.json"), files.open("labels.json") as stream:
        stream.read()


@pytest.mark.parametrize("kind", METHODS)
def test_a_member_can_be_read_at_any_place(tmp_path: Path, kind: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", METHODS[kind]) as archive:
        archive.writestr("a.bin", NOISE)
    with open_files(tmp_path / "a.zip", ReadOptions()).open("a.bin") as stream:
        for place in (700_000, 3, 1 << 20, 0):
            stream.seek(place)
            assert (stream.tell(), stream.read(5000)) == (place, NOISE[place : place + 5000])
        stream.seek(-10, io.SEEK_END)
        assert stream.read() == NOISE[-10:]


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz"])
def test_an_item_larger_than_allowed_is_refused_before_it_is_read(tmp_path: Path, kind: str) -> None:
    files = {"big.jpg": picture(400, 300, seed=1, quality=100), "good.jpg": picture()}
    if kind == "folder":
        path = write(tmp_path / "a", dict(files))
    else:
        path = (
            zipped(tmp_path / "a.zip", files)
            if kind == "zip"
            else tarred(tmp_path / f"a.{kind}", files, f"w:{kind[4:]}")
        )
    size = len(files["big.jpg"])
    opened = open_files(path, ReadOptions(max_item_bytes=size))
    assert opened.read("big.jpg") == files["big.jpg"]
    opened = open_files(path, ReadOptions(max_item_bytes=size - 1))
    assert opened.read("good.jpg") == files["good.jpg"]
    for read_item in (opened.read, opened.open_item):
        with pytest.raises(BadFile, match=rf"'big\.jpg' has {size:,} bytes; at most {size - 1:,} .*max_item_bytes"):
            read_item("big.jpg")


@pytest.mark.parametrize(("kind", "megabytes"), [("deflate", 48), ("bzip2", 160), ("lzma", 48)])
def test_a_member_that_lies_about_its_size_costs_little_memory(tmp_path: Path, kind: str, megabytes: int) -> None:
    """Zeros of which the directory says that they are a kilobyte; a bzip2 block alone holds 46 MB of them."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", METHODS[kind]) as archive, archive.open("a.jpg", "w") as member:
        for _ in range(megabytes):
            member.write(bytes(1 << 20))
    real, said = (megabytes << 20).to_bytes(4, "little"), (1 << 10).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(real, said))
    files = open_files(path, ReadOptions())
    tracemalloc.start()
    try:
        with pytest.raises(BadFile, match=r"a\.jpg: .*damaged"):
            files.read("a.jpg")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < (megabytes << 20) * 0.8


def test_a_large_label_file_in_a_tar_is_read_twice_without_unpacking_it(tmp_path: Path) -> None:
    path = tarred(tmp_path / "a.tar", {"labels.json": coco([box(1)] * 20_000).encode()})
    entries = list(CocoReader(ReadOptions(labels_only=True)).read(path))
    assert len([entry for entry in entries if isinstance(entry, Record)]) == 2


def test_a_full_disk_is_said_and_nothing_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full answers every write as a full disk does."""
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: Path("/dev/full").open("w+b"))  # noqa: SIM115
    packed = tarred(tmp_path / "a.tar.gz", {"1.jpg": picture()}, "w:gz")
    with pytest.raises(StorageFull, match=r"The disk is full.*TMPDIR"):
        list(ImageFolderReader().read(packed))
    outlines = [box(segmentation=[[1, 1, 9, 1, 9, 9]])] * 5000
    labels = tarred(tmp_path / "b.tar", {"labels.json": coco(outlines).encode()})
    with pytest.raises(StorageFull, match="The disk is full"):
        list(CocoReader(ReadOptions(labels_only=True)).read(labels))
