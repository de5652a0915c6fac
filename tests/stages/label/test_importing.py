"""What an import of labels for items that are here already promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sabbatical.stages.ingest.formats.coco import _CocoFile
from sabbatical.stages.label import naming
from sabbatical.stages.label import steps as _registered  # noqa: F401
from tests.stages.conftest import Street


def labels_of(path: Path, names: list[str]) -> str:
    """A COCO file that draws one car on each of the images named."""
    images = [{"id": number, "file_name": name, "width": 320, "height": 192} for number, name in enumerate(names)]
    drawn = [
        {"id": image, "image_id": image, "category_id": 1, "bbox": [10, 20, 30, 40]} for image in range(len(names))
    ]
    document = {"images": images, "annotations": drawn, "categories": [{"id": 1, "name": "Car"}]}
    path.write_text(json.dumps(document))
    return str(path)


def attach(street: Street, source: str) -> dict[str, Any]:
    return street.run("ingest", source=source, project=street.project.name, taxonomy="basalt", labels_only=True)


@pytest.mark.parametrize("looked_at", [3, 2000])
def test_labels_find_their_items_by_name_once(
    street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, looked_at: int
) -> None:
    street.add_items(10)
    monkeypatch.setattr(naming, "LOOKED_AT", looked_at)
    source = labels_of(tmp_path / "labels.json", [f"{number}.jpg" for number in range(10)])
    first, again = attach(street, source), attach(street, source)
    assert (first["labels"]["added"], first["labels"]["known"], first["known"]) == (10, 0, 10)
    assert (again["labels"]["added"], again["labels"]["known"], again["known"]) == (0, 10, 10)


def test_a_file_of_labels_is_read_once(street: Street, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    street.add_items(10)
    monkeypatch.setattr(naming, "LOOKED_AT", 3)
    reads, entries = [], _CocoFile.entries
    monkeypatch.setattr(_CocoFile, "entries", lambda self: reads.append(1) or entries(self))
    attach(street, labels_of(tmp_path / "labels.json", [f"{number}.jpg" for number in range(10)]))
    assert len(reads) == 1
