"""How fast the built-in world is drawn: frames of 320 x 192 with full truth a second on one core.

    python -m benchmarks.world [--frames 400] [--runs 5]

A scene's backdrop is painted once, so the frames a scene matter: 1, 4 (as the demo streams them) and 8 are measured,
over every weather and time of day. Each run is a process of its own with one thread. `cpu` counts processor time only,
and so leaves out what other programs on the machine took.
"""

from __future__ import annotations

import argparse
import json
import time

from benchmarks.measuring import child, peak_mb, publish, row
from sabbatical.sim.world import EVERYTHING, stream

FRAMES_A_SCENE = (1, 4, 8)
GOOD = 200


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--frames", type=int, default=400)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--child", type=int, metavar="FRAMES_A_SCENE", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.child:
        print(json.dumps(one_run(asked.frames, asked.child)))
        return
    rows = []
    for count in FRAMES_A_SCENE:
        runs = [
            child("benchmarks.world", "--child", str(count), "--frames", str(asked.frames)) for _ in range(asked.runs)
        ]
        facts = {"frames_a_scene": count, "good": GOOD, "things_a_frame": round(runs[0]["things"] / asked.frames, 2)}
        rows.append(row("frames a second, cpu", "1/s", [run["cpu"] for run in runs], **facts))
        rows.append(row("frames a second, wall", "1/s", [run["wall"] for run in runs], **facts))
        rows.append(row("memory at its peak", "MB", [run["peak_mb"] for run in runs], frames_a_scene=count))
    publish("world", rows)


def one_run(frames: int, frames_a_scene: int) -> dict[str, float]:
    """Draw `frames` frames; a few before the clock starts fill the caches that a process fills once."""
    for _ in stream(1, 8, 1, EVERYTHING):
        pass
    things = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for frame in stream(2, frames // frames_a_scene, frames_a_scene, EVERYTHING):
        things += len(frame.things)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return {"wall": frames / wall, "cpu": frames / cpu, "things": things, "peak_mb": peak_mb()}


if __name__ == "__main__":
    main()
