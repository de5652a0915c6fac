"""Looking for drift: how fast against Evidently, how often in vain, and whether another town is noticed.

    SABBATICAL_DATA_MIRROR=... python -m benchmarks.drift [--runs 3] [--peer PYTHON] [--home FOLDER] [--steps 400]

Speed: 100,000 rows by 20 columns against as many, a quarter of the columns shifted by half a standard deviation; by
turns with Evidently in PYTHON, an environment of its own (`pip install evidently "pandas<3"`). False alarms: looks at
200 rows by 20 columns without any change, all columns together.

Towns: a detector learns four towns of carla-sim, then meets frames of theirs that it did not learn from, the fifth
town, and photographs (road-signs), in windows of 60. Items of a stretch of a drive are one group. False alarms: 100
random halves of each town, and 100 halves of the unseen stretches of the four towns.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import sabbatical
from benchmarks.measuring import measured, publish, row, rows
from sabbatical.core.progress import Quiet
from sabbatical.core.settings import load
from sabbatical.durable.steps import Step
from sabbatical.metrics.columns import Floats
from sabbatical.schemas.monitor import DriftColumn, MonitorRequest
from sabbatical.sdk.model import Model
from sabbatical.sdk.project import Project
from sabbatical.stages.monitor.columns import NumberColumn, Says, Table
from sabbatical.stages.monitor.looking import Limits, look
from sabbatical.stages.monitor.sides import Asked, Choosing, seen_of
from sabbatical.stages.project import actions as projects
from sabbatical.stages.serve import actions as serving
from sabbatical.stages.train import actions as models
from sabbatical.storage.workspace import open_workspace

ROWS, COLUMNS, SHIFT = 100_000, 20, 0.5
GOOD_PEER = 10
LIMITS = Limits(sure=0.01, effect=0.2)
QUIET_LOOKS, QUIET_ROWS, PEER_LOOKS = 500, 200, 10
TOWNS, FIFTH = ("Town01", "Town02", "Town03", "Town04"), "Town05"
STRETCH = 600  # simulator frames
WINDOW = 60
HALVES = 100
TREE = {"super-taxonomy": "streets", "classes": {"vehicle": {}, "two-wheeler": {}, "light": {}, "sign": {}}}
NAMES = {"vehicle": "vehicle", "bike": "two-wheeler", "motobike": "two-wheeler", "traffic_light": "light"}
LABELS = {"taxonomy": "towns", "super-taxonomy": "streets", "labels": NAMES | {"traffic_sign": "sign"}}
SETTINGS: dict[str, Any] = {"canvas": [160, 256], "threads": 1}
PEER = """
import importlib.metadata, json, os, sys, time, warnings
os.environ["DO_NOT_TRACK"] = "1"
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
rows, columns, shift, looks, quiet, seed = json.loads(sys.argv[1])
rng = np.random.default_rng(seed)
names = [f"x{i}" for i in range(columns)]
def look(before, after, method):
    frames = [pd.DataFrame(side, columns=names) for side in (after, before)]
    began = time.perf_counter(), time.process_time()
    kind = DataDefinition(numerical_columns=names)
    sides = [Dataset.from_pandas(side, data_definition=kind) for side in frames]
    found = Report([DataDriftPreset(num_method=method)]).run(*sides)
    count = found.dict()["metrics"][0]["value"]["count"]
    return time.perf_counter() - began[0], time.process_time() - began[1], count
