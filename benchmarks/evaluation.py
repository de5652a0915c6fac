"""Evaluation of boxes against pycocotools and faster-coco-eval: time, memory and difference of the numbers.

    python -m benchmarks.evaluation --runs 3 [--images 5000 --classes 80 --detections 100] [--threads 1]

Each run is a process of its own on the same synthetic data of COCO's size, the tools by turns. All three start from the
same Python objects (lists of COCO annotations and results); `prepare` is what a tool does to them before it computes
(createIndex and loadRes; columns), `evaluate` the rest, `total` their sum.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.metadata
import io
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import peak_mb, publish, row

TOOLS = ("sabbatical", "pycocotools", "faster-coco-eval")
NUMBERS = ["ap", "ap50", "ap75", *(f"ap_{size}" for size in ("small", "medium", "large"))]
NUMBERS += ["ar_1", "ar_10", "ar_100", *(f"ar_{size}" for size in ("small", "medium", "large"))]
Rows = list[dict[str, Any]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--images", type=int, default=5000)
    options.add_argument("--classes", type=int, default=80)
    options.add_argument("--detections", type=int, default=100, help="by image")
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--child", nargs=2, metavar=("TOOL", "FILE"), help=argparse.SUPPRESS)
    args = options.parse_args()
    if args.child:
        print(json.dumps(one_run(args.child[0], Path(args.child[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "world.pickle"
        truth, results = world(args.images, args.classes, args.detections)
        file.write_bytes(pickle.dumps((truth, results)))
        size = {"images": args.images, "boxes": len(truth["annotations"]), "detections": len(results)}
        rounds = [{tool: started(tool, file, args.threads) for tool in TOOLS} for _ in range(args.runs)]
    runs = {tool: [one[tool] for one in rounds] for tool in TOOLS}
    publish("evaluation", figures(runs, size))


def figures(runs: dict[str, Rows], size: dict[str, int]) -> Rows:
    units = (("total", "s"), ("prepare", "s"), ("evaluate", "s"), ("import", "s"), ("peak_rss", "MB"))
    found = []
    for tool, rows in runs.items():
        found += [report(tool, figure, unit, [one[figure] for one in rows], **size) for figure, unit in units]
    for tool in TOOLS:
        off = [np.abs(np.subtract(a["numbers"], b["numbers"])).max() for a, b in zip(*_pair(runs, tool), strict=True)]
        found.append(report(tool, "largest difference of the 12 numbers from pycocotools", "1", off))
    own = runs["sabbatical"]
    for tool in TOOLS[1:]:
        ratios = [b["total"] / a["total"] for a, b in zip(own, runs[tool], strict=True)]
        found.append(report("sabbatical", f"times as fast as {tool}", "1", ratios))
    intervals = "intervals of AP50, recall, precision and F1 of all classes, 1,000 resamples"
    return [*found, report("sabbatical", intervals, "s", [one["intervals"] for one in own])]


def world(images: int, classes: int, detections: int, seed: int = 0) -> tuple[dict[str, Any], Rows]:
    """Ground truth and results in COCO's format: about 7 boxes an image, most found, the other results wrong."""
    rng = np.random.default_rng(seed)
    share_k = np.arange(1, classes + 1) ** -0.8
    many = np.minimum(rng.geometric(1 / 7.2, images), 60)
    n = int(many.sum())
    image_n, class_n = np.repeat(np.arange(images), many), rng.choice(classes, n, p=share_k / share_k.sum())
    boxes_n4 = random_boxes(rng, n)
    found = np.flatnonzero(rng.random(n) < 0.8)
    near_f4 = boxes_n4[found] + rng.normal(0, 0.08, (len(found), 4)) * np.tile(boxes_n4[found, 2:], 2)
    near_f4[:, 2:] = np.maximum(near_f4[:, 2:], 1)
    left = detections - np.bincount(image_n[found], minlength=images)
    ghost_image = np.repeat(np.arange(images), np.maximum(left, 0))
    ghosts = len(ghost_image)
    box = np.concatenate([near_f4, random_boxes(rng, ghosts)])
    image = np.concatenate([image_n[found], ghost_image]) + 1
    klass = np.concatenate([class_n[found], rng.choice(classes, ghosts, p=share_k / share_k.sum())]) + 1
    score = np.concatenate([rng.beta(4, 2, len(found)), rng.beta(1, 8, ghosts)])
    annotations = [
        {"id": i + 1, "image_id": int(im) + 1, "category_id": int(k) + 1, "bbox": b, "area": b[2] * b[3], "iscrowd": 0}
        for i, (im, k, b) in enumerate(zip(image_n, class_n, boxes_n4.tolist(), strict=True))
    ]
    results = [
        {"image_id": im, "category_id": k, "bbox": b, "score": s}
        for im, k, b, s in zip(image.tolist(), klass.tolist(), box.tolist(), score.tolist(), strict=True)
    ]
    truth = {
        "info": {},
        "images": [{"id": i + 1} for i in range(images)],
        "annotations": annotations,
        "categories": [{"id": k + 1, "name": f"class {k}"} for k in range(classes)],
    }
    return truth, results


