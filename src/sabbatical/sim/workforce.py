"""Labelers who are there all day: they look for campaigns with open tasks, and do them."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from sabbatical.core.errors import Unavailable
from sabbatical.sdk.project import Project
from sabbatical.sim.labelers import Labeler, Work

LOOK_SECONDS = 0.5


class Workforce(threading.Thread):
    """Works in the background until it is closed; `done` is what was labeled so far, in order.

    Labelers take turns by the number of the task. A server that restarts is asked again.
    """

    def __init__(self, project: Project, labelers: Sequence[Labeler]) -> None:
        super().__init__(name="labelers", daemon=True)
        self.done: list[Work] = []
        self.error: BaseException | None = None
        self._project, self._labelers = project, labelers
        self._ended = threading.Event()

    def run(self) -> None:
        try:
            while not self._ended.wait(LOOK_SECONDS):
                self._look()
        except BaseException as error:  # told to whoever closes it
            self.error = error

    def close(self) -> None:
        """Let them go home. Raises what went wrong."""
        self._ended.set()
        self.join()
        if self.error is not None:
            raise self.error

    def _look(self) -> None:
        try:
            for campaign in self._project.campaigns():
                if campaign.tasks.get("open"):
                    self._work(campaign.name)
        except Unavailable:
            return

    def _work(self, campaign: str) -> None:
        for place, labeler in enumerate(self._labelers):
            for work in labeler.work(campaign, share=(place, len(self._labelers))):
                self.done.append(work)
                if self._ended.is_set():
                    return
