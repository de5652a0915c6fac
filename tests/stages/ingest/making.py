"""Small real files for the tests of readers."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.recognise import recognise
from sabbatical.stages.ingest.records import Record, Refusal


def picture(width: int = 40, height: int = 30, seed: int = 0, kind: str = "JPEG", **save: Any) -> bytes:
    """The bytes of a picture with some structure in it."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 255, (6, 8, 3), dtype=np.uint8))
    out = io.BytesIO()
    coarse.resize((width, height), Image.Resampling.BICUBIC).save(out, kind, **save)
    return out.getvalue()


def write(folder: Path, files: dict[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def read(source: Path, **options: Any) -> tuple[list[Record], list[Refusal]]:
    """Recognises and reads a source."""
    entries = list(recognise(source, ReadOptions.of(options)).reader.read(source))
    records = [entry for entry in entries if isinstance(entry, Record)]
    return records, [entry for entry in entries if isinstance(entry, Refusal)]


def coco(annotations: list[Any] | None, images: list[Any] | None = None, categories: Any = None) -> str:
    """A COCO file of two pictures of 40 x 30 pixels and the classes cat (1) and dog (2)."""
    if images is None:
        images = [{"id": i, "file_name": f"images/{i}.jpg", "width": 40, "height": 30} for i in (1, 2)]
    if categories is None:
        categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    document = {"images": images, "categories": categories}
    return json.dumps(document if annotations is None else {"annotations": annotations, **document})


def box(image: Any = 1, category: Any = 1, bbox: Any = (1, 2, 10, 20), **more: Any) -> dict[str, Any]:
    return {"image_id": image, "category_id": category, "bbox": list(bbox), "iscrowd": 0, **more}


def pictures(*names: str) -> dict[str, bytes | str]:
    return {name: picture(seed=number) for number, name in enumerate(names)}
