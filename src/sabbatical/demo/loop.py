"""The second half of the demo: the model is released and serves, the stream turns dark, the loop mends it by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sabbatical.core.errors import NotReady
from sabbatical.demo.gain import Gain
from sabbatical.demo.play import Contest
from sabbatical.demo.served import joined
from sabbatical.demo.telling import Teller
from sabbatical.schemas import run as run_schema
from sabbatical.schemas.autopilot import Turn
from sabbatical.schemas.release import Decision
from sabbatical.sdk.drift import Drift
from sabbatical.sdk.evaluation import Evaluation
from sabbatical.sdk.issues import Issue
from sabbatical.sdk.releases import Release
from sabbatical.sdk.serving import Server
from sabbatical.sim.labelers import Labeler, Work, frame_truth
from sabbatical.sim.traffic import Sight, Stream, Traffic, sights
from sabbatical.sim.workforce import Workforce
from sabbatical.sim.world import AURORA, BASALT, COBALT, DAY, NIGHT_RAIN, HumanError

CUSTOMERS = (AURORA, BASALT, COBALT)
DAY_SEED, DARK_SEED, LATER_SEED = 1007, 1307, 1607
DAY_SCENES = 50  # of each customer, a frame each
DARK_SCENES = 52
ENOUGH = 1000  # scenes that the background stream may need
AT_ONCE = 20  # requests between two looks at a release
TASKS = 180
STEPS = 260  # of the second training, on both cores
PACE = 1.0  # seconds between requests while the loop does not wait for traffic
RULES: dict[str, Any] = {
    "stages": [
        {"stage": "shadow", "requests": 30},
        {"stage": "canary", "share": 0.3, "requests": 20},
        {"stage": "full", "requests": 0},
    ],
    "judge": {"taxonomies": ["truth"]},
}
POLICY: dict[str, Any] = {
    "watch": {"window": 150, "reference": 150},
    "label": {"tasks_a_turn": TASKS, "tasks_a_week": 500, "wait": "10m"},
    "train": {"start": "champion"},
    "release": RULES,
}
"""What the loop may do in the demo: everything, at a pace that a person can watch."""


@dataclass(frozen=True)
class Turned:
    """How the second half went. `second` is the report of the new model against the champion.

    There is no release and no second report where the loop had nothing to learn, or did not come so far.
    """

    first: Release
    drift: Drift
    issues: list[Issue]
    works: list[Work]
    traffic: Traffic
    turn: Turn
    release: Release | None
    second: Evaluation | None
    decisions: list[Decision] = field(default_factory=list)

    @property
    def gain(self) -> Gain | None:
        """What the second model gained on the first; None where there is none to compare."""
        comparison = self.second.report.comparison if self.second else None
        if self.release is None or comparison is None:
            return None
        return Gain.of(self.release.record.model, comparison, promoted=self.turn.outcome == "promoted")


def turn_over(contest: Contest, server: Server, teller: Teller) -> Turned:
    """Release the chosen model, serve a day and a night, and let the loop do a turn by itself.

    Raises:
        NotReady: the chosen model did not pass its gates.
    """
    project = contest.taken.project
    traffic = Traffic(project)
    first = _release(contest, traffic, teller)
    _serve(traffic, teller)
    turn, works = _turn(contest, server, traffic, teller)
    newest = project.releases.find()
    release = newest if newest.name != first.name else None
    evaluation = release.record.evaluation if release else None
    return Turned(
        first=first,
        drift=project.find_drift(),
        issues=list(project.issues()),
        works=works,
        traffic=traffic,
        turn=turn,
        release=release,
        second=project.evaluation(evaluation) if evaluation else None,
        decisions=list(project.releases.decisions())[::-1],
    )


def _release(contest: Contest, traffic: Traffic, teller: Teller) -> Release:
    """The naive model answers already; the masked one takes its place through shadow and canary."""
    naive, masked = contest.models
    releases = contest.taken.project.releases
    with teller.step("Release", "Gates judge it; then shadow, canary, full, each a decision that is kept.") as told:
        _through(releases.propose(naive.name, rules=RULES, progress=teller.watch), traffic, iter(()), teller)
        release = releases.propose(masked.name, rules=RULES, progress=teller.watch)
        _through(release, traffic, sights(DAY_SEED, ENOUGH, 1, DAY, CUSTOMERS), teller)
        gates = release.record.gates
        passed = sum(one.verdict == "passed" for one in gates)
        told.summary = (
            f"{release.name}: {masked.name} passed {passed} of {len(gates)} gates against {naive.name}, and answers "
            f"everything after {traffic.sent} requests."
        )
    return release


def _through(release: Release, traffic: Traffic, seen: Iterator[Sight], teller: Teller) -> None:
    """Send what is seen and take the release on, until it answers everything."""
    while release.record.under_way:
        if release.stage == "gate":
            said = " ".join(one.reason for one in release.record.gates if one.verdict != "passed")
            raise NotReady(f"{release.record.model} did not pass its gates. {said}")
        shown = release.traffic()
        if shown.ready:
            release.advance(why="Traffic showed enough.", actor="demo")
            continue
        for sight in islice(seen, AT_ONCE):
            traffic.send(sight)
        teller.voice.progress(0.5, f"{release.stage}: {traffic.sent} requests answered")
    if release.stage != "full":
        said = " ".join(one.reason for one in release.record.gates if one.verdict == "failed")
        raise NotReady(f"{release.record.model} was not released: {release.stage}. {said}")


def _serve(traffic: Traffic, teller: Teller) -> None:
    """A day of traffic, then a night of rain."""
    with teller.step("Serve", "Every answer is kept; by day first, then night falls and it rains.") as told:
        unsure = []
        for seed, scenes, mix in ((DAY_SEED + 50, DAY_SCENES, DAY), (DARK_SEED, DARK_SCENES, NIGHT_RAIN)):
            sent, doubts = traffic.sent, traffic.unsure
            for sight in sights(seed, scenes, 1, mix, CUSTOMERS):
                traffic.send(sight)
                part = (traffic.sent - sent) / (scenes * len(CUSTOMERS))
                teller.voice.progress(part, f"{mix.name}: {traffic.sent - sent} requests answered")
            unsure.append((traffic.unsure - doubts) / (traffic.sent - sent))
        told.summary = (
            f"{traffic.sent} requests in all. Not sure, so that a person is asked: {unsure[0]:.0%} of the answers by "
            f"day, {unsure[1]:.0%} by night and in rain; {traffic.reported} complaints."
        )


def _turn(contest: Contest, server: Server, traffic: Traffic, teller: Teller) -> tuple[Turn, list[Work]]:
    """`sabbatical autopilot once`, while labelers and traffic go on as they would."""
    ready, project = contest.taken.ready, contest.taken.project
    settings = {"taxonomies": ready.learners, "settings": {"threads": None, "steps": STEPS}}
    with teller.step("Turn", "`sabbatical autopilot once`: watch, mine, label, train, judge, release.") as told:
        project.autopilot.set_policy(POLICY | {"train": POLICY["train"] | settings}, author="demo")
        run = project.autopilot.start_once(author="demo")
        with _world(project.name, server, traffic) as (stream, workforce):

            def watch(record: run_schema.Run) -> None:
                stream.pause = 0.02 if record.message.startswith(("shadow", "canary")) else PACE
                teller.watch(record)

            turn = run.wait(watch)
        told.summary = f"{turn.message} {turn.todo}".strip()
    return turn, workforce.done


@contextmanager
def _world(project: str, server: Server, traffic: Traffic) -> Iterator[tuple[Stream, Workforce]]:
    """Cameras that go on sending, and three labelers who wait for work, each with a connection of their own."""
    with joined(server) as cameras, joined(server) as desk:
        traffic.project = cameras.project(project)
        at_work = desk.project(project)
        truth = frame_truth(lambda item: traffic.seen[item.id].frame)
        people = [
            Labeler(at_work, truth, f"labeler {number + 1} (simulated)", HumanError(seed=100 + number))
            for number in range(3)
        ]
        stream = Stream(traffic, sights(LATER_SEED, ENOUGH, 1, NIGHT_RAIN, CUSTOMERS), PACE)
        workforce = Workforce(at_work, people)
        stream.start()
        workforce.start()
        try:
            yield stream, workforce
        finally:
            workforce.close()
            stream.close()
