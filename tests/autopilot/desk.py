"""A help desk of short texts: what its model knows, what comes at night and is new to it, and people who label it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson

import sabbatical as sb
from sabbatical.core.errors import SabbaticalError
from sabbatical.schemas.label import Shape
from sabbatical.sdk.project import Project
from sabbatical.sdk.workspace import Workspace

SUPER = {"super-taxonomy": "desk", "version": 1, "classes": {"money": {}, "travel": {}, "doors": {}}}
DESK = {
    "taxonomy": "desk-a",
    "version": 1,
    "super-taxonomy": "desk",
    "labels": {"Money": "money", "Travel": "travel", "Doors": "doors"},
}
DAY = {
    "money": ["invoice", "salary", "refund", "account", "payment", "bonus", "expense", "receipt"],
    "travel": ["train", "hotel", "flight", "ticket", "taxi", "luggage", "airport", "booking"],
    "doors": ["badge", "lock", "gate", "key", "entrance", "reception", "visitor", "turnstile"],
}
NIGHT = {
    "money": ["payroll", "pension", "overtime", "allowance", "stipend", "wages"],
    "travel": ["shuttle", "carpool", "sleeper", "ferry", "tram", "scooter"],
    "doors": ["alarm", "padlock", "shutter", "barrier", "hatch", "latch"],
}
CHATTER = ["please", "could", "you", "help", "with", "the", "again", "today", "thanks", "hello", "our", "quick", "asap"]
TOPICS = tuple(DAY)
BUSY = 503
POLICY: dict[str, Any] = {
    "watch": {"window": 60, "reference": 60},
    "label": {"tasks_a_turn": 40, "wait": "30m"},
    "train": {"recipe": "linear"},
    "release": {
        "gates": [
            {"gate": "items", "at_least": 10},
            {"gate": "overall", "lose_at_most": 0.05},
            {"gate": "size", "at_most_mb": 50},
        ],
        "stages": [
            {"stage": "shadow", "requests": 4, "wait": "30m", "slower_at_most": 1000},
            {"stage": "canary", "share": 0.5, "requests": 4, "wait": "30m", "slower_at_most": 1000},
            {"stage": "full", "requests": 0},
        ],
    },
}


@dataclass(frozen=True)
class Letter:
    text: str
    topic: str
    time: str


def letters(count: int, time: str, seed: int) -> list[Letter]:
    """Short texts about the topics by turns; by night in words that no day knows."""
    dice = random.Random(seed)
    words = DAY if time == "day" else NIGHT
    made = []
    for number in range(count):
        topic = TOPICS[number % len(TOPICS)]
        told = [*dice.sample(words[topic], 2), *dice.sample(CHATTER, 4)]
        dice.shuffle(told)
        made.append(Letter(f"{' '.join(told)} {number}", topic, time))
    return made


TRUTH = {one.text: one.topic for time in ("day", "night") for seed in (1, 2, 3) for one in letters(200, time, seed)}


def take_in(workspace: Workspace, folder: Path) -> Project:
    """A project whose letters of the day are labeled, with a policy."""
    lines = [orjson.dumps({"text": one.text, "label": one.topic.title()}) for one in letters(160, "day", 1)]
    (folder / "day.jsonl").write_bytes(b"\n".join(lines))
    project = workspace.create_project("desk", "text", test_share=0.3, salt="desk")
    for document in (SUPER, DESK):
        project.taxonomy_add(document)
    project.ingest(folder / "day.jsonl", taxonomy="desk-a", customer="desk-a")
    project.autopilot.set_policy(POLICY)
    return project


def build(home: Path, folder: Path) -> None:
    """A workspace whose first model, which learned from letters of the day, has answered by day and by night."""
    with sb.open(home=home) as workspace:
        project = take_in(workspace, folder)
        project.snapshot()
        project.train("linear")
        project.releases.propose()
        with asking(workspace) as ask:
            for one in [*letters(60, "day", 2), *letters(60, "night", 2)]:
                answer = ask(one)
                if answer["found"][0]["label"] != one.topic:
                    say_wrong(workspace, answer["id"])


Ask = Callable[[Letter], dict[str, Any]]


@contextmanager
def asking(workspace: Workspace) -> Iterator[Ask]:
    """Asks the model that is released, as a user of it would."""
    http: httpx.Client = workspace._client._http

    def ask(letter: Letter) -> dict[str, Any]:
        asked = {"text": letter.text, "attributes": {"time": letter.time}, "customer": "desk-a", "unit": letter.text}
        end = time.monotonic() + 120
        while (answer := http.post("/v1/projects/desk/predict", json=asked)).status_code == BUSY:
            assert time.monotonic() < end, answer.text  # a model that is still being loaded, on a busy machine
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    yield ask


def say_wrong(workspace: Workspace, prediction: str) -> None:
    asked = {"prediction": prediction, "verdict": "wrong", "key": prediction}
    answer = workspace._client._http.post("/v1/projects/desk/feedback", json=asked)
    assert answer.status_code < 300, answer.text


def label(project: Project, most: int | None = None) -> int:
    """Label open tasks as they should be, in their order; answers how many."""
    done = 0
    for campaign in project.campaigns():
        for task in project.tasks(campaign.name, "open"):
            if most is not None and done >= most:
                return done
            text = project.item(task.item).text or ""
            shapes = [Shape(label=TRUTH[text].title())]
            once = {"key": f"{campaign.name}:{task.item}", "author_kind": "person"}
            project.revise(task.item, campaign.taxonomy, shapes, "anna (simulated)", **once)
            done += 1
    return done


@contextmanager
def life(workspace: Workspace, *, labels: bool = True, traffic: bool = True) -> Iterator[None]:
    """While it lasts, people label what is ordered, and ask the model while a release is on its way."""
    over = threading.Event()
    letters_of_now = [*letters(30, "day", 3), *letters(30, "night", 3)]

    def live() -> None:
        number = 0
        with asking(workspace) as ask:
            while not over.wait(0.4):
                with suppress(SabbaticalError, httpx.TransportError):
                    project = workspace.project()
                    if labels:
                        label(project)
                    release = project.releases.current() if traffic else None
                    if release is not None and release.stage != "gate":
                        for _ in range(4):
                            ask(letters_of_now[number % len(letters_of_now)])
                            number += 1

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
