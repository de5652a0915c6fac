"""A piece of long work: watch it, wait for what it makes, stop it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from sabbatical.core.errors import Broken, Interrupted, from_dict
from sabbatical.schemas import run as schema
from sabbatical.schemas.ingest import Quarantined
from sabbatical.sdk.client import Client, place, request

T = TypeVar("T")
Watcher = Callable[[schema.Run], None]
POLL_SECONDS = (0.05, 0.5)
"""From the first look to the later ones: short work is not waited for, long work is not bothered."""

RESUME_SECONDS = 20.0
"""A run that waits in a long queue looks as if nobody cared; asking more often would not help it."""


class Run(Generic[T]):
    """Work that was asked for. `wait` answers what it makes, such as a `Model`."""

    def __init__(self, client: Client, record: schema.Run, finish: Callable[[schema.Run], T]) -> None:
        self._client = client
        self._finish = finish
        self.record = record

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.record.kind} {self.record.state} {self.record.fraction:.0%}>"

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def state(self) -> schema.RunState:
        return self.record.state

    def refresh(self) -> schema.Run:
        """How far it is now."""
        self.record = schema.Run.model_validate(self._client.get(place("runs", self.id)))
        return self.record

    def wait(self, progress: Watcher | None = None) -> T:
        """Wait for its end; `progress` is called with the run's record whenever it was looked at.

        A run whose process died is resumed.

        Raises:
            Interrupted: it was cancelled.
            SabbaticalError: why it failed.
        """
        pause, longest = POLL_SECONDS
        resumed_at = -math.inf
        while True:
            if progress is not None:
                progress(self.record)
            if self.record.ended:
                return self.result()
            if self.record.stalled and time.monotonic() - resumed_at > RESUME_SECONDS:
                resumed_at = time.monotonic()
                self.resume()
            time.sleep(pause)
            pause = min(pause * 1.5, longest)
            self.refresh()

    def result(self) -> T:
        """What it made; raises as `wait` does."""
        if self.record.state == "done":
            return self._finish(self.record)
        if self.record.state == "cancelled":
            how = self.record.message.rstrip(".")
            how = f"c{how[1:]}" if how.startswith("Cancelled") else f"cancelled: {how}"
            raise Interrupted(
                f"The {self.record.kind} was {how}.", hint="Run the same command again to go on where it stopped."
            )
        if self.record.error is None:
            raise Broken(f"Run {self.id} is {self.record.state} and has no result.")
        raise from_dict(self.record.error)

    def cancel(self, **said: Any) -> schema.Run:
        """Ask it to stop; it saves what it has. `said`: why, actor."""
        return self._change("cancel", request(schema.CancelRequest, **said))

    def resume(self) -> schema.Run:
        """Go on with it if nobody is at work on it."""
        return self._change("resume")

    def quarantine(self) -> Iterator[Quarantined]:
        """What it could not take, with the reason of each."""
        return self._client.pages(Quarantined, place("runs", self.id, "quarantine"))

    def _change(self, verb: str, asked: schema.CancelRequest | None = None) -> schema.Run:
        self.record = schema.Run.model_validate(self._client.post(place("runs", self.id, verb), asked))
        return self.record


def plain(record: schema.Run) -> dict[str, Any]:
    """The result of a run of any kind, as it is recorded."""
    return record.result or {}
