"""Archives: read in place, and nothing in one can reach outside of it or blow up."""

from __future__ import annotations

import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from sabbatical.core.errors import BadFile, StorageFull
from sabbatical.stages.ingest.formats import archives
from sabbatical.stages.ingest.formats.coco import CocoReader
from sabbatical.stages.ingest.formats.files import open_files
from sabbatical.stages.ingest.formats.image_folder import ImageFolderReader
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.recognise import recognise
from sabbatical.stages.ingest.records import Record
from tests.stages.ingest.making import box, coco, picture, pictures, read

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
