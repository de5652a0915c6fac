"""Wait for a run with its progress on stderr; Ctrl-C stops it and says how to go on."""

from __future__ import annotations

import contextlib
import math
import time
from typing import TYPE_CHECKING, TypeVar

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from sabbatical.cli.output import err
from sabbatical.core.errors import Interrupted

if TYPE_CHECKING:
    from sabbatical.schemas import run as schema
    from sabbatical.sdk.run import Run

T = TypeVar("T")
STOP_SECONDS = 30.0
QUIET_SECONDS = 5.0
UNTIMED = ("turn",)
"""Kinds of runs that wait for people: their pace tells nothing of the time that is left."""
LEAST_DONE = 0.01  # of the whole, before a time left is said


def wait(run: Run[T]) -> T:
    """What the run makes.

    Raises:
        Interrupted: it was cancelled, here or elsewhere.
        SabbaticalError: why it failed.
    """
    try:
        return _shown(run) if err.is_terminal else run.wait(Lines())
    except KeyboardInterrupt:
        state = _stop(run)
        again = "; the same command begins a new one" if run.record.kind in UNTIMED else ", or with the same command"
        raise Interrupted(
            f"The {run.record.kind} was interrupted and is {state}; what it has finished is kept.",
            where=f"run {run.id}",
            hint=f"Go on with `sabbatical run resume {run.id}`{again}.",
        ) from None


def _shown(run: Run[T]) -> T:
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), TextColumn("{task.percentage:>3.0f}%"))
    left = () if run.record.kind in UNTIMED else (TimeRemainingColumn(),)
    with Progress(*columns, *left, console=err, transient=True) as bar:
        task = bar.add_task(run.record.message, total=1.0)

        def show(record: schema.Run) -> None:
            bar.update(task, completed=record.fraction, description=record.message[:44])

        return run.wait(show)


class Lines:
    """Progress as lines with the time left, for what is no terminal, such as the log of a build; not too often."""

    def __init__(self) -> None:
        self._said = ("", 0.0)
        self._at = -math.inf
        self._seen = 0.0
        self._began: tuple[float, float] | None = None

    def __call__(self, record: schema.Run) -> None:
        if record.error is None:  # what a run made, or why it failed, is told by who waits
            message = "Done" if record.ended else record.message
            timed = record.kind not in UNTIMED
            self.say(record.kind, record.fraction, message, ended=record.ended, timed=timed)

    def say(self, what: str, fraction: float, message: str, *, ended: bool = False, timed: bool = True) -> None:
        """How far something is, unless a line was said a moment ago; the pace begins anew where it falls back."""
        now = time.monotonic()
        if self._began is None or fraction < self._seen:
            self._began = (now, fraction)
        self._seen = fraction
        if (message, fraction) == self._said or (now - self._at < QUIET_SECONDS and not ended):
            return
        self._said, self._at = (message, fraction), now
        left = self._left(now, fraction) if timed else ""
        err.print(f"{what} {fraction:4.0%}  {message}{left}", markup=False, soft_wrap=True)

    def _left(self, now: float, fraction: float) -> str:
        """How long it will still take if it goes on as since the first look; nothing before there is a pace."""
        began, first = self._began or (now, fraction)
        if fraction >= 1 or fraction - first < LEAST_DONE or now - began < QUIET_SECONDS:
            return ""
        seconds = (now - began) / (fraction - first) * (1 - fraction)
        return f", about {seconds / 60:.0f} min left" if seconds > 90 else f", about {seconds:.0f} s left"


def _stop(run: Run[T]) -> str:
    """Ask a run to stop and see it end; a second Ctrl-C does not wait."""
    err.print("Stopping; what is finished is kept. Ctrl-C again to leave at once.")
    with contextlib.suppress(KeyboardInterrupt):
        run.cancel(why="Ctrl-C at a command line")
        end = time.monotonic() + STOP_SECONDS
        while not run.record.ended and time.monotonic() < end:
            time.sleep(0.1)
            run.refresh()
    return run.state
