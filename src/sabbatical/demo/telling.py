"""How the demo tells what it does: a step with its progress, what came of it, and how long it took."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from sabbatical.schemas import run as schema
from sabbatical.sdk.run import Run

T = TypeVar("T")
LOOK_SECONDS = 0.3


@dataclass
class Told:
    """One step as it was told."""

    name: str
    seconds: float = 0.0
    summary: str = ""


class Voice(Protocol):
    """Where the telling goes: a terminal, or nowhere."""

    def begin(self, number: int, name: str, why: str) -> None: ...

    def progress(self, fraction: float, message: str, kind: str = "") -> None:
        """`kind`: of the run, where it is one."""

    def end(self, told: Told) -> None: ...


class Silent:
    """Nobody listens."""

    def begin(self, number: int, name: str, why: str) -> None:
        return None

    def progress(self, fraction: float, message: str, kind: str = "") -> None:
        return None

    def end(self, told: Told) -> None:
        return None


@dataclass
class Teller:
    """Keeps what was told, in order."""

    voice: Voice
    steps: list[Told] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, why: str) -> Iterator[Told]:
        """A step of the demo; its body fills in the summary."""
        told = Told(name)
        self.steps.append(told)
        self.voice.begin(len(self.steps), name, why)
        began = time.perf_counter()
        yield told
        told.seconds = round(time.perf_counter() - began, 1)
        self.voice.end(told)

    def watch(self, record: schema.Run) -> None:
        """Progress of one run."""
        self.voice.progress(record.fraction, record.message, record.kind)

    def begun(self, run: Run[T]) -> None:
        """Wait until a run is at work."""
        while run.refresh().started_at is None and not run.record.ended:
            time.sleep(LOOK_SECONDS)

    def together(self, runs: Sequence[Run[T]], names: Sequence[str]) -> list[T]:
        """Wait for several runs at once, telling of all of them."""
        while not all(run.record.ended for run in runs):
            time.sleep(LOOK_SECONDS)
            records = [run.refresh() for run in runs]
            fraction = sum(record.fraction for record in records) / len(records)
            said = " | ".join(f"{name}: {record.message}" for name, record in zip(names, records, strict=True))
            self.voice.progress(fraction, said)
        return [run.wait() for run in runs]

    def as_json(self) -> list[dict[str, Any]]:
        return [{"name": told.name, "seconds": told.seconds, "summary": told.summary} for told in self.steps]
