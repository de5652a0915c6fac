"""What an export promises about the names of its images."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sabbatical.schemas.dataset import ExportRequest
from sabbatical.schemas.label import Payload
from sabbatical.stages.dataset.exporting import export_items
from sabbatical.stages.dataset.reading import Labeled
from sabbatical.stages.label.actions import write_labels
from sabbatical.storage.workspace import Workspace


def image(workspace: Workspace, name: str, kind: str) -> Labeled:
    """A labeled image whose bytes are of this kind, whatever its name."""
    kept = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(kept, kind)
    payload = Payload(("Car",), np.array([[1, 2, 21, 22]], np.float32))
    about = {"split": "train", "group": name, "customer": None, "source": "camera", "captured_at": None, "text": None}
    return Labeled(
        item_id=workspace.media.put(kept.getvalue()),
        revision_id="r",
        kind="image",
        name=name,
        width=64,
        height=48,
        attributes={},
        taxonomy="a",
        taxonomy_id="a1",
        payload=payload,
        **about,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("name", "kind", "written"),
    [
        ("train001.png", "PNG", "train001.png"),
        ("train001.JPEG", "JPEG", "train001.JPEG"),
        ("a/b.tif", "TIFF", "a/b.tif"),
        ("c.webp", "WEBP", "c.webp"),
        ("no-ending", "PNG", "no-ending.png"),
        ("wrong.jpg", "PNG", "wrong.jpg.png"),
    ],
)
def test_an_image_keeps_its_name_where_its_ending_fits_its_bytes(
    workspace: Workspace, tmp_path: Path, name: str, kind: str, written: str
) -> None:
    one = image(workspace, name, kind)
    items = export_items(workspace, iter([one]), ExportRequest(format="coco"), {})
    report = write_labels("coco", items, tmp_path / "out", ["Car"])
    document = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert document["images"][0]["file_name"] == written
    (found,) = (tmp_path / "out").rglob(Path(written).name)
    assert found.read_bytes() == workspace.media.get(one.item_id)
    assert [one.what for one in report.lost] == ([] if name == written else ["the name (another one was given)"])
