"""The worker of the product with two more kinds of run: a nap, whose every tick leaves a line in a file, and a journey,
which is a flow of every kind of step.

Run as `python -m tests.durable.napping run|serve ...`, it is the real worker, and starts children of its own kind.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from sabbatical import worker
from sabbatical.core.errors import BadInput, Unavailable
from sabbatical.core.progress import check
from sabbatical.durable import children, runs
from sabbatical.durable.flow import Flow, Look, flow
from sabbatical.durable.steps import Step, step
from sabbatical.storage.tables import PolicyRow, RunRow


@step("nap")
def nap(step: Step) -> dict[str, Any]:
    """Tick `ticks` times every 20 ms, going on where a former process stopped; perhaps die or fail at a tick."""
    bed = step.params.get("fails_until")
    if bed and not (step.workspace.home / bed).exists():
        raise BadInput("It cannot sleep.", where="the bed")
    if "away" in step.params:
        _knock(step.workspace.home / "away.txt", step.params["away"])
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
    hoard: list[bytes] = []
    while len(hoard) < step.params.get("megabytes", 0):
        hoard.append(os.urandom(1 << 20))
    return {"ticks": ticks, "hoard": len(hoard)}


def _knock(file: Path, times: int) -> None:
    """Nobody is in for so many times."""
    with file.open("a") as handle:
        handle.write("x")
    if len(file.read_text()) <= times:
        raise Unavailable("Nobody is in.")


def leave(name: str, flow: Flow, session: Session) -> dict[str, Any]:
    """Leave a row in the database, as what must not happen twice."""
    values = {"verb": "on", "enabled": True, "document": {}, "author": name, "created_at": flow.now()}
    session.add(PolicyRow(project_id=flow.project_id, **values))
    return {"message": f"Left a row at {name}"}


def _off(session: Session, row: RunRow) -> str | None:
    return "The way is closed." if row.params.get("closed") else None


@flow("journey", stop_rule=_off, plan=("leave", "sleep", "knock", "arrive"))
def journey(flow: Flow) -> dict[str, Any]:
    """Leave, sleep, wait for a file, arrive."""
    door = flow.workspace.home / "door"

    def ask(session: Session) -> RunRow:
        asked = {"project_id": flow.project_id, "kind": "nap", "params": flow.params["nap"]}
        return runs.ask(session, now=flow.now(), key=flow.key("sleep"), **asked)

    def look(_session: Session) -> Look:
        return Look("It is open", {"open": True}) if door.exists() else Look("Knocking at the door")

    flow.do("leave", lambda session: leave("leave", flow, session))
    slept = flow.run("sleep", ask)
    waited = flow.wait("knock", look, at_most=timedelta(seconds=flow.params.get("patience", 60)))
    flow.do("arrive", lambda session: leave("arrive", flow, session))
    return {"ticks": slept["ticks"], "waited": waited, "message": "Arrived"}


def main(arguments: list[str]) -> int:
    if arguments[0] == "serve":
        Path(os.environ["SABBATICAL_HOME"], "worker.pid").write_text(str(os.getpid()))
    children.MODULE = "tests.durable.napping"
    return worker.main(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