before, after = rng.standard_normal((2, rows, columns))
after[:, : columns // 4] += shift
told = {"version": importlib.metadata.version("evidently")}
for method in (None, "ks", "psi"):
    seconds, cpu, found = look(before, after, method)
    told[method or "default"] = {"seconds": seconds, "cpu": cpu, "found": found}
told["alarmed"] = sum(look(*rng.standard_normal((2, quiet, columns)), None)[2] > 0 for _ in range(looks))
print(json.dumps(told))
"""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--peer", type=Path, help="a Python that has Evidently")
    options.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "sabbatical-drift")
    options.add_argument("--steps", type=int, default=400)
    options.add_argument("--only", choices=["speed", "towns"])
    asked = options.parse_args()
    figures: list[dict[str, Any]] = []
    if asked.only != "towns":
        figures += speed(asked.runs, asked.peer)
        figures.append(quiet())
    if asked.only != "speed":
        figures += towns(asked.home, asked.steps)
    publish("drift", figures)


def speed(runs: int, peer: Path | None) -> list[dict[str, Any]]:
    """Both tools by turns."""
    facts = {"rows": ROWS, "columns": COLUMNS, "shifted": COLUMNS // 4}
    ours, theirs = [], []
    for seed in range(runs):
        ours.append(one_look(seed))
        if peer is not None:
            given = json.dumps([ROWS, COLUMNS, SHIFT, PEER_LOOKS, QUIET_ROWS, seed])
            done = subprocess.run([peer, "-c", PEER, given], check=True, stdout=subprocess.PIPE)
            theirs.append(json.loads(done.stdout.splitlines()[-1]))
    found = rows("look", ours, found=[one["found"] for one in ours], **facts)
    for method in ("default", "ks", "psi") if theirs else ():
        runs_of = [one[method] for one in theirs]
        named = {"version": theirs[0]["version"], "found": [one["found"] for one in runs_of]}
        found += [
            row(f"evidently.{method}.{name}", "s", [one[name] for one in runs_of], **named, **facts)
            for name in ("seconds", "cpu")
        ]
        ratios = [other["cpu"] / one["cpu"] for one, other in zip(ours, runs_of, strict=True)]
        found.append(row(f"times as fast as evidently.{method}, cpu", "x", ratios, good=GOOD_PEER))
    if theirs:
        alarmed = [one["alarmed"] / PEER_LOOKS for one in theirs]
        found.append(
            row("evidently: looks without change in which a column alarms", "share", alarmed, looks=PEER_LOOKS)
        )
    return found


def one_look(seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    before, after = rng.standard_normal((2, ROWS, COLUMNS))
    after[:, : COLUMNS // 4] += SHIFT
    table = plain(np.concatenate([before, after]), ROWS)
    with measured() as found:
        columns = look(table, ~table.reference_i, LIMITS)
    return found | {"found": sum(column.drifted for column in columns)}


def quiet() -> dict[str, Any]:
    """Looks without change that alarm in any column; their share must stay under `sure`."""
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(QUIET_LOOKS):
        table = plain(rng.standard_normal((2 * QUIET_ROWS, COLUMNS)), QUIET_ROWS)
        alarms += any(column.drifted for column in look(table, ~table.reference_i, LIMITS))
    share = alarms / QUIET_LOOKS
    return row("looks without change that alarm", "share", [share], looks=QUIET_LOOKS, good=LIMITS.sure)


def plain(values_ic: Floats, before: int) -> Table:
    place_i = np.arange(len(values_ic))
    columns = [NumberColumn(f"x{at}", "input", np.ascontiguousarray(one)) for at, one in enumerate(values_ic.T)]
    return Table([], place_i < before, place_i, list(columns))


def towns(home: Path, steps: int) -> list[dict[str, Any]]:
    began = time.perf_counter()
    with sabbatical.open(home=home) as workspace:
        carla, signs = (Path(workspace.start_get(name).wait()["folder"]) for name in ("carla-sim", "road-signs"))
        project = workspace.create_project("towns", "boxes", test_share=0.0, validation_share=0.0)
        model = trained(project, carla, home / "sources", steps)
        items = streams(model, carla, signs, home / "sources")
        trained_in = model.record.record["seconds"]
        figures = [meeting(project, name, ids) for name, ids in items.items() if name not in TOWNS]
    figures += halves(home, items)
    facts = {"steps": steps, "trained_s": round(trained_in), "all_s": round(time.perf_counter() - began)}
    return [one | facts for one in figures]


def trained(project: Project, carla: Path, folder: Path, steps: int) -> Model:
    """A detector of four towns; every third stretch of their drives is not learned from."""
    document = json.loads((carla / "annotations.json").read_text())
    project.taxonomy_add(TREE)
    project.taxonomy_add(LABELS)
    theirs = [image for image in document["images"] if image["domain"] in TOWNS]
    kept = {stretch: number % 3 == 0 for number, stretch in enumerate(sorted({group(image) for image in theirs}))}
    for name, unseen, split in (("learning", False, "train"), ("unseen", True, "validation")):
        images = [image for image in theirs if kept[group(image)] == unseen]
        project.ingest(source(document, images, carla, folder / name), taxonomy="towns", split=split, name=name)
    return project.snapshot().train(settings=SETTINGS | {"steps": steps})


def streams(model: Model, carla: Path, signs: Path, folder: Path) -> dict[str, list[str]]:
    """The items of each town, and the photographs, in their order; stored without labels where they are new."""
    document = json.loads((carla / "annotations.json").read_text())
    parts = {
        town: source(document, [one for one in document["images"] if one["domain"] == town], carla, folder / town)
        for town in (*TOWNS, FIFTH)
    }
    photographs = json.loads((signs / "annotations.json").read_text())
    parts["photographs"] = source(photographs, photographs["images"], signs, folder / "photographs")
    return {name: [one.item for one in model.predict(part)] for name, part in parts.items()}


def group(image: dict[str, Any]) -> str:
    frame = re.search(r"(Town\d+)_(\d+)", image["file_name"])
    return f"{frame[1]}-{int(frame[2]) // STRETCH:03}" if frame else image["file_name"]


def source(document: dict[str, Any], images: Sequence[dict[str, Any]], raw: Path, folder: Path) -> Path:
    """Some images with their labels as COCO; nothing but their group says where they come from."""
    if not folder.exists():
        ids = {image["id"] for image in images}
        (folder / "images").mkdir(parents=True)
        for image in images:
            shutil.copy(raw / image["file_name"], folder / image["file_name"])
        told = [
            {key: one[key] for key in ("id", "file_name", "width", "height")} | {"group": group(one)} for one in images
        ]
        drawn = [one for one in document["annotations"] if one["image_id"] in ids]
        (folder / "annotations.json").write_text(json.dumps({**document, "images": told, "annotations": drawn}))
    return folder


def meeting(project: Project, name: str, ids: list[str]) -> dict[str, Any]:
    """A stream in windows against the unseen stretches of the four towns: in which of them drift is noticed."""
    windows = [ids[at : at + WINDOW] for at in range(0, len(ids) - WINDOW + 1, WINDOW)]
    found = [project.monitor(items=window) for window in windows]
    first = found[0].report
    noticed = [one.name for one in first.columns if one.drifted]
    share = sum(one.drifted for one in found) / len(found)
    facts = {"windows": len(found), "window": WINDOW, "reference": first.reference.items, "columns": noticed}
    return row(f"windows of {name} that alarm", "share", [share], good=1, first_window=found[0].drifted, **facts)


def halves(home: Path, items: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Random halves of what is alike: how many looks alarm."""
    workspace = open_workspace(load(home=home))
    with workspace.database.reading() as session:
        project = projects.get(session, "towns")
        model = models.get(session, project, None)
        says = Says(model.classes, serving.abstention(session, model))
    step = Step(workspace, "run_bench", project.id, {}, Quiet())
    choosing = Choosing(workspace, project, model, MonitorRequest())
    figures = []
    for name in (*TOWNS, FIFTH):
        seen = seen_of(step, choosing, [Asked(item) for item in items[name]], Quiet())
        rng = np.random.default_rng(0)
        looks = []
        for _ in range(HALVES):
            order = rng.permutation(len(seen))
            table = Table.of([seen[place] for place in order], len(seen) // 2, says)
            looks.append(look(table, ~table.reference_i, LIMITS))
        figures.append(alarms(f"random halves of {name}", looks))
    figures.append(alarms("random halves of the stretches of four towns", stretches(choosing, step, items, says)))
    workspace.close()
    return figures


def stretches(choosing: Choosing, step: Step, items: dict[str, list[str]], says: Says) -> list[list[DriftColumn]]:
    """Whole stretches change sides, as they do in traffic."""
    seen = seen_of(step, choosing, [Asked(item) for town in TOWNS for item in items[town]], Quiet())
    names = sorted({one.group for one in seen})
    rng = np.random.default_rng(0)
    looks = []
    for _ in range(HALVES):
        first = set(rng.permutation(names)[: len(names) // 2].tolist())
        before = [one for one in seen if one.group in first]
        after = [one for one in seen if one.group not in first]
        table = Table.of([*before, *after], len(before), says)
        looks.append(look(table, ~table.reference_i, LIMITS))
    return looks


def alarms(name: str, looks: Sequence[Sequence[DriftColumn]]) -> dict[str, Any]:
    alarmed = [one for one in looks if any(column.drifted for column in one)]
    columns = [sum(column.p_value is not None for column in one) for one in looks]
    facts = {"looks": len(looks), "columns": max(columns), "good": LIMITS.sure}
    return row(f"{name} that alarm", "share", [len(alarmed) / len(looks)], **facts)


if __name__ == "__main__":
    main()
