"""A turn that is killed with signal 9 at every point of every step ends as one that was never killed.

The tests of a point stand in the order of the turn and go on from one another: each starts a worker that dies at its
point, the next one goes on where that stood. The last lets the turn end.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import sabbatical as sb
from sabbatical.core.settings import load
from sabbatical.schemas.autopilot import Turn
from sabbatical.sdk.serving import Server
from sabbatical.storage.workspace import open_workspace
from tests.autopilot import desk
from tests.autopilot.conftest import Office, made, open_office

RUNS = ("monitor", "mine", "snapshot", "train", "propose")
STEPS = (
    *("begin", "monitor", "mine", "order", "labels", "snapshot", "news", "train", "propose"),
    *("shadow", "leave-shadow", "canary", "leave-canary", "end"),
)
# Before a step all stands as the step before it has left it, so that only the first is killed there.
POINTS = [
    f"{name}.{when}"
    for name in STEPS
    for when in ("before", "during", "after")
    if when == "after" or name in {"before": STEPS[:1], "during": RUNS}[when]
]
pytestmark = pytest.mark.timeout(900)


@dataclass
class Peaceful:
    """A turn that nobody killed, played over HTTP by a server of two processes, and what it made."""

    turn: Turn
    made: dict[str, Any]


@pytest.fixture(scope="module")
def peaceful(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peaceful]:
    with ExitStack() as ends:
        home = open_office(built, tmp_path_factory.mktemp("peaceful"), ends).home
        server = ends.enter_context(Server(load(home=home, port=0)).running())
        with sb.open(url=server.url) as client, desk.life(client):
            turn = client.project().autopilot.once()
        workspace = open_workspace(load(home=home))
        ends.callback(workspace.close)
        yield Peaceful(turn, made(workspace))


@pytest.fixture(scope="module")
def killed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, str]]:
    """The turn that is killed again and again, while people label and ask."""
    with ExitStack() as ends:
        office = open_office(built, tmp_path_factory.mktemp("killed"), ends)
        ends.enter_context(desk.life(office.client))
        yield office, office.ask()


def test_a_turn_goes_through_all_steps_and_promotes_its_model(peaceful: Peaceful) -> None:
    turn = peaceful.turn
    assert (turn.state, turn.outcome) == ("done", "promoted")
    assert tuple(step.name for step in turn.steps) == STEPS
    assert {step.state for step in turn.steps} == {"done"}
    assert peaceful.made["aliases"] == {"champion": "v2"}
    assert [issue[2] for issue in peaceful.made["issues"]] == ["resolved"] * len(peaceful.made["issues"])
    assert any("night" in issue[1] for issue in peaceful.made["issues"])


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_this_point_it_goes_on(killed: tuple[Office, str], point: str) -> None:
    office, turn = killed
    assert office.work(f"turn.{point}").wait(600) == -signal.SIGKILL
    name, when = point.split(".")
    there = office.steps(turn).get(name)
    assert there == {"before": None, "during": "running", "after": "done"}[when]


def test_in_the_end_it_is_as_if_nobody_had_killed_it(killed: tuple[Office, str], peaceful: Peaceful) -> None:
    office, turn = killed
    office.work()
    row = office.ended(turn)
    assert row.result is not None, row.error
    assert row.result["outcome"] == "promoted"
    assert office.made() == peaceful.made


def test_killed_as_the_command_starts_it_a_turn_goes_on_in_the_next_interpreter(office: Office) -> None:
    office.policy(label={"wait": "1s", "tasks_a_turn": 10})
    turn = office.ask()

    def serve(fault: str | None) -> subprocess.Popen[bytes]:
        given = load(home=office.home, fault=fault).environment()
        process = subprocess.Popen([sys.executable, "-m", "sabbatical.worker", "serve"], env=given)
        office.ends.callback(process.wait)
        office.ends.callback(process.kill)
        return process

    assert serve("turn.order.after").wait(300) == -signal.SIGKILL
    assert (office.row(turn).state, office.steps(turn)["order"]) == ("running", "done")
    serve(None)
    row = office.ended(turn)
    assert row.result is not None, row.error
    assert row.result["outcome"] == "no_labels"
    assert set(office.steps(turn).values()) == {"done"}
    made = office.made()
    assert [len(tasks) for _, _, tasks in made["campaigns"]] == [10]
    kinds = [(kind, state, many) for kind, state, many in made["runs"] if kind in ("turn", "monitor", "mine")]
    assert kinds == [(kind, "done", 1) for kind in ("mine", "monitor", "turn")]
