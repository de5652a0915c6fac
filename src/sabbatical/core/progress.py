"""How long work tells how far it is, and learns that it should stop."""

from __future__ import annotations

from typing import Any, Protocol

from sabbatical.core.errors import Interrupted


class Progress(Protocol):
    """Given to every piece of work that may take longer than a second."""

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        """Record how far the work is (`fraction` in 0..1) and what it does, in words; `numbers` feed live curves."""

    def stopping(self) -> bool:
        """Whether somebody asked the work to end; it should then save its state and call `check`."""


def check(progress: Progress) -> None:
    """End the work here if it was asked to.

    Raises:
        Interrupted: the work was cancelled; what is finished so far is kept.
    """
    if progress.stopping():
        raise Interrupted("It was cancelled.", hint="Run the same command again to go on where it stopped.")


class Quiet:
    """Progress that nobody watches."""

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        return None

    def stopping(self) -> bool:
        return False


class Part:
    """A span of a larger piece of work: its 0..1 is shown as `start`..`end` of the whole."""

    def __init__(self, whole: Progress, start: float, end: float) -> None:
        self.whole = whole
        self.start = start
        self.end = end

    def tell(self, fraction: float, message: str, **numbers: Any) -> None:
        self.whole.tell(self.start + (self.end - self.start) * fraction, message, **numbers)

    def stopping(self) -> bool:
        return self.whole.stopping()
