"""The demo's two turns on several splits: what the loop gains where the stream drifted, and how long it takes.

    python -m benchmarks.turns [--salts demo b c]

Each salt splits the scenes otherwise into training and validation, so that other models are trained; a run is a demo
in a process of its own, its server and worker included. Of the second champion against the first, on the same items:
points of mAP at IoU 0.5 by time of day and weather, and the lowest end of their 95 % intervals. `masked` is tree
masking against the naive super-dataset in the first turn. Seconds are by step of the demo, and of the turn.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measuring import child, publish, row

SLICES = ("time_of_day=night", "weather=rain", "time_of_day=day")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--salts", nargs="+", default=["demo", "b", "c"])
    options.add_argument("--child", metavar="SALT", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        print(json.dumps(demo(given.child)))
        return
    runs = [child("benchmarks.turns", "--child", salt) for salt in given.salts]
    facts = {"salts": given.salts, "load": round(os.getloadavg()[0], 1)}
    names = [name for name in runs[0] if all(name in run for run in runs)]
    publish("turns", [row(name, name.rpartition(".")[2], [run[name] for run in runs], **facts) for name in names])


def demo(salt: str) -> dict[str, float]:
    """One demo, as figures."""
    from sabbatical.demo import play  # noqa: PLC0415 - in this child only
    from sabbatical.demo.served import served  # noqa: PLC0415
    from sabbatical.demo.telling import Silent, Teller  # noqa: PLC0415

    play.SALT = salt
    with tempfile.TemporaryDirectory(prefix="bench-turns-") as folder:
        with served(Path(folder) / "home") as (workspace, server):
            outcome, _ = play.play(workspace, server, "world", Path(folder), Teller(Silent()))
        return figures(outcome.as_json())


def figures(document: dict[str, Any]) -> dict[str, float]:
    loop, first = document["loop"], document["turns"][0]
    found = {"demo.s": document["seconds"], "masked.points": first["against"]["difference"] * 100}
    for name in SLICES:
        change = loop["changes"].get(name)
        if change is not None:
            slice_name = name.rpartition("=")[2]
            found[f"{slice_name}.before.points"] = change["before"] * 100
            found[f"{slice_name}.after.points"] = change["after"] * 100
            found[f"{slice_name}.lowest.points"] = change["interval"][0] * 100
    found |= {f"step.{told['name'].lower().replace(' ', '-')}.s": told["seconds"] for told in document["steps"]}
    return found | {f"turn.{name}.s": seconds for name, seconds in loop["seconds"].items()}


if __name__ == "__main__":
    main()
