"""Traffic of the built-in world: cameras that send what they see, and people who complain of what was missed."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

import numpy as np
from PIL import Image

from sabbatical.core.errors import Unavailable
from sabbatical.geometry import pairwise_iou
from sabbatical.schemas.serve import Served
from sabbatical.sdk.project import Project
from sabbatical.sim.world import Customer, Frame, Mix, stream

QUALITY = 90
FOUND_IOU = 0.5


@dataclass(frozen=True, eq=False)
class Sight:
    """What a camera of a customer saw."""

    who: Customer
    frame: Frame

    def jpeg(self) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(self.frame.image_hwc).save(buffer, "JPEG", quality=QUALITY)
        return buffer.getvalue()

    def attributes(self) -> dict[str, str]:
        frame = self.frame
        return {"weather": frame.weather, "time_of_day": frame.time_of_day, "camera": frame.camera.id}


def sights(seed: int, scenes: int, frames: int, mix: Mix, customers: Sequence[Customer]) -> Iterator[Sight]:
    """What the cameras of all customers see, by turns; `scenes` of each, each of `frames` frames."""

    def seen_by(number: int, who: Customer) -> Iterator[Sight]:
        return (Sight(who, frame) for frame in stream(seed + number, scenes, frames, who.mix(mix)))

    streams = [seen_by(number, who) for number, who in enumerate(customers)]
    for together in zip_longest(*streams):
        yield from (sight for sight in together if sight is not None)


@dataclass
class Traffic:
    """Sends what cameras see to the released model, and keeps what was seen and answered under the id of each item.

    Of the answers that miss more than half of what its customer would draw, people report the share `complaints`; the
    same ones for the same seed.
    """

    project: Project
    complaints: float = 0.25
    seed: int = 0
    seen: dict[str, Sight] = field(default_factory=dict)
    answers: dict[str, Served] = field(default_factory=dict)
    sent: int = 0
    unsure: int = 0
    reported: int = 0
    by_arm: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._dice = np.random.default_rng(self.seed)

    def send(self, sight: Sight) -> Served:
        """One request, answered; perhaps a complaint."""
        frame = sight.frame
        answer = self.project.online.ask(
            sight.jpeg(),
            unit=frame.scene,
            group=frame.scene,
            name=f"{frame.name}.jpg",
            customer=sight.who.name,
            captured_at=frame.captured_at,
            attributes=sight.attributes(),
        )
        self.seen[answer.item], self.answers[answer.item] = sight, answer
        self.sent += 1
        self.unsure += not answer.sure
        self.by_arm[answer.arm] = self.by_arm.get(answer.arm, 0) + 1
        if missed_most(sight, answer) and self._dice.random() < self.complaints and answer.id is not None:
            self.project.online.judge(answer, "wrong", comment="Much of what is there was not found.")
            self.reported += 1
        return answer


def missed_most(sight: Sight, answer: Served) -> bool:
    """Whether the answer has a sure box at fewer than half of the things that the customer would draw."""
    wanted = [thing.box for thing in sight.frame.things if thing.label in sight.who.labels]
    if not wanted:
        return False
    found = np.array([one.box for one in answer.found if one.sure and one.box], float).reshape(-1, 4)
    if not len(found):
        return True
    best_n = pairwise_iou(np.array(wanted, float), found).max(axis=1)
    return bool((best_n >= FOUND_IOU).mean() < 0.5)


class Stream(threading.Thread):
    """Traffic in the background, a request every `pause` seconds, until it is closed or nothing is left to see.

    A server that restarts is asked again; what else goes wrong is in `error`.
    """

    def __init__(self, traffic: Traffic, seen: Iterable[Sight], pause: float = 0.0) -> None:
        super().__init__(name="traffic", daemon=True)
        self.pause = pause
        self.error: BaseException | None = None
        self._traffic, self._seen = traffic, iter(seen)
        self._ended = threading.Event()

    def run(self) -> None:
        try:
            for sight in self._seen:
                if self._ended.wait(self.pause):
                    return
                self._send(sight)
        except BaseException as error:
            self.error = error

    def close(self) -> None:
        """Send no more. Raises what went wrong."""
        self._ended.set()
        self.join()
        if self.error is not None:
            raise self.error

    def _send(self, sight: Sight) -> None:
        try:
            self._traffic.send(sight)
        except Unavailable:
            time.sleep(1.0)
            self._traffic.send(sight)
