"""The released model over HTTP, in batch, and bare in onnxruntime: images a second, latency, revert, kill.

    python -m benchmarks.serving [--seconds 8] [--runs 3] [--canvas 240,320 480,640] [--home FOLDER]

Frames of the built-in world, as JPEGs of the canvas's size, are asked of the default detector. It is trained for one
step only: what it says is worth nothing, how fast it says it is that of any. In each run, on a copy of one workspace:

    bare      onnxruntime alone on canvases that are ready: one thread a core, each with one image at a time
    image     the same from JPEG to canvas to network, still without anything else
    http      a server of its own process, asked by clients of another, answers recorded and images kept as items; and
              with nothing recorded, once it is warm. `ratio` is against `bare`, measured before and after
    half      at half of that load, at random moments: time from the moment on which a request was due
    revert    under traffic: from the request to revert to the first answer of the old model
    kill      signal 9 under traffic: the longest time without an answer, by which model, and answers that were lost
    batch     `predict` of the images to the store, against onnxruntime alone in batches of the same size and threads
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import sabbatical as sb
from benchmarks.measuring import child, kept, publish, row
from benchmarks.traffic import Answered, Asked
from sabbatical.core.settings import load
from sabbatical.sdk.serving import Server
from sabbatical.sim.world import DAY, SUPER_TAXONOMY, TAXONOMIES, stream, write_dataset

SCENES, UNSEEN = 40, 400  # of four frames; so many unseen ones that seconds pass before one is asked of again
BATCHED = 320  # of the unseen, in batch
WARM_SECONDS = 5.0
CORES = len(os.sched_getaffinity(0))
STRAIGHT = {"gates": [], "stages": [{"stage": "full", "requests": 0}]}
BATCH = 16
UNITS = {"rate": "1/s", "ratio": "", "ms": "ms", "s": "s", "count": ""}
GOOD = {"http.ratio": 0.9, "batch.ratio": 0.9, "revert.s": 1.0, "revert.failed.count": 0, "kill.lost.count": 0}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=float, default=8.0)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--canvas", nargs="+", default=["240,320", "480,640"])
    options.add_argument("--home", type=Path, help="a folder that is filled once, kept, and used again")
    options.add_argument("--child", nargs=2, metavar=("WHAT", "ASKED"), help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        print(json.dumps(CHILDREN[given.child[0]](json.loads(given.child[1]))))
        return
    figures = []
    for canvas in given.canvas:
        height, width = map(int, canvas.split(","))
        with kept(given.home) as folder:
            filled = folder / f"{height}x{width}"
            if not (filled / "home").exists():
                fill(filled, (height, width))
            runs = [one_run(filled, given.seconds) for _ in range(given.runs)]
        facts = {"canvas": [height, width], "cores": CORES, "load": round(os.getloadavg()[0], 1)}
        figures += [figure(name, [run[name] for run in runs], facts) for name in runs[0]]
        publish("serving", figures)


def figure(name: str, values: list[float], facts: dict[str, Any]) -> dict[str, Any]:
    good = {"good": GOOD[name]} if name in GOOD else {}
    return row(name, UNITS[name.rpartition(".")[2]], values, **facts, **good)


def fill(folder: Path, canvas: tuple[int, int]) -> None:
    """A workspace whose champion is v2, and v1 was before; and images of which it has seen none."""
    seen, fresh = (stream(seed, many, 4, DAY, size_wh=canvas[::-1]) for seed, many in ((0, SCENES), (1, UNSEEN)))
    path = write_dataset(folder / "world", seen, "aurora")
    write_dataset(folder / "unseen", fresh, "aurora")
    with sb.open(home=folder / "home") as workspace:
        project = workspace.create_project("street", "boxes", test_share=0.1, validation_share=0.1)
        project.taxonomy_add(SUPER_TAXONOMY)
        project.taxonomy_add(TAXONOMIES / "aurora.yaml")
        project.ingest(path, taxonomy="aurora")
        project.snapshot()
        for seed in (0, 1):
            model = project.train(settings={"steps": 1, "canvas": list(canvas)}, seed=seed)
            project.releases.propose(model.name, rules=STRAIGHT)


def one_run(filled: Path, seconds: float) -> dict[str, float]:
    """Everything once, on a copy of the workspace."""
    home = Path(shutil.copytree(filled / "home", filled / f"run-{time.time_ns()}"))
    images = str(filled / "unseen" / "images")
    try:
        before = bare(home, 1, seconds / 2)
        found = served(home, images, seconds)
        after = bare(home, 1, seconds / 2)
        found["bare.rate"] = (before + after) / 2
        found["image.rate"] = bare(home, 1, seconds / 2, images)
        found["http.image.ratio"] = found["http.rate"] / found["image.rate"]
        found["http.unrecorded.ratio"] = found["http.unrecorded.rate"] / found["bare.rate"]
        found["http.ratio"] = found["http.rate"] / found["bare.rate"]
        batch = child("benchmarks.serving", "--child", "batch", json.dumps({"home": str(home), "images": images}))
        found |= batch | {"bare_batch.rate": bare(home, BATCH, seconds / 2)}
        found["batch.same.ratio"] = found["batch.rate"] / found["bare_batch.rate"]
        found["batch.ratio"] = found["batch.rate"] / max(found["bare_batch.rate"], found["bare.rate"])
        return found
    finally:
        shutil.rmtree(home)


def bare(home: Path, batch: int, seconds: float, images: str | None = None) -> float:
    asked = json.dumps({"home": str(home), "batch": batch, "seconds": seconds, "images": images})
    return float(child("benchmarks.serving", "--child", "bare", asked)["rate"])


def bare_loop(asked: dict[str, Any]) -> dict[str, float]:
    """Images a second of onnxruntime alone: as the server, or as a batch, uses it."""
    from sabbatical.learning.images import place, read_image  # noqa: PLC0415 - in this child only
    from sabbatical.learning.onnx_runner import OnnxRunner  # noqa: PLC0415 - in this child only

    threads = 1 if asked["batch"] == 1 else CORES
    runner = OnnxRunner(artifact(Path(asked["home"])), threads=threads)
    canvases_bhwc = np.random.default_rng(0).integers(0, 255, (asked["batch"], *runner.config.canvas, 3), np.uint8)
    files = [file.read_bytes() for file in sorted(Path(asked["images"]).iterdir())] if asked.get("images") else []
    runner(canvases_bhwc)
    began = time.perf_counter()

    def loop(_: int) -> int:
        count = 0
        while time.perf_counter() - began < asked["seconds"]:
            if files:
                image_hwc = read_image(files[count % len(files)], at_least=runner.config.canvas)
                runner(place(image_hwc, runner.config.canvas)[0][None])
            else:
                runner(canvases_bhwc)
            count += len(canvases_bhwc)
        return count

    with ThreadPoolExecutor(CORES // threads) as pool:
        total = sum(pool.map(loop, range(CORES // threads)))
    return {"rate": total / (time.perf_counter() - began)}


def artifact(home: Path) -> bytes:
    """The file that the champion is served from."""
    from sabbatical.stages.project import actions as projects  # noqa: PLC0415
    from sabbatical.stages.train import actions as models  # noqa: PLC0415
    from sabbatical.storage.workspace import open_workspace  # noqa: PLC0415

    workspace = open_workspace(load(home=home))
    with workspace.database.reading() as session:
        found = models.artifact(session, models.get(session, projects.get(session, "street"), "v2"))
    assert found is not None
    return workspace.media.get(found.content)


def batch_loop(asked: dict[str, Any]) -> dict[str, float]:
    """Images a second of `predict` to the store, loading and taking in left out."""
    from sabbatical.core.progress import Quiet  # noqa: PLC0415 - in this child only
    from sabbatical.stages.predict import actions as predictions  # noqa: PLC0415
    from sabbatical.stages.project import actions as projects  # noqa: PLC0415
    from sabbatical.stages.train import actions as models  # noqa: PLC0415
    from sabbatical.storage.workspace import open_workspace  # noqa: PLC0415

    workspace = open_workspace(load(home=asked["home"]))
    with workspace.database.reading() as session:
        project = projects.get(session, "street")
        model = models.get(session, project, "v2")
    with sb.open(home=asked["home"]) as opened:
        opened.project().ingest(asked["images"])
        came = opened.project().items(source=Path(asked["images"]).name)
        fresh = [item.id for item in islice(came, BATCHED)]
    models.load_model(workspace, model)
    began = time.perf_counter()
    parts = predictions.stream(workspace, project.id, model, fresh, len(fresh), Quiet())
    made = sum(not one.stored for part in parts for one in part)
    return {"batch.rate": made / (time.perf_counter() - began)}


def served(home: Path, images: str, seconds: float) -> dict[str, float]:
    """The server under load, reverted and killed."""
    with Server(load(home=home, port=0), only_serving=True).running() as server:

        def ask(**more: Any) -> dict[str, Any]:
            return child("benchmarks.traffic", json.dumps({"url": server.url, "images": images} | more))

        full = {"clients": 8 * CORES, "seconds": seconds}
        ask(clients=8 * CORES, seconds=WARM_SECONDS)
        kept = ask(**full)
        passing = ask(**full, record=False)
        half = ask(clients=32, seconds=seconds, rate=kept["rate"] / 2)
        found = {
            "http.rate": kept["rate"],
            "http.unrecorded.rate": passing["rate"],
            "recording.ms": (1 / kept["rate"] - 1 / passing["rate"]) * 1000 * CORES,
            **{f"half.{name}.ms": half[name] for name in ("p50", "p95", "p99")},
        }
        failed = kept["failed"] + passing["failed"] + half["failed"]
        found |= {"http.failed.count": failed} | reverted(server, home, images) | killed(server, images)
    return found


def reverted(server: Server, home: Path, images: str) -> dict[str, float]:
    """The champion is moved by another process, so that the server has to notice."""
    asked = Asked(url=server.url, images=images, clients=4, seconds=5.0)
    with sb.open(home=home) as other:
        at, answers = beside(asked, other.project().releases.revert)
    old = [one for one in answers if one.model == "v1"]
    assert {one.model for one in answers if one.ended < at} == {"v2"} and answers[-1].model == "v1"
    failed = sum(one.status != 200 for one in answers)
    return {"revert.s": min(one.ended for one in old) - at, "revert.failed.count": failed}


def killed(server: Server, images: str) -> dict[str, float]:
    asked = Asked(url=server.url, images=images, clients=2, seconds=12.0, patient=True)
    _, answers = beside(asked, lambda: web().send_signal(signal.SIGKILL))
    good = [one for one in answers if one.status == 200]
    ends = np.sort([one.ended for one in good])
    with sb.open(url=server.url) as remote:
        there = {one.id for one in remote.project().online.answers()}
    assert {one.model for one in good} == {"v1"}
    lost = sum(one.id not in there for one in good)
    return {"kill.s": float(np.diff(ends).max()), "kill.lost.count": lost}


def beside(asked: Asked, act: Callable[[], object]) -> tuple[float, list[Answered]]:
    """Act a third into some traffic; when it was, and all answers in the order of their coming."""
    with ThreadPoolExecutor(1) as pool:
        traffic = pool.submit(asked.run)
        time.sleep(asked.seconds / 3)
        at = time.time()
        act()
        return at, sorted(traffic.result(), key=lambda one: one.ended)


def web() -> psutil.Process:
    """The process that answers."""
    return next(one for one in psutil.Process().children() if "sabbatical.api" in one.cmdline())


CHILDREN: dict[str, Callable[[dict[str, Any]], dict[str, float]]] = {"bare": bare_loop, "batch": batch_loop}

if __name__ == "__main__":
    main()
