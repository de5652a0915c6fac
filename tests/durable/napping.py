"""The worker of the product with one more kind of run: a nap, whose every tick leaves a line in a file.

Run as `python -m tests.durable.napping run|serve ...`, it is the real worker, and starts children of its own kind.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any

from sabbatical import worker
from sabbatical.core.errors import BadInput
from sabbatical.core.progress import check
from sabbatical.durable import children
from sabbatical.durable.steps import Step, step


@step("nap")
def nap(step: Step) -> dict[str, Any]:
    """Tick `ticks` times every 20 ms, going on where a former process stopped; perhaps die or fail at a tick."""
    file = step.folder / "ticks.txt"
    ticks = step.params["ticks"]
    while (tick := len(file.read_text().split()) if file.exists() else 0) < ticks:
        if not step.params.get("deaf"):
            check(step.progress)
        with file.open("a") as handle:
            handle.write(f"{os.getpid()}\n")
        step.progress.tell(tick / ticks, f"Tick {tick}", tick=tick)
        if tick in step.params.get("dies_at", ()):
            os.kill(os.getpid(), signal.SIGKILL)
        if tick == step.params.get("fails_at"):
            raise BadInput("It cannot sleep.", where="the bed")
        time.sleep(0.02)
    return {"ticks": ticks}


if __name__ == "__main__":
    children.MODULE = __spec__.name
    sys.exit(worker.main(sys.argv[1:]))
