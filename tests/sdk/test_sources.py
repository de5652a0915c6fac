"""A label file that goes to a server takes along the images that it names, and nothing else."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sabbatical.api.access import InProcess
from sabbatical.api.app import create_app
from sabbatical.core.errors import BadInput
from sabbatical.core.settings import load
from sabbatical.core.tar import tar_of
from sabbatical.sdk import sources
from sabbatical.sdk.client import Client
from sabbatical.sdk.in_process import AppTransport
from sabbatical.sdk.workspace import Workspace
from sabbatical.storage.workspace import open_workspace
from tests.sdk import street


@pytest.fixture
def remote(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace that sees none of this machine's files, as one on a server."""
    stored = open_workspace(load(home=tmp_path / "server"))
    app = create_app(stored, street.HereAndNow(stored), InProcess(), free_paths=False)
    http = httpx.Client(transport=AppTransport(app), base_url="http://there")
    with Workspace(Client(http, local=False)) as workspace:
        yield workspace
    stored.close()


def test_a_label_file_brings_the_images_that_it_names(remote: Workspace, tmp_path: Path) -> None:
    folder = street.draw(tmp_path / "cameras", 4)
    shutil.copy(folder / "0-000.png", folder / "of-nobody.png")
    said: list[str] = []
    report = remote.start_ingest(folder / "annotations.json", tell=said.append).wait()
    assert (report.added, report.labels.added, report.quarantined_total) == (4, 4, 0)
    assert {item.source for item in remote.project().items()} == {"annotations"}
    size = sum(path.stat().st_size for path in folder.glob("*") if path.name != "of-nobody.png") / 1e3
    assert said == [f"Sending annotations.json with 4 images: {size:.1f} kB"]


def test_images_in_the_folder_above_the_label_file_are_found(remote: Workspace, tmp_path: Path) -> None:
    (tmp_path / "set" / "annotations").mkdir(parents=True)
    folder = street.draw(tmp_path / "set" / "images" / "val", 4)
    (folder / "annotations.json").rename(tmp_path / "set" / "annotations" / "instances_val.json")
    (tmp_path / "set" / "annotations" / "instances_train.json").write_text("{}")
    report = remote.ingest(tmp_path / "set" / "annotations" / "instances_val.json")
    assert (report.added, report.labels.added, report.quarantined_total) == (4, 4, 0)


def test_a_table_of_boxes_brings_its_images_as_its_columns_are_said_to_mean(remote: Workspace, tmp_path: Path) -> None:
    folder = street.draw(tmp_path / "cameras", 2)
    rows = ["picture,label,x0,y0,x1,y1", *(f"{path.name},Car,1,2,11,12" for path in sorted(folder.glob("*.png")))]
    (folder / "boxes.csv").write_text("\n".join(rows) + "\n")
    report = remote.ingest(folder / "boxes.csv", options={"image_column": "picture"})
    assert (report.added, report.labels.added) == (2, 2)


def test_an_import_of_labels_sends_no_images(remote: Workspace, tmp_path: Path) -> None:
    folder = street.draw(tmp_path / "cameras", 2)
    remote.ingest(folder / "annotations.json")
    said: list[str] = []
    remote.project().start_ingest(folder / "annotations.json", labels_only=True, tell=said.append).wait()
    size = (folder / "annotations.json").stat().st_size / 1e3
    assert said == [f"Sending annotations.json: {size:.1f} kB"]


def test_a_table_of_texts_goes_alone(tmp_path: Path) -> None:
    street.draw(tmp_path, 1)
    (tmp_path / "texts.csv").write_text("text,label\nLook at 0-000.png please now,bug\n")
    assert sources.images_of(tmp_path / "texts.csv", {}) == []


def test_a_sent_tar_is_one_that_others_read(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    paths = [tmp_path / "a" / "one.bin", tmp_path / "two.bin"]
    for path, size in zip(paths, (1000, 1024), strict=True):
        path.write_bytes(b"x" * size)
    (tmp_path / "sent.tar").write_bytes(b"".join(tar_of(tmp_path, paths)))
    with tarfile.open(tmp_path / "sent.tar") as archive:
        assert {one.name: one.size for one in archive} == {"a/one.bin": 1000, "two.bin": 1024}


def test_a_source_of_which_nothing_could_be_taken_fails_and_keeps_its_reasons(
    remote: Workspace, tmp_path: Path
) -> None:
    folder = street.draw(tmp_path / "cameras", 3)
    for image in folder.glob("*.png"):
        image.unlink()
    run = remote.start_ingest(folder / "annotations.json")
    with pytest.raises(BadInput, match="No items could be taken; set aside: 3") as raised:
        run.wait()
    assert "annotations.json" in raised.value.message and "0-000.png" in raised.value.message
    assert f"sabbatical run show {run.id} --quarantine" in raised.value.hint
    assert run.state == "failed"
    assert len(list(run.quarantine())) == 3


def test_a_source_of_which_a_part_was_taken_does_not_fail(remote: Workspace, tmp_path: Path) -> None:
    folder = street.draw(tmp_path / "cameras", 3)
    (folder / "0-000.png").unlink()
    report = remote.ingest(folder / "annotations.json")
    assert (report.added, report.quarantined_total) == (2, 1)
