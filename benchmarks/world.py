"""How fast the built-in world is drawn: frames of 320 x 192 with full truth a second on one core.

    python -m benchmarks.world [--frames 400] [--runs 5]

A scene's backdrop is painted once, so the frames a scene matter: 1, 4 and 8 are measured, over every weather and time
of day, and 4 also over `DAY`, where a project begins. Each run is a process of its own with one thread. `cpu` counts
processor time only, and so leaves out what other programs on the machine took.
"""

from __future__ import annotations

import argparse
import json
import time

from benchmarks.measuring import child, peak_mb, publish, row
from sabbatical.sim.world import DAY, EVERYTHING, Mix, stream

MIXES = {mix.name: mix for mix in (EVERYTHING, DAY)}
MEASURED = ((EVERYTHING, 1), (EVERYTHING, 4), (EVERYTHING, 8), (DAY, 4))
GOOD = 200


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--frames", type=int, default=400)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--child", nargs=2, metavar=("MIX", "FRAMES_A_SCENE"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        print(json.dumps(one_run(MIXES[asked.child[0]], asked.frames, int(asked.child[1]))))
        return
    rows = []
    for mix, count in MEASURED:
        arguments = ("--child", mix.name, str(count), "--frames", str(asked.frames))
        runs = [child("benchmarks.world", *arguments) for _ in range(asked.runs)]
        facts = {"mix": mix.name, "frames_a_scene": count}
        things = round(runs[0]["things"] / asked.frames, 2)
        rows.append(row("frames, cpu", "1/s", [run["cpu"] for run in runs], **facts, good=GOOD, things_a_frame=things))
        rows.append(row("frames, wall", "1/s", [run["wall"] for run in runs], **facts, good=GOOD))
        rows.append(row("memory at its peak", "MB", [run["peak_mb"] for run in runs], **facts))
    publish("world", rows)


def one_run(mix: Mix, frames: int, frames_a_scene: int) -> dict[str, float]:
    """Draw `frames` frames; a few before the clock starts fill the caches that a process fills once."""
    for _ in stream(1, 8, 1, mix):
        pass
    things = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for frame in stream(2, frames // frames_a_scene, frames_a_scene, mix):
        things += len(frame.things)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": frames / wall, "cpu": frames / cpu, "things": things, "peak_mb": peak_mb()}


if __name__ == "__main__":
    main()
