"""Reading a COCO file of 100,000 images and 1 million boxes, against the bare parse of the same file.

    python -m benchmarks.coco [--images 100000] [--runs 3]

Annotations stand before the images and in no order. Each run is a process of its own; seconds are of the processor.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from benchmarks.measuring import child, peak_mb, publish, row
from sabbatical.core.batches import batched
from sabbatical.stages.ingest.formats.coco import CocoReader
from sabbatical.stages.ingest.options import ReadOptions
from sabbatical.stages.ingest.records import Record

BOXES_AN_IMAGE = 10
CLASSES = 80
WIDTH, HEIGHT = 640, 480


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--child", nargs=2, metavar=("WHAT", "FILE"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        print(json.dumps(one_run(asked.child[0], Path(asked.child[1]))))
        return
    rows = []
    with tempfile.TemporaryDirectory(prefix="coco-bench-") as folder:
        for outlines in (False, True):
            path = Path(folder) / ("outlines.json" if outlines else "boxes.json")
            write(path, asked.images, outlines)
            facts = {"images": asked.images, "boxes": asked.images * BOXES_AN_IMAGE, "MB": path.stat().st_size >> 20}
            runs = {what: [one(what, path) for _ in range(asked.runs)] for what in ("json", "orjson", "read")}
            for what, found in runs.items():
                rows.append(row(f"{path.stem}.{what}.seconds", "s", [run["seconds"] for run in found], **facts))
                rows.append(row(f"{path.stem}.{what}.peak_rss", "MB", [run["peak_mb"] for run in found], **facts))
            pairs = zip(runs["read"], runs["json"], strict=True)
            ratios = [ours["seconds"] / bare["seconds"] for ours, bare in pairs]
            rows.append(row(f"{path.stem}.read / json", "x", ratios, **facts))
    publish("coco", rows)


def one(what: str, path: Path) -> dict[str, Any]:
    return child("benchmarks.coco", "--child", what, str(path))


def write(path: Path, count: int, outlines: bool) -> None:
    """A COCO file whose annotations come first and unsorted."""
    rng = random.Random(0)
    categories = [{"id": number + 1, "name": f"class {number}"} for number in range(CLASSES)]
    with path.open("w") as file:
        file.write('{"annotations": [')
        for start, batch in enumerate(batched(boxes(rng, count, outlines), 10_000)):
            file.write((", " if start else "") + json.dumps(batch)[1:-1])
        file.write(f'], "categories": {json.dumps(categories)}, "images": [')
        for start, numbers in enumerate(batched(range(count), 10_000)):
            file.write((", " if start else "") + json.dumps([picture(number) for number in numbers])[1:-1])
        file.write("]}")


def picture(number: int) -> dict[str, Any]:
    taken = "2013-11-14 16:28:13"
    name = f"images/{number:012d}.jpg"
    return {"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT, "license": 1, "date_captured": taken}


def boxes(rng: random.Random, count: int, outlines: bool) -> Iterator[dict[str, Any]]:
    for number in range(count * BOXES_AN_IMAGE):
        x, y = rng.uniform(0, WIDTH - 40), rng.uniform(0, HEIGHT - 40)
        w, h = rng.uniform(2, WIDTH - x), rng.uniform(2, HEIGHT - y)
        polygon = [round(value, 1) for value in (x, y, x + w, y, x + w, y + h, x, y + h, x, y + h / 2)]
        found: dict[str, Any] = {
            "id": number,
            "image_id": rng.randrange(count),
            "category_id": rng.randrange(CLASSES) + 1,
            "bbox": [round(value, 2) for value in (x, y, w, h)],
            "area": round(w * h, 2),
            "iscrowd": 0,
            "segmentation": [polygon] if outlines else [],
        }
        yield found | ({"attributes": {"occluded": bool(number % 2)}} if outlines else {})


def one_run(what: str, path: Path) -> dict[str, Any]:
    began = time.process_time()
    if what == "json":
        with path.open() as file:
            kept: Any = json.load(file)
    elif what == "orjson":
        kept = orjson.loads(path.read_bytes())
    else:
        kept = sum(
            len(entry.payload)
            for entry in CocoReader(ReadOptions(labels_only=True)).read(path)
            if isinstance(entry, Record) and entry.payload is not None
        )
    seconds = time.process_time() - began
    return {"seconds": seconds, "peak_mb": peak_mb(), "found": kept if isinstance(kept, int) else len(kept)}


if __name__ == "__main__":
    main()