def random_boxes(rng: np.random.Generator, n: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    sides = np.minimum(rng.lognormal(4, 0.9, (n, 2)), [600, 440])
    return np.concatenate([rng.random((n, 2)) * ([640, 480] - sides), sides], axis=1)


def started(tool: str, file: Path, threads: int) -> dict[str, Any]:
    """The figures of one run in a process of its own."""
    env = os.environ | {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
    command = [sys.executable, "-m", "benchmarks.evaluation", "--child", tool, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    if done.returncode:
        sys.exit(f"{tool} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"{tool}: {figures['total']:.2f} s", file=sys.stderr)
    return figures


def one_run(tool: str, file: Path) -> dict[str, Any]:
    truth, results = pickle.loads(file.read_bytes())
    loaded_mb = peak_mb()
    figures = ours(truth, results) if tool == "sabbatical" else theirs(tool, truth, results)
    figures["total"] = figures["prepare"] + figures["evaluate"]
    figures["peak_rss"] = figures.pop("peak", None) or peak_mb()
    figures["loaded_rss"] = loaded_mb
    return figures


def ours(truth: dict[str, Any], results: Rows) -> dict[str, Any]:
    began = time.perf_counter()
    average_precision = importlib.import_module("sabbatical.metrics.average_precision")
    columns = importlib.import_module("sabbatical.metrics.columns")
    matching = importlib.import_module("sabbatical.metrics.matching")
    imported = time.perf_counter()
    rows, images, classes = truth["annotations"], len(truth["images"]), len(truth["categories"])
    truths = columns.Truths.of_classes(
        corners(rows),
        np.array([row["image_id"] for row in rows]) - 1,
        np.array([row["category_id"] for row in rows]) - 1,
        classes,
        area=[row["area"] for row in rows],
    )
    detections = columns.Detections.of(
        corners(results),
        np.array([row["image_id"] for row in results]) - 1,
        np.array([row["category_id"] for row in results]) - 1,
        [row["score"] for row in results],
    )
    prepared = time.perf_counter()
    matches = matching.match(detections, truths, np.ones((images, classes), bool))
    summary = average_precision.coco_numbers(matches).summary()
    evaluated = time.perf_counter()
    peak = peak_mb()
    resamples = importlib.import_module("sabbatical.metrics.resampling").Resamples.of(images)
    detection = importlib.import_module("sabbatical.metrics.detection")
    judged_ik = np.ones((images, classes), bool)
    detection.detection_figures(matches, np.full(classes, 0.5), resamples, judged_ik=judged_ik)
    return {
        "import": imported - began,
        "prepare": prepared - imported,
        "evaluate": evaluated - prepared,
        "intervals": time.perf_counter() - evaluated,
        "peak": peak,
        "numbers": [summary[name] for name in NUMBERS],
    }


def theirs(tool: str, truth: dict[str, Any], results: Rows) -> dict[str, Any]:
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        package = importlib.import_module(tool.replace("-", "_"))
        if tool == "pycocotools":
            coco = importlib.import_module("pycocotools.coco").COCO
            evaluator = importlib.import_module("pycocotools.cocoeval").COCOeval
        else:
            coco, evaluator = package.COCO, package.COCOeval_faster
        imported = time.perf_counter()
        labeled = coco()
        labeled.dataset = truth
        labeled.createIndex()
        found = labeled.loadRes(results)
        prepared = time.perf_counter()
        evaluation = evaluator(labeled, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    evaluated = time.perf_counter()
    numbers = [float(number) for number in list(evaluation.stats)[:12]]
    seconds = {"import": imported - began, "prepare": prepared - imported, "evaluate": evaluated - prepared}
    return {**seconds, "numbers": numbers}


def corners(rows: Rows) -> np.ndarray[Any, np.dtype[np.float64]]:
    boxes = np.array([row["bbox"] for row in rows], np.float64)
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def report(tool: str, figure: str, unit: str, values: list[float], **more: object) -> dict[str, Any]:
    return row(figure, unit, values, tool=tool, version=importlib.metadata.version(tool), **more)


def _pair(runs: dict[str, list[dict[str, Any]]], tool: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    return runs[tool], runs["pycocotools"]


if __name__ == "__main__":
    main()
